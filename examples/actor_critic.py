"""Balance a pole on a cart with an actor-critic: the world in plain Python, the learning step written with GradientTape."""

import math

import numpy as np

import tensorweb as keras
from tensorweb import GradientTape, layers, ops

GAMMA = 0.98
CARTS = 8
STEPS = 20
ROUNDS = 450
LIMIT = 200


class CartPole:
    """A pole on a cart that is pushed left or right: the equations of Barto, Sutton and Anderson (1983)."""

    gravity, cart, pole, half_length, force, tick = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02

    def __init__(self, rng):
        self.rng = rng
        self.reset()

    def reset(self):
        """Begin anew, nearly upright."""
        self.state = [float(v) for v in self.rng.uniform(-0.05, 0.05, 4)]
        self.age = 0

    def step(self, action):
        """Push left (0) or right (1) for a fiftieth of a second; return whether the pole fell or the cart left its track."""
        x, speed, angle, turning = self.state
        push = self.force if action else -self.force
        mass = self.cart + self.pole
        sine, cosine = math.sin(angle), math.cos(angle)
        pull = (push + self.pole * self.half_length * turning**2 * sine) / mass
        inertia = self.half_length * (4 / 3 - self.pole * cosine**2 / mass)
        angular = (self.gravity * sine - cosine * pull) / inertia
        linear = pull - self.pole * self.half_length * angular * cosine / mass
        t = self.tick
        self.state = [x + t * speed, speed + t * linear, angle + t * turning, turning + t * angular]
        self.age += 1
        return abs(self.state[0]) > 2.4 or abs(self.state[2]) > math.radians(12)


def make_model():
    """Return the network from states to the logits of the actions and the value of the state."""
    inputs = keras.Input(shape=(4,))
    common = layers.Dense(64, activation="relu")(inputs)
    action = layers.Dense(2)(common)
    critic = layers.Dense(1)(common)
    return keras.Model(inputs=inputs, outputs=[action, critic])


def observe(carts):
    """Return the carts' states as an array, scaled to similar sizes."""
    return np.array([cart.state for cart in carts], "float32") * np.array([1.0, 0.7, 8.0, 0.7], "float32")


def play(model, carts, rng, finished):
    """Let the carts run some steps as the model says; return what happened and append the ages of those that ended."""
    states, actions, falls = [], [], []
    for _ in range(STEPS):
        state = observe(carts)
        logits = np.array(model(state)[0])
        # The difference of two logits decides between two actions.
        action = (rng.random(len(carts)) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).astype("int32")
        fell = np.zeros(len(carts), "float32")
        for i, cart in enumerate(carts):
            fell[i] = cart.step(action[i])
            if fell[i] or cart.age >= LIMIT:
                finished.append(cart.age)
                cart.reset()
        states.append(state)
        actions.append(action)
        falls.append(fell)
    return np.stack(states), np.stack(actions), np.stack(falls)


def expected_returns(falls, last_values):
    """Return the discounted sum of rewards (1 a step) from each step on; the critic tells what lies beyond the last one."""
    returns, following = np.zeros_like(falls), last_values
    for i in reversed(range(len(falls))):
        following = 1 + GAMMA * following * (1 - falls[i])
        returns[i] = following
    return returns


def learn(model, optimizer, states, actions, returns):
    """Take one step on what happened and return the loss."""
    scale = 1 / (1 - GAMMA)  # values are learnt as parts of the largest one there can be
    target = ops.convert_to_tensor((returns / scale).reshape(-1).astype("float32"))
    with GradientTape() as tape:
        logits, value = model(states.reshape(-1, 4))
        value = ops.squeeze(value, axis=-1)
        likelihood = ops.log_softmax(logits, axis=-1)
        taken = ops.sum(likelihood * ops.one_hot(actions.reshape(-1), 2), axis=-1)
        advantage = target - ops.stop_gradient(value)
        spread = ops.std(advantage) + 1e-6
        entropy = -ops.mean(ops.sum(ops.exp(likelihood) * likelihood, axis=-1))
        actor_loss = -ops.mean(taken * advantage / spread)
        critic_loss = ops.mean(keras.losses.huber(ops.expand_dims(target, -1), ops.expand_dims(value, -1)))
        loss = actor_loss + critic_loss - 0.005 * entropy
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return float(loss)


def main():
    """Train until the poles stand; return the mean number of steps (200 at most) of the last games."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    carts = [CartPole(rng) for _ in range(CARTS)]
    model = make_model()
    model.summary()
    optimizer = keras.optimizers.Adam(learning_rate=0.01)
    finished = []
    for turn in range(1, ROUNDS + 1):
        states, actions, falls = play(model, carts, rng, finished)
        _, last = model(observe(carts))
        learn(model, optimizer, states, actions, expected_returns(falls, np.array(last)[:, 0] / (1 - GAMMA)))
        recent = float(np.mean(finished[-20:])) if finished else 0.0
        if turn % 50 == 0:
            print(f"round {turn}: {len(finished)} games, {recent:.0f} steps in the last ones")
        if recent > 195:
            break
    solved = "solved" if recent > 195 else "not solved"
    print(f"{solved} after {len(finished)} games, mean steps of the last 20 games: {recent:.1f}")
    return recent


if __name__ == "__main__":
    main()
