"""NumPy as a user would write it: a convolution is a matrix product for each tap of the kernel."""

from functools import partial

import numpy as np

tensor = np.ascontiguousarray
add, matmul = np.add, np.matmul
bind = partial


def arrays(value):
    return value


def gelu(x):
    return np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608028654) * (x + np.float32(0.044715) * x * x * x)))


def finish(x, bias, activation):
    if bias is not None:
        x += bias
    return np.clip(x, 0, 6, out=x) if activation == "relu6" else x


def taps(x, kernel, stride):
    """Yield each tap of the kernel with the part of the padded image that it meets."""
    (height, width), (rows, columns) = x.shape[1:3], kernel.shape[:2]
    out = [-(-size // stride) for size in (height, width)]
    pads = [max((o - 1) * stride + k - size, 0) for o, k, size in zip(out, (rows, columns), (height, width))]
    if any(pads):
        x = np.pad(x, ((0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)))
    for i in range(rows):
        for j in range(columns):
            yield x[:, i : i + (out[0] - 1) * stride + 1 : stride, j : j + (out[1] - 1) * stride + 1 : stride], kernel[i, j]


def conv(x, kernel, bias, stride, activation):
    total = sum(part @ tap for part, tap in taps(x, kernel, stride))
    return finish(total, bias, activation)


def depthwise(x, kernel, bias, stride, activation):
    total = sum(part * tap[:, 0] for part, tap in taps(x, kernel, stride))
    return finish(total, bias, activation)


def dense(x, kernel, bias):
    return x @ kernel + bias


def spatial_mean(x):
    return x.mean((1, 2))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
