"""MobileNet v1 1.0 224, batch 1, inference with random weights (batch normalization folded): prints the median of 15 runs.

`python -m bench.mobilenet [BACKEND]`; set OPENBLAS_NUM_THREADS=1 to compare with the numbers in the docs.
"""

import random
import statistics
import sys
import time

import tensorweb as tw

# (stride, filters) of the 13 pairs of a depthwise and a pointwise convolution.
BLOCKS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), *[(1, 512)] * 5, (2, 1024), (1, 1024)]


def weights(*shape):
    """Return random weights."""
    count = 1
    for d in shape:
        count *= d
    return tw.tensor([random.gauss(0, 0.1) for _ in range(count)], shape)


def build():
    """Return the network as a function of an image."""
    first, last = (weights(3, 3, 3, 32), weights(32)), (weights(1, 1, 1024, 1000), weights(1000))
    layers, channels = [], 32
    for stride, filters in BLOCKS:
        layers.append((stride, weights(3, 3, channels, 1), weights(channels), weights(1, 1, channels, filters), weights(filters)))
        channels = filters

    def run(x):
        x = tw.fused.conv2d(x, first[0], 2, "same", bias=first[1], activation="relu6")
        for stride, deep, deep_bias, point, bias in layers:
            x = tw.fused.depthwise_conv2d(x, deep, stride, "same", bias=deep_bias, activation="relu6")
            x = tw.fused.conv2d(x, point, 1, "same", bias=bias, activation="relu6")
        x = tw.average_pool(x, 7)
        return tw.softmax(tw.reshape(tw.fused.conv2d(x, last[0], 1, "same", bias=last[1]), (1, 1000)))

    return run


def main(*backend):
    """Time the network."""
    for name in backend:
        tw.set_backend(name)
    network, image = build(), weights(1, 224, 224, 3)
    network(image).numpy()
    times = []
    for _ in range(15):
        start = time.perf_counter()
        network(image).numpy()
        times.append(time.perf_counter() - start)
    print(f"MobileNet v1 on {tw.get_backend()}: {statistics.median(times) * 1000:.1f} ms (best {min(times) * 1000:.1f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
