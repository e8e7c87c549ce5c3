"""tinygrad on the CPU, each workload replayed by TinyJit."""

from tinygrad import Context, Device, Tensor, TinyJit
from tinygrad.nn.optim import Adam


def tensor(array):
    return Tensor(array).realize()


def image(array):
    return tensor(array.transpose(0, 3, 1, 2).copy())


def kernel(array):
    return tensor(array.transpose(3, 2, 0, 1).copy())


def depthwise_kernel(array):
    return tensor(array.transpose(2, 3, 0, 1).copy())


def wait(value):
    Device[value.device].synchronize()
    return value


def arrays(value):
    return (value.permute(0, 2, 3, 1) if value.ndim == 4 else value).numpy()


def bind(function, *values):
    return TinyJit(lambda: function(*values).realize())


def add(x, y):
    return x + y


def matmul(x, y):
    return x @ y


def gelu(x):
    return x.gelu()


def conv(x, kernel, bias, stride, activation, groups=1):
    pads = []
    for size, k in zip(x.shape[:1:-1], kernel.shape[:1:-1]):
        total = max((-(-size // stride) - 1) * stride + k - size, 0)
        pads += [total // 2, total - total // 2]
    x = x.conv2d(kernel, bias, groups, stride, padding=tuple(pads))
    return x.relu6() if activation == "relu6" else x


def depthwise(x, kernel, bias, stride, activation):
    return conv(x, kernel, bias, stride, activation, x.shape[1])


def dense(x, kernel, bias):
    return x @ kernel + bias


def spatial_mean(x):
    return x.mean((2, 3))


def softmax(x):
    return x.softmax()


def build_train_mnist(given):
    weights = {n: (kernel(a) if a.ndim == 4 else tensor(a)) for n, a in given.items() if "." in n}
    for w in weights.values():
        w.requires_grad = True
    x, labels = image(given["x"]), tensor(given["labels"])
    optimizer = Adam(list(weights.values()), 0.001, eps=1e-7)

    @TinyJit
    @Context(TRAINING=1)
    def step():
        optimizer.zero_grad()
        h = x.conv2d(weights["conv1.kernel"], weights["conv1.bias"]).relu()
        h = h.conv2d(weights["conv2.kernel"], weights["conv2.bias"]).relu()
        h = h.max_pool2d(2).permute(0, 2, 3, 1).flatten(1)
        h = dense(h, weights["dense1.kernel"], weights["dense1.bias"]).relu()
        loss = dense(h, weights["dense2.kernel"], weights["dense2.bias"]).sparse_categorical_crossentropy(labels).backward()
        return loss.realize(*optimizer.schedule_step())

    return step
