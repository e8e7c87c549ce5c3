"""Oracle cases of basic_lstm_cell and moving_average; multi_rnn_cell takes functions and is tested in `tests/unit`."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("recurrent")


def lstm(forget_bias, kernel, bias, data, c, h):
    i, j, f, o = tf.split(tf.concat([data, h], 1) @ kernel + bias, 4, axis=1)
    new_c = tf.sigmoid(i) * tf.tanh(j) + c * tf.sigmoid(tf.cast(forget_bias, f.dtype) + f)
    return new_c, tf.tanh(new_c) * tf.sigmoid(o)


for batch, n, u in ((1, 1, 1), (2, 3, 2), (3, 1, 2), (1, 2, 3), (2, 2, 1)):
    args = values(n + u, 4 * u, seed=1), values(4 * u, seed=2), values(batch, n, seed=3), values(batch, u, seed=4), values(batch, u, seed=5)
    for bias in (1.0, 0.0):
        cases.add("basic_lstm_cell", bias, *args, reference=lstm)
    cases.add("basic_lstm_cell", np.float32(0.5), *args, reference=lstm, gradient=1)


def average(v, x, decay, step=None, zero_debias=True):
    update = (x - v) * (1.0 - decay)
    return v + (update / (1.0 - decay**step) if zero_debias else update)


for shape in ((), (3,), (2, 3), (0, 2)):
    v, x = values(*shape, seed=1), values(*shape, seed=2)
    for decay, step in ((0.9, 1.0), (0.5, 3.0), (0.99, 10.0)):
        cases.add("moving_average", v, x, decay, step, reference=average)
    cases.add("moving_average", v, x, 0.7, zero_debias=False, reference=average)
    cases.add("moving_average", v, x, np.float32(0.7), np.float32(2), reference=average)
