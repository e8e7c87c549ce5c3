"""Small models that TensorFlow's converter makes: float, float16 weights, int8 weights, int8 and int16 throughout, loops, signatures."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from .building import run

rng = np.random.default_rng(3)


def images():
    """Return a network of convolutions and a dense layer, and its input."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = keras.Input((12, 12, 3), batch_size=1)
    y = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    z = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(y))
    y = layers.ReLU(6.0)(layers.add([y, z]))
    y = layers.concatenate([layers.MaxPooling2D(2)(y), layers.AveragePooling2D(2)(y)])
    y = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(y)
    y = layers.UpSampling2D(2, interpolation="bilinear")(layers.Activation("tanh")(y))
    y = layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(y))
    return keras.Model(x, y), rng.uniform(-1, 1, (1, 12, 12, 3)).astype(np.float32)


def wide():
    """Return a network whose weights are many enough that the converter quantises them alone, and its input."""
    keras.utils.set_random_seed(2)
    x = keras.Input((8, 8, 16), batch_size=1)
    y = keras.layers.Conv2D(16, 3, activation="relu")(x)
    return keras.Model(x, keras.layers.Dense(8)(keras.layers.Flatten()(y))), rng.uniform(-1, 1, (1, 8, 8, 16)).astype(np.float32)


def sequences(kind):
    """Return a recurrent network and its input."""
    keras.utils.set_random_seed(3)
    x = keras.Input((6, 3), batch_size=1)
    y = getattr(keras.layers, kind)(5, return_sequences=True)(x)
    return keras.Model(x, keras.layers.Dense(2)(y)), rng.uniform(-1, 1, (1, 6, 3)).astype(np.float32)


def convert(model, x, way="float"):
    """Return the converter's file for a Keras model."""
    call = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec(x.shape, tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(call.get_concrete_function())])
    if way != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if way == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if way in ("int8", "int16", "uint8"):
        converter.representative_dataset = lambda: ([rng.uniform(-1, 1, x.shape).astype(np.float32)] for _ in range(20))
        sets = tf.lite.OpsSet
        wide_sums = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide_sums if way == "int16" else sets.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = getattr(tf, way)
    return converter.convert()


def answered(data, x):
    """Return a file with inputs, quantised where it takes integers, and LiteRT's outputs."""
    about = tf.lite.Interpreter(model_content=data).get_input_details()[0]
    if about["dtype"] != np.float32:
        scale, zero = about["quantization"]
        info = np.iinfo(about["dtype"])
        x = np.clip(np.round(x / scale) + zero, info.min, info.max).astype(about["dtype"])
    return data, [x], run(data, [x])


def converted_models():
    """Return makers of models by name; each gives (bytes, inputs, LiteRT's outputs)."""
    makers = {}
    for name, make, ways in [
        ("images", images, ("float", "float16", "int8", "uint8", "int16")), ("wide", wide, ("int8 weights",)),
        ("LSTM", lambda: sequences("LSTM"), ("float", "int8 weights")), ("GRU", lambda: sequences("GRU"), ("float",)),
    ]:  # fmt: skip
        for way in ways:

            def made(make=make, way=way):
                model, x = make()
                return answered(convert(model, x, way), x)

            makers[f"converted {name}, {way}"] = made
    return makers
