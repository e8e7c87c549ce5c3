"""Find the mood of texts with a transformer block: two layers of one's own, attention, learnt positions."""

import numpy as np

import tensorweb as keras
from tensorweb import layers, ops

VOCABULARY = 40
MAX_LENGTH = 20
EMBED_DIM = 24
HEADS = 2
FORWARD_DIM = 32
DROPOUT = 0.1
TEXTS = 3500
BATCH_SIZE = 32
EPOCHS = 8


class TransformerBlock(layers.Layer):
    """Self-attention and a two-layer network, each with dropout, a residual connection and layer normalisation."""

    def __init__(self, embed_dim, num_heads, forward_dim, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim // num_heads)
        self.forward = keras.Sequential([layers.Dense(forward_dim, activation="relu"), layers.Dense(embed_dim)])
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs):
        """Return what each place knows after it looked at all others."""
        attended = self.dropout1(self.attention(inputs, inputs))
        x = self.norm1(inputs + attended)
        return self.norm2(x + self.dropout2(self.forward(x)))


def wide():
    """Return an initializer wider than Embedding's own, with which plain momentum learns faster."""
    return keras.initializers.RandomNormal(stddev=0.3)


class TokenAndPositionEmbedding(layers.Layer):
    """The sum of an embedding of the tokens and one of their places."""

    def __init__(self, max_length, vocabulary, embed_dim, **kwargs):
        super().__init__(**kwargs)
        self.tokens = layers.Embedding(vocabulary, embed_dim, embeddings_initializer=wide())
        self.positions = layers.Embedding(max_length, embed_dim, embeddings_initializer=wide())

    def call(self, x):
        """Return the vectors of a text's tokens."""
        positions = self.positions(ops.arange(0, ops.shape(x)[-1], 1))
        return self.tokens(x) + positions


def load_data():
    """Return texts of token numbers and their mood: each token has one, and what is said late in a text counts more."""
    rng = np.random.default_rng(8)
    x = rng.integers(0, VOCABULARY, (TEXTS, MAX_LENGTH)).astype("int32")
    moods = rng.normal(size=VOCABULARY)[x]
    y = (moods @ np.linspace(0.0, 2.0, MAX_LENGTH) > 0).astype("int32")
    border = TEXTS * 5 // 6
    return (x[:border], y[:border]), (x[border:], y[border:])


def make_model():
    """Return the compiled network."""
    inputs = keras.Input(shape=(MAX_LENGTH,), dtype="int32")
    x = TokenAndPositionEmbedding(MAX_LENGTH, VOCABULARY, EMBED_DIM)(inputs)
    x = TransformerBlock(EMBED_DIM, HEADS, FORWARD_DIM, DROPOUT)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(DROPOUT)(x)
    x = layers.Dense(20, activation="relu")(x)
    x = layers.Dropout(DROPOUT)(x)
    outputs = layers.Dense(2, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.SGD(0.04, momentum=0.9, clipnorm=1.0)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    """Train, then test on texts that were held out; return the accuracy."""
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
