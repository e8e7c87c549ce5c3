"""A small residual network on digits: a graph with branches, a model as a layer of another model."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

BATCH_SIZE = 64
EPOCHS = 4
DIGITS = 5000
DROPOUT = 0.2
LEARNING_RATE = 0.006


def load_data():
    """Return digits to train on and to test with."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train, x_test = x_train[:DIGITS, ..., None].astype("float32"), x_test[..., None].astype("float32")
    return (x_train / 255, y_train[:DIGITS].astype("int32")), (x_test / 255, y_test.astype("int32"))


def residual_block(x, filters, strides=1, convolution=layers.Conv2D):
    """Return x after two convolutions, added to x itself (or to its projection where the shape changes)."""
    around = x
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    x = convolution(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    if strides > 1 or around.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=strides, padding="same")(around)
    return layers.Activation("relu")(layers.add([x, around]))


def make_model():
    """Return the compiled network."""
    inputs = keras.Input(shape=(28, 28, 1), name="picture")
    x = layers.Conv2D(12, 5, strides=2, padding="same", activation="relu")(inputs)
    x = residual_block(x, 12)
    x = residual_block(x, 24, strides=2, convolution=layers.SeparableConv2D)
    features = keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="features")

    picture = keras.Input(shape=(28, 28, 1))
    x = layers.Dense(32, activation="relu")(features(picture))
    x = layers.Dropout(DROPOUT)(x)
    outputs = layers.Dense(10, name="digit")(x)
    model = keras.Model(picture, outputs, name="small_resnet")
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy"), keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top_2")],
    )
    return model


def main():
    """Train, look at the features, test; return the accuracy."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    # Small steps at the end let the moving statistics of batch normalization catch up with the weights.
    halving = keras.callbacks.LearningRateScheduler(lambda epoch, rate: LEARNING_RATE * 0.5**epoch)
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, callbacks=[halving], verbose=2)
    features = np.array(model.get_layer("features").predict(x_test[:100], verbose=0))
    print("features of 100 pictures:", features.shape)
    _, accuracy, top_2 = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {accuracy:.3f}, among the first two: {top_2:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
