"""Filters over images: blur, edges, structural similarity. Warps that use them: `image_transform.py`."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.patterns import Relation
from ..shapes import as_ints
from ..tensor import as_tensor, tensor
from . import spatial
from .contraction import contract
from .define import composite, op
from .image_sampling import back_to, mapped
from .shaping import reshape


@lru_cache(maxsize=64)
def _gaussian(size: int, sigma: float) -> tuple[float, ...]:
    """Return the weights of a bell of `size` places that sum to 1."""
    raw = [exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2) for i in range(size)]
    return tuple(v / sum(raw) for v in raw)


def separable(x: Any, sizes: tuple[int, int], sigmas: tuple[float, float], same: bool) -> Any:
    """Return images [batch, height, width, channels] blurred along each axis, zeros around them (or only where the bell fits)."""
    for axis, size, sigma in zip("hw", sizes, sigmas):
        weights = tensor(list(_gaussian(size, sigma)), dtype=x.dtype)
        at, count = "bhwc".index(axis), size - 1
        relation = Relation(axis, "z", "t", 1, 1, count // 2 if same else 0)
        x = contract(x, "bhwc", weights, "t", "bhwc".replace(axis, "z"), (relation,), {"z": x.shape[at] - (0 if same else count)})
    return x


@composite(namespace="image")
def gaussian_blur(images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None) -> Any:
    """Return images (or one) blurred by a bell of `kernel_size` (height, width) and standard deviations `sigma`, in their dtype.

    Around the images are zeros. Integers are rounded. Raises ShapeError, ArgumentError. Keras's gaussian_blur.

    >>> import tensorweb as tw
    >>> tw.ops.image.gaussian_blur(tw.ones((2, 8, 8, 3)), (5, 5), (2.0, 2.0)).shape
    (2, 8, 8, 3)
    """
    made = spatial.image("gaussian_blur", images, data_format, 2)
    rows, columns = spatial.per_axis(kernel_size, 2, "gaussian_blur", "kernel_size")
    given = sigma if isinstance(sigma, (list, tuple)) else (sigma, sigma)
    if len(given) != 2 or not all(float(s) > 0 for s in given):
        raise ArgumentError(message("gaussian_blur", "two positive numbers for sigma", repr(sigma), "Pass (height, width)."))
    x = made.x if made.x.dtype in ("float32", "float16") else op("cast")(made.x, "float32")
    return made.restore(back_to(separable(x, (rows, columns), (float(given[0]), float(given[1])), True), made.x.dtype))


_SMOOTH, _SLOPE = (1.0, 2.0, 1.0), (-1.0, 0.0, 1.0)
_SOBEL = [[[a * d, b * c] for b, d in zip(_SLOPE, _SMOOTH)] for a, c in zip(_SLOPE, _SMOOTH)]


@composite(namespace="image")
def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """Return the slopes of images along height and width by Sobel's filters: [batch, height, width, channels, 2].

    The images are mirrored at their edges. With data_format "channels_first" the result is [batch, channels, height, width, 2].
    Raises ShapeError. Keras's sobel_edges.

    >>> import tensorweb as tw
    >>> tw.ops.image.sobel_edges(tw.ones((1, 8, 8, 3))).shape
    (1, 8, 8, 3, 2)
    """
    made = spatial.image("sobel_edges", images, data_format, 2)
    if min(made.sizes) < 2:
        raise ShapeError(message("sobel_edges", "images of 2 pixels or more each way", f"shape {made.x.shape}", "They have no slope."))
    x = op("pad")(made.x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = x if x.dtype in ("float32", "float16") else op("cast")(x, "float32")
    relations = (Relation("h", "y", "i", 1, 1, 0), Relation("w", "x", "j", 1, 1, 0))
    edges = contract(x, "bhwc", tensor(_SOBEL, dtype=x.dtype), "ijd", "dbyxc", relations, dict(zip("yx", made.sizes)))
    return op("stack")([made.restore(reshape(part, x.shape[:1] + made.x.shape[1:])) for part in op("split")(edges, 2)], axis=-1)


def _similarity(m1: Any, m2: Any, square1: Any, square2: Any, product: Any, c1: Any, c2: Any) -> Any:
    """Return how alike two places are, of the means of both images, of their squares and of their product: a body."""
    mean, spread = m1 * m1 + m2 * m2, square1 - m1 * m1 + square2 - m2 * m2
    return (2.0 * m1 * m2 + c1) * (2.0 * (product - m1 * m2) + c2) / ((mean + c1) * (spread + c2))


@composite(namespace="image")
def ssim(
    image1: Any, image2: Any, max_val: float = 1.0, filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01,
    k2: float = 0.03, data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return the structural similarity, at most 1, of two images: a scalar, or [batch] for batches.

    `max_val` is the largest value a pixel may have. Integers give float32. Raises ShapeError where the shapes differ or the filter
    does not fit, ArgumentError. Keras's ssim.

    >>> import tensorweb as tw
    >>> tw.ops.image.ssim(tw.ones((12, 12, 3)), tw.ones((12, 12, 3))).shape
    ()
    """
    first, second = (spatial.image("ssim", x, data_format, 2) for x in (image1, image2))
    (size,) = as_ints(filter_size, "ssim", "filter_size")
    if first.x.shape != second.x.shape:
        raise ShapeError(message("ssim", "images of one shape", f"{first.x.shape} and {second.x.shape}", "Resize one of them."))
    if not 1 <= size <= min(first.sizes) or not filter_sigma > 0:
        wanted = f"a filter_size from 1 to {min(first.sizes)} and a positive filter_sigma"
        raise ArgumentError(message("ssim", wanted, f"{size} and {filter_sigma}", "The filter must fit into the images."))
    if "complex64" in (first.x.dtype, second.x.dtype):
        raise DTypeError(message("ssim", "real numbers", "dtype complex64", "Compare the parts."))
    a, b = (v.x if v.x.dtype in ("float32", "float16") else op("cast")(v.x, "float32") for v in (first, second))
    parts = [separable(v, (size, size), (float(filter_sigma),) * 2, False) for v in (a, b, a * a, b * b, a * b)]
    found = op("mean")(mapped(_similarity, *parts, float(k1 * max_val) ** 2, float(k2 * max_val) ** 2), axis=(1, 2, 3))
    return found if len(as_tensor(image1, "ssim").shape) == 4 else reshape(found, ())
