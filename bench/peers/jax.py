"""JAX, each workload compiled by jit. XLA is slow at convolutions: 1x1 ones are matrix products here, depthwise ones sums of shifts."""

from functools import partial

import jax
from jax import lax, nn
from jax import numpy as jnp

add, matmul, tensor, softmax = jnp.add, jnp.matmul, jnp.asarray, nn.softmax
gelu = partial(nn.gelu, approximate=True)
wait = jax.block_until_ready


def arrays(value):
    return jax.device_get(value)


def bind(function, *values):
    return partial(jax.jit(function), *values)


def finish(x, bias, activation):
    x = x if bias is None else x + bias
    return nn.relu6(x) if activation == "relu6" else x


def convolve(x, kernel, stride, pad="SAME"):
    return lax.conv_general_dilated(x, kernel, (stride, stride), pad, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def conv(x, kernel, bias, stride, activation):
    pointwise = kernel.shape[:2] == (1, 1) and stride == 1
    return finish(x @ kernel[0, 0] if pointwise else convolve(x, kernel, stride), bias, activation)


def depthwise(x, kernel, bias, stride, activation):
    sizes, spans = x.shape[1:3], kernel.shape[:2]
    x = jnp.pad(x, ((0, 0), *lax.padtype_to_pads(sizes, spans, (stride, stride), "SAME"), (0, 0)))
    rows, columns = (stride * (-(-size // stride) - 1) + 1 for size in sizes)
    shifts = [(i, j) for i in range(spans[0]) for j in range(spans[1])]
    return finish(sum(x[:, i : i + rows : stride, j : j + columns : stride] * kernel[i, j, :, 0] for i, j in shifts), bias, activation)


def dense(x, kernel, bias):
    return x @ kernel + bias


def spatial_mean(x):
    return x.mean((1, 2))


def layer_norm(x, gamma, beta):
    return nn.standardize(x, epsilon=1e-5) * gamma + beta


def attention(q, k, v, heads):
    q, k, v = (t.reshape(*t.shape[:2], heads, -1) for t in (q, k, v))
    return nn.dot_product_attention(q, k, v).reshape(*q.shape[:2], -1)


def lstm(x, kernel, recurrent, bias):
    def step(state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ recurrent, 4, -1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        return (nn.sigmoid(o) * jnp.tanh(c), c), None

    start = jnp.zeros((len(x), len(recurrent)))
    return lax.scan(step, (start, start), (x @ kernel + bias).swapaxes(0, 1))[0][0]


def bind_gradients(formula, values, weights):
    rest = {n: v for n, v in values.items() if n not in weights}

    def step(watched, rest):
        out, back = jax.vjp(lambda w: formula({**rest, **w}), watched)
        (gradients,) = back(rest["seed"])
        return [out, *(gradients[n] for n in weights)]  # in our order: JAX sorts the keys of dicts

    return bind(step, {n: values[n] for n in weights}, rest)


def build_train_mnist(given):
    x, labels = tensor(given["x"]), tensor(given["labels"])
    weights = {n: tensor(a) for n, a in given.items() if "." in n}

    def loss(w):
        h = nn.relu(convolve(x, w["conv1.kernel"], 1, pad="VALID") + w["conv1.bias"])
        h = nn.relu(convolve(h, w["conv2.kernel"], 1, pad="VALID") + w["conv2.bias"])
        h = h.reshape(len(x), 12, 2, 12, 2, 64).max((2, 4)).reshape(len(x), -1)
        h = nn.relu(dense(h, w["dense1.kernel"], w["dense1.bias"]))
        scores = nn.log_softmax(dense(h, w["dense2.kernel"], w["dense2.bias"]))
        return -jnp.take_along_axis(scores, labels[:, None], 1).mean()

    def adam(w, m, v, g, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return w - 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (jnp.sqrt(v) + 1e-7), m, v

    @partial(jax.jit, donate_argnums=0)
    def update(state, t):
        value, gradients = jax.value_and_grad(loss)({n: s[0] for n, s in state.items()})
        return value, {n: adam(*s, gradients[n], t) for n, s in state.items()}

    state, t = {n: (w, jnp.zeros_like(w), jnp.zeros_like(w)) for n, w in weights.items()}, 0

    def step():
        nonlocal state, t
        t += 1
        value, state = update(state, jnp.float32(t))
        return value

    return step
