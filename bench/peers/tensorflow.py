"""TensorFlow, eagerly and as a tf.function."""

from functools import partial

import tensorflow as tf

add, matmul, softmax = tf.add, tf.matmul, tf.nn.softmax
tensor = tf.constant
compiled = False


def set_up(variant, threads):
    global compiled
    compiled = variant == "function"
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def wait(value):
    return value


def arrays(value):
    return [arrays(v) for v in value] if isinstance(value, (list, tuple)) else getattr(value, "numpy", lambda: value)()


def bind(function, *values):
    return tf.function(lambda: function(*values)) if compiled else partial(function, *values)


def gelu(x):
    return tf.nn.gelu(x, approximate=True)


def finish(x, bias, activation):
    if bias is not None:
        x = tf.nn.bias_add(x, bias)
    return tf.nn.relu6(x) if activation == "relu6" else x


def conv(x, kernel, bias, stride, activation):
    return finish(tf.nn.conv2d(x, kernel, stride, "SAME"), bias, activation)


def depthwise(x, kernel, bias, stride, activation):
    return finish(tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME"), bias, activation)


def dense(x, kernel, bias):
    return tf.tensordot(x, kernel, 1) + bias if x.shape.rank > 2 else tf.matmul(x, kernel) + bias


def spatial_mean(x):
    return tf.reduce_mean(x, (1, 2))


def layer_norm(x, gamma, beta):
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)


def attention(q, k, v, heads):
    batch, length, width = q.shape
    q, k, v = (tf.transpose(tf.reshape(t, (batch, length, heads, width // heads)), (0, 2, 1, 3)) for t in (q, k, v))
    weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * (width // heads) ** -0.5)
    return tf.reshape(tf.transpose(tf.matmul(weights, v), (0, 2, 1, 3)), (batch, length, width))


def bind_gradients(formula, values, weights):
    watched = [values[name] for name in weights]

    def step():
        with tf.GradientTape() as tape:
            tape.watch(watched)
            out = formula(values)
        return [out, *tape.gradient(out, watched, output_gradients=values["seed"])]

    return bind(step)
