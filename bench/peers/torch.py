"""PyTorch, eagerly; images lie channels last.

Where a stride of 2 leaves an odd pad, PyTorch puts it first and the others last. So images and kernels are mirrored here, and results back.
"""

from functools import partial

import torch
from torch.nn import functional

add, matmul, bind, tensor = torch.add, torch.matmul, partial, torch.from_numpy
SIDES = (2, 3)


def set_up(variant, threads):
    torch.set_num_threads(threads)


def image(array):
    return tensor(array).permute(0, 3, 1, 2).flip(SIDES).contiguous(memory_format=torch.channels_last)


def kernel(array):
    return tensor(array).permute(3, 2, 0, 1).flip(SIDES).contiguous(memory_format=torch.channels_last)


def depthwise_kernel(array):
    return tensor(array).permute(2, 3, 0, 1).flip(SIDES).contiguous(memory_format=torch.channels_last)


def arrays(value):
    if isinstance(value, list):
        return [arrays(v) for v in value]
    value = value.detach()
    return (value.flip(SIDES).permute(0, 2, 3, 1) if value.ndim == 4 else value).numpy()


def gelu(x):
    return functional.gelu(x, approximate="tanh")


def conv(x, kernel, bias, stride, activation, groups=1):
    x = functional.conv2d(x, kernel, bias, stride, padding=kernel.shape[-1] // 2, groups=groups)
    return functional.hardtanh_(x, 0.0, 6.0) if activation == "relu6" else x


def depthwise(x, kernel, bias, stride, activation):
    return conv(x, kernel, bias, stride, activation, x.shape[1])


def dense(x, kernel, bias):
    return functional.linear(x, kernel.T, bias)


def spatial_mean(x):
    return x.mean(SIDES)


def softmax(x):
    return torch.softmax(x, -1)


def layer_norm(x, gamma, beta):
    return functional.layer_norm(x, gamma.shape, gamma, beta, 1e-5)


def attention(q, k, v, heads):
    q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k, v))
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def lstm(x, kernel, recurrent, bias):
    start = x.new_zeros(1, len(x), len(recurrent))
    weights = [kernel.T, recurrent.T, bias, torch.zeros_like(bias)]
    return torch.lstm(x, (start, start), weights, True, 1, 0.0, True, False, True)[0][:, -1]


def bind_gradients(formula, values, weights):
    watched = [values[name].requires_grad_() for name in weights]

    def step():
        out = formula(values)
        return [out, *torch.autograd.grad(out, watched, values["seed"])]

    return step


def build_train_mnist(given):
    weights = {n: tensor(a.transpose(3, 2, 0, 1) if a.ndim == 4 else a).clone().requires_grad_() for n, a in given.items() if "." in n}
    x, labels = tensor(given["x"]).permute(0, 3, 1, 2), tensor(given["labels"]).long()
    optimizer = torch.optim.Adam(weights.values(), 0.001, eps=1e-7)

    def step():
        optimizer.zero_grad()
        h = functional.relu(functional.conv2d(x, weights["conv1.kernel"], weights["conv1.bias"]))
        h = functional.relu(functional.conv2d(h, weights["conv2.kernel"], weights["conv2.bias"]))
        h = functional.max_pool2d(h, 2).permute(0, 2, 3, 1).flatten(1)
        h = functional.relu(dense(h, weights["dense1.kernel"], weights["dense1.bias"]))
        loss = functional.cross_entropy(dense(h, weights["dense2.kernel"], weights["dense2.bias"]), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def build_layer(given, name):
    x = image(given["x"]) if given["x"].ndim == 4 else tensor(given["x"])
    made = {
        "Dense": lambda: torch.nn.Linear(4, 3), "Dropout": lambda: torch.nn.Dropout(0.5), "ReLU": torch.nn.ReLU,
        "Conv2D": lambda: torch.nn.Conv2d(2, 2, 3), "BatchNormalization": lambda: torch.nn.BatchNorm2d(2, eps=1e-3),
    }[name]().eval().requires_grad_(False)  # fmt: skip
    if "w.kernel" in given:
        weight = given["w.kernel"]
        made.weight.copy_(kernel(weight) if weight.ndim == 4 else tensor(weight).T)
        made.bias.copy_(tensor(given["w.bias"]))
    return partial(made, x)
