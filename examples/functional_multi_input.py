"""Route support tickets: a model with two inputs (the words of the title, some facts) and two outputs (urgency, department)."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

VOCABULARY = 120
TITLE_LENGTH = 8
FACTS = 6
DEPARTMENTS = 4
TICKETS = 4000
BATCH_SIZE = 32
EPOCHS = 6


def load_data():
    """Return inputs and targets by name, to train on and to test with.

    Each department has words of its own, a third of a title's words are such; a ticket is urgent for what its facts weigh.
    """
    rng = np.random.default_rng(2)
    department = rng.integers(0, DEPARTMENTS, TICKETS)
    own_words = rng.integers(0, 10, (TICKETS, TITLE_LENGTH)) + 10 * department[:, None]
    common_words = rng.integers(40, VOCABULARY, (TICKETS, TITLE_LENGTH))
    title = np.where(rng.random((TICKETS, TITLE_LENGTH)) < 0.35, own_words, common_words)
    facts = rng.normal(size=(TICKETS, FACTS))
    urgency = facts @ np.linspace(-1.5, 1.5, FACTS) + np.where(department == 0, 1.0, -0.5)
    x = {"title": title.astype("int32"), "facts": facts.astype("float32")}
    y = {"urgent": (urgency > 0).astype("float32")[:, None], "department": department.astype("int32")}
    border = TICKETS * 4 // 5

    def part(rows):
        return {k: v[rows] for k, v in x.items()}, {k: v[rows] for k, v in y.items()}

    return part(slice(None, border)), part(slice(border, None))


def make_model():
    """Return the compiled model."""
    title = keras.Input(shape=(TITLE_LENGTH,), dtype="int32", name="title")
    facts = keras.Input(shape=(FACTS,), name="facts")
    words = layers.Embedding(VOCABULARY, 16)(title)
    words = layers.Conv1D(24, 1, activation="relu")(words)
    words = layers.GlobalAveragePooling1D()(words)
    both = layers.concatenate([words, layers.Dense(16, activation="relu")(facts)])
    hidden = layers.Dense(32, activation="relu")(both)
    urgent = layers.Dense(1, activation="sigmoid", name="urgent")(hidden)
    department = layers.Dense(DEPARTMENTS, name="department")(hidden)
    model = keras.Model(inputs=[title, facts], outputs={"urgent": urgent, "department": department})
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
        loss={
            "urgent": keras.losses.BinaryCrossentropy(),
            "department": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"urgent": 1.0, "department": 0.5},
        metrics={"urgent": ["accuracy"], "department": ["accuracy"]},
    )
    return model


def main():
    """Train, then test on tickets that were held out; return the lower of the two accuracies."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    result = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    urgent, department = result["urgent_accuracy"], result["department_accuracy"]
    print(f"test accuracy: urgent {urgent:.3f}, department {department:.3f}")
    return min(urgent, department)


if __name__ == "__main__":
    main()
