"""Keras on TensorFlow: compiled as its users compile it, but for single layers, which are called eagerly."""

from functools import partial

import keras
import tensorflow as tf

from . import keras_style
from .tensorflow import arrays, set_up, wait  # noqa: F401  (this peer's too)

build_train_mnist = partial(keras_style.train_mnist, keras)


def build_lstm(given):
    return tf.function(keras_style.lstm(keras, tf.GradientTape, given))


def build_mobilenet_layers(given):
    return tf.function(keras_style.mobilenet(keras, given))


def build_layer(given, name):
    return partial(*keras_style.layer(keras, given, name))
