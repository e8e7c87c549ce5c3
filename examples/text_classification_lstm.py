"""Tell good reviews from bad ones with a bidirectional LSTM that reads words in order: Embedding with masking, padded sequences."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

GOOD = ["good", "great", "lovely", "superb", "brilliant", "moving", "clever", "charming"]
BAD = ["bad", "awful", "boring", "dull", "clumsy", "shallow", "tedious", "weak"]
OTHER = ["the", "a", "film", "plot", "actor", "song", "hero", "story", "was", "is", "and", "with", "it", "this", "end", "of", "in", "some"]
WORDS = ["<pad>", "not", *GOOD, *BAD, *OTHER]
MAX_LENGTH = 16
REVIEWS = 3000
BATCH_SIZE = 32
EPOCHS = 5


def make_review(rng):
    """Return a review and whether it is a good one; a "not" turns the word that follows it into its opposite."""
    score, review = 0, []
    while score == 0 or len(review) < 8:
        if len(review) > MAX_LENGTH - 3:
            score, review = 0, []
        if rng.random() < 0.3:
            good, negated = rng.random() < 0.5, rng.random() < 0.3
            review += (["not"] if negated else []) + [str(rng.choice(GOOD if good else BAD))]
            score += 1 if good != negated else -1
        else:
            review.append(str(rng.choice(OTHER)))
    return " ".join(review), int(score > 0)


def load_data():
    """Return word numbers, padded to one length, and labels, to train on and to test with."""
    rng = np.random.default_rng(5)
    number = {word: i for i, word in enumerate(WORDS)}
    reviews, labels = zip(*(make_review(rng) for _ in range(REVIEWS)))
    x = keras.utils.pad_sequences([[number[word] for word in review.split()] for review in reviews], maxlen=MAX_LENGTH, padding="post")
    y = np.array(labels, "float32").reshape(-1, 1)
    border = REVIEWS * 5 // 6
    return (x[:border], y[:border]), (x[border:], y[border:])


def make_model():
    """Return the compiled network."""
    inputs = keras.Input(shape=(MAX_LENGTH,), dtype="int32")
    x = layers.Embedding(len(WORDS), 16, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(16))(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    # Clipping keeps the large steps safe that plain momentum needs here.
    model.compile(optimizer=keras.optimizers.SGD(0.6, momentum=0.9, clipnorm=1.0), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def main():
    """Train, then test on reviews that were held out; return the accuracy."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_data=(x_test, y_test), verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
