"""One inference of MobileNet v1 1.0 224, batch 1: the measure of the TensorFlow.js paper.

Batch normalization is folded into the convolutions, but for the rows "layers": there it is layers of a Keras model that computes the same.
"""

from .harness.case import Case, Shapes
from .workloads import BLOCKS

AGAINST = ("onnxruntime", "litert", "tensorflow", "numpy")
SPEED_UP_OVER = ("tensorweb python", "tensorweb numpy")


def plan() -> tuple[Shapes, float]:
    """Return the shapes of image and weights, and the floating-point operations of one inference."""
    size, channels = 112, 32
    shapes: Shapes = {"x": (1, 224, 224, 3), "0.kernel": (3, 3, 3, 32), "0.bias": (32,)}
    products = size**2 * 27 * 32
    for i, (stride, filters) in enumerate(BLOCKS, 1):
        size //= stride
        products += size**2 * channels * (9 + filters)
        shapes |= {f"{i}.depthwise": (3, 3, channels, 1), f"{i}.depthwise_bias": (channels,)}
        shapes |= {f"{i}.kernel": (1, 1, channels, filters), f"{i}.bias": (filters,)}
        channels = filters
    return shapes | {"top.kernel": (channels, 1000), "top.bias": (1000,)}, 2 * (products + channels * 1000)


def cases(quick: bool) -> list[Case]:
    """Return the one case; it is not smaller when quick."""
    shapes, flops = plan()
    return [Case("MobileNet v1", "mobilenet", shapes, flops=flops)]
