"""TensorWeb: its ops called eagerly, and its layers."""

from functools import partial

import tensorweb as tw

from . import keras_style

add, matmul, gelu, softmax = tw.add, tw.matmul, tw.gelu, tw.softmax
bind = partial


def set_up(variant, threads):
    tw.set_backend(variant)


def tensor(array):
    return tw.tensor(array)


def arrays(value):
    if isinstance(value, (list, tuple)):
        return [arrays(v) for v in value]
    return value.numpy() if isinstance(value, tw.Tensor) else value


def wait(value):
    arrays(value)
    return value


def conv(x, kernel, bias, stride, activation):
    return tw.fused.conv2d(x, kernel, stride, "same", bias=bias, activation=activation)


def depthwise(x, kernel, bias, stride, activation):
    return tw.fused.depthwise_conv2d(x, kernel, stride, "same", bias=bias, activation=activation)


def dense(x, kernel, bias):
    return tw.fused.matmul(x, kernel, bias=bias)


def spatial_mean(x):
    return tw.mean(x, (1, 2))


def layer_norm(x, gamma, beta):
    return tw.layer_normalization(x, gamma, beta, epsilon=1e-5)


def attention(q, k, v, heads):
    batch, length, width = q.shape
    q, k, v = (tw.reshape(t, (batch, length, heads, width // heads)) for t in (q, k, v))
    return tw.reshape(tw.dot_product_attention(q, k, v), (batch, length, width))


def bind_gradients(formula, values, weights):
    watched = [values[name] for name in weights]

    def step():
        with tw.GradientTape() as tape:
            tape.watch(watched)
            out = formula(values)
        return [out, *tape.gradient(out, watched, output_gradients=values["seed"])]

    return step


build_train_mnist = partial(keras_style.train_mnist, tw)
build_lstm = partial(keras_style.lstm, tw, tw.GradientTape)
build_mobilenet_layers = partial(keras_style.mobilenet, tw)


def build_layer(given, name):
    layer, x = keras_style.layer(tw, given, name)
    return partial(layer.call, x)


def build_layer_layers(given, name):
    return partial(*keras_style.layer(tw, given, name))
