"""Warps of images: affine, projective, rotation, free coordinates, elastic deformation. How pixels are read: `image_sampling.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..shapes import as_ints, size_of
from ..tensor import Tensor, as_tensor, tensor
from . import spatial
from .define import composite, op
from .image_filter import separable
from .image_sampling import EXTENSIONS, OUTSIDE, back_to, choose, column, fill_of, half_away, mapped, places, sample
from .shaping import reshape, take_slice

_INTERPOLATIONS = ("nearest", "bilinear")
_FILL_MODES = ("constant", "nearest", "reflect", "wrap")

# --- projective maps ---


def _fold_reflect(p: Any, n: Any) -> Any:
    turned = e.trunc(-p / (2 * n)) * (2 * n) + p
    below = e.where(turned < -n, turned + 2 * n, -turned - 1)
    rest = p - e.trunc(p / (2 * n)) * (2 * n)
    return e.where(p < 0, below, e.where(p > n - 1, e.where(rest >= n, 2 * n - rest - 1, rest), p))


def _fold_wrap(p: Any, n: Any) -> Any:
    period = e.maximum(n - 1, 1)
    return e.where(p < 0, p + n * (e.trunc(-p / period) + 1), e.where(p > n - 1, p - n * e.trunc(p / period), p))


_FOLDS = {"constant": None, "nearest": lambda p, n: p, "reflect": _fold_reflect, "wrap": _fold_wrap}


def _project(mode: str, order: int, *operands: Any) -> tuple[Any, Any]:
    """Return the row and column that an output pixel reads, folded into the image as TensorFlow folds positions (not indices)."""
    a0, a1, a2, b0, b1, b2, c0, c1, y, x, height, width = operands
    depth = c0 * x + c1 * y + 1.0
    nowhere = e.equal(depth, 0)
    found = []
    for numerator, n in ((b0 * x + b1 * y + b2, height), (a0 * x + a1 * y + a2, width)):
        p = numerator / e.where(nowhere, 1.0, depth)
        fold = _FOLDS[mode]
        if fold is not None:
            p = e.minimum(e.maximum(fold(p, n), 0), n - 1)
        found.append(e.where(nowhere, OUTSIDE, p if order else half_away(p)))
    return found[0], found[1]


def _warp(where: str, x: Any, transforms: Any, interpolation: str, fill_mode: str, fill_value: Any, shape: tuple[int, ...]) -> Any:
    """Return images [batch, height, width, channels] read at projected places."""
    choose(where, "interpolation", interpolation, _INTERPOLATIONS)
    choose(where, "fill_mode", fill_mode, _FILL_MODES)
    t = op("cast")(transforms, "float32")
    t = reshape(t, (1, *t.shape)) if len(t.shape) == 1 else t
    if len(t.shape) != 2 or t.shape[1] != 8 or t.shape[0] not in (1, x.shape[0]):
        wanted = f"transforms of shape (8,), (1, 8) or ({x.shape[0]}, 8)"
        raise ShapeError(message(where, wanted, f"shape {transforms.shape}", "Each image needs its own 8 numbers, or all share them."))
    (batch, height, width, channels), order = x.shape, _INTERPOLATIONS.index(interpolation)
    columns = [column(t, k, (t.shape[0], 1, 1)) for k in range(8)]
    grid = places(shape[0], 1, 3), places(shape[1], 2, 3)
    positions = mapped(_project, *columns, *grid, float(height), float(width), static=(fill_mode, order))
    fill = fill_of(fill_value, x.dtype)
    source = x if not order or x.dtype == "float32" else op("cast")(x, "float32")
    made = sample(reshape(source, (batch, height * width, channels)), positions, (height, width), order, "constant", fill)
    made = reshape(made, (batch, *shape, channels))
    # TensorFlow cuts the fraction of integers off here.
    return made if made.dtype == x.dtype else op("cast")(made, x.dtype)


@composite(namespace="image")
def affine_transform(
    images: Any, transform: Any, interpolation: str = "bilinear", fill_mode: str = "constant", fill_value: float = 0,
    data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return images (or one) whose pixel (x, y) is read at (a0 x + a1 y + a2, b0 x + b1 y + b2) over (c0 x + c1 y + 1).

    transform: [8] or [batch, 8], (a0, a1, a2, b0, b1, b2, c0, c1). `interpolation` is nearest or bilinear, `fill_mode` constant
    (`fill_value`), nearest, reflect or wrap. Raises ShapeError, ArgumentError. Keras's affine_transform.

    >>> import tensorweb as tw
    >>> moved = tw.ops.image.affine_transform(tw.tensor([[[1.0], [2.0], [3.0]]]), tw.tensor([1.0, 0, 1, 0, 1, 0, 0, 0]))
    >>> moved.tolist()
    [[[2.0], [3.0], [0.0]]]
    """
    made = spatial.image("affine_transform", images, data_format, 2)
    given = as_tensor(transform, "affine_transform")
    return made.restore(_warp("affine_transform", made.x, given, interpolation, fill_mode, fill_value, made.sizes))


@composite(namespace="image")
def transform(
    image: Any, transforms: Any, interpolation: str = "nearest", fill_mode: str = "constant", fill_value: float = 0,
    output_shape: Any = None,
) -> Any:  # fmt: skip
    """Return images [batch, height, width, channels] (or one) mapped as by affine_transform, in another size if `output_shape` says so.

    Raises ShapeError, ArgumentError. TensorFlow.js's transform.
    """
    made = spatial.image("transform", image, None, 2)
    shape = made.sizes if output_shape is None else as_ints(output_shape, "transform", "output_shape")
    if len(shape) != 2 or min(shape) < 0:
        raise ArgumentError(message("transform", "an output_shape of (height, width)", repr(output_shape), "Pass two integers."))
    given = as_tensor(transforms, "transform")
    return made.restore(_warp("transform", made.x, given, interpolation, fill_mode, fill_value, shape))


def _points(value: Any, name: str, batch: int) -> Any:
    made = op("cast")(as_tensor(value, "perspective_transform"), "float32")
    if made.shape not in ((4, 2), (1, 4, 2), (batch, 4, 2)):
        wanted = f"{name} of shape (4, 2) or ({batch}, 4, 2)"
        raise ShapeError(message("perspective_transform", wanted, f"shape {made.shape}", "Pass four corners as (x, y)."))
    return reshape(made, (-1, 4, 2))


def homography(start: Any, end: Any) -> Any:
    """Return the 8 numbers of the projective map that takes the end points [batch, 4, 2] to the start points."""
    batch = start.shape[0]
    along = op("concatenate")([end, op("ones")((batch, 4, 1))], axis=-1)
    nothing = op("zeros")((batch, 4, 3))
    x, y = (take_slice(start, (0, 0, k), (batch, 4, 1), (1, 1, 1)) for k in range(2))
    join = op("concatenate")
    rows = [join([along, nothing, op("negative")(x * end)], axis=-1), join([nothing, along, op("negative")(y * end)], axis=-1)]
    return reshape(op("solve")(join(rows, axis=1), join([x, y], axis=1)), (batch, 8))


@composite(namespace="image")
def perspective_transform(
    images: Any, start_points: Any, end_points: Any, interpolation: str = "bilinear", fill_value: float = 0, data_format: str | None = None
) -> Any:
    """Return images (or one) warped so that the four `start_points` (x, y) come to lie at the `end_points`; outside is `fill_value`.

    Points: [4, 2], or [batch, 4, 2]. Raises ShapeError, ArgumentError (also for end points of which three are on a line). Keras's
    perspective_transform.
    """
    made = spatial.image("perspective_transform", images, data_format, 2)
    start, end = (_points(p, n, made.x.shape[0]) for p, n in ((start_points, "start_points"), (end_points, "end_points")))
    if start.shape != end.shape:
        got = f"{start.shape} and {end.shape}"
        raise ShapeError(message("perspective_transform", "start_points and end_points of one shape", got, "Pass as many of both."))
    choose("perspective_transform", "interpolation", interpolation, _INTERPOLATIONS)
    given = homography(start, end)
    return made.restore(_warp("perspective_transform", made.x, given, interpolation, "constant", fill_value, made.sizes))


# --- rotation ---


def _turn(y: Any, x: Any, sine: Any, cosine: Any, center_y: Any, center_x: Any) -> tuple[Any, Any]:
    dy, dx = y - center_y, x - center_x
    return e.floor(dx * sine + dy * cosine + center_y + 0.5), e.floor(dx * cosine - dy * sine + center_x + 0.5)


def _pair(value: Any) -> tuple[float, float]:
    return (float(value[0]), float(value[1])) if isinstance(value, (list, tuple)) else (float(value), float(value))


@composite(namespace="image")
def rotate_with_offset(image: Any, radians: float, fill_value: Any = 0, center: Any = 0.5) -> Any:
    """Return images [batch, height, width, channels] (or one) turned anticlockwise about `center`; each pixel takes its nearest.

    `center` is a number or (x, y), as parts of width and height. `fill_value` for what comes from outside is a number, or one for
    each of three colours (a fourth channel is then 255). Raises ShapeError, ArgumentError. TensorFlow.js's rotateWithOffset.

    >>> import math, tensorweb as tw
    >>> tw.ops.image.rotate_with_offset(tw.tensor([[[1], [2], [3]]]), math.pi, center=(1 / 3, 0)).tolist()
    [[[3], [2], [1]]]
    """
    made = spatial.image("rotate_with_offset", image, None, 2)
    batch, height, width, channels = made.x.shape
    fill: Any = fill_value
    if isinstance(fill_value, (list, tuple)):
        if len(fill_value) < min(channels, 3):
            raise ArgumentError(message("rotate_with_offset", f"a fill_value for {channels} channels", fill_value, "Pass one each."))
        fill = tensor([*fill_value[:3], 255][:channels], dtype=made.x.dtype)
    else:
        fill = fill_of(fill_value, made.x.dtype)
    x_part, y_part = _pair(center)
    angle = math.sin(float(radians)), math.cos(float(radians))
    grid = places(height, 1, 3), places(width, 2, 3)
    positions = mapped(_turn, *grid, *angle, y_part * height, x_part * width)
    found = sample(reshape(made.x, (batch, height * width, channels)), positions, (height, width), 0, "constant", fill)
    return made.restore(reshape(found, made.x.shape))


# --- free coordinates ---


def _order(where: str, order: Any) -> int:
    if order not in (0, 1):
        raise ArgumentError(message(where, "order 0 (nearest) or 1 (linear)", repr(order), "Higher orders are not there."))
    return int(order)


def _read(x: Any, positions: Sequence[Any], sizes: Sequence[int], order: int, mode: str, fill_value: Any) -> Any:
    """Return `sample` in the dtype of x, integers rounded."""
    source = x if not order or x.dtype == "float32" else op("cast")(x, "float32")
    return back_to(sample(source, positions, sizes, order, mode, fill_of(fill_value, x.dtype)), x.dtype)


@composite(namespace="image")
def map_coordinates(inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0) -> Any:
    """Return the values of `inputs`, of any rank, at `coordinates` [rank, ...]: the nearest (order 0) or interpolated (order 1).

    `fill_mode` says what lies outside: constant (`fill_value`), nearest, wrap, mirror (about the last pixel's center) or reflect
    (about its edge). Integers are rounded. Raises ShapeError, ArgumentError. Keras's map_coordinates; mirror and reflect are as
    documented there, which Keras on TensorFlow is not.

    >>> import tensorweb as tw
    >>> tw.ops.image.map_coordinates(tw.tensor([10.0, 20.0, 30.0]), tw.tensor([[0.5, 2.0, 5.0]]), 1).tolist()
    [15.0, 30.0, 0.0]
    """
    where, order = "map_coordinates", _order("map_coordinates", order)
    x = as_tensor(inputs, where)
    if isinstance(coordinates, (list, tuple)) and any(isinstance(c, Tensor) for c in coordinates):
        coordinates = op("stack")([op("cast")(c, "float32") for c in coordinates], axis=0)
    at = op("cast")(as_tensor(coordinates, where), "float32")
    choose(where, "fill_mode", fill_mode, tuple(EXTENSIONS))
    if len(at.shape) < 2 or at.shape[0] != len(x.shape):
        wanted = f"coordinates of rank 2 or more with {len(x.shape)} first"
        raise ShapeError(message(where, wanted, f"shape {at.shape}", "The first axis has a coordinate for each axis of the inputs."))
    rows = reshape(at, (at.shape[0], size_of(at.shape[1:])))
    positions = [take_slice(rows, (d, 0), (1, rows.shape[1]), (1, 1)) for d in range(rows.shape[0])]
    return reshape(_read(reshape(x, (1, x.size, 1)), positions, x.shape, order, fill_mode, fill_value), at.shape[1:])


def _displaced(place: Any, shift: Any, alpha: Any) -> Any:
    return place + alpha * shift


@composite(namespace="image")
def elastic_transform(
    images: Any, alpha: float = 20.0, sigma: float = 5.0, interpolation: str = "bilinear", fill_mode: str = "reflect",
    fill_value: float = 0.0, seed: Any = None, data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return images (or one) whose pixels are moved by smooth random amounts, different for each image and direction.

    `alpha` says how far, `sigma` how smoothly. The rest as in map_coordinates; `seed` is an int, a SeedGenerator or None. Raises
    ShapeError, ArgumentError. Keras's elastic_transform.

    >>> import tensorweb as tw
    >>> tw.ops.image.elastic_transform(tw.ones((8, 8, 3)), sigma=1.0, seed=1).shape
    (8, 8, 3)
    """
    where = "elastic_transform"
    choose(where, "interpolation", interpolation, _INTERPOLATIONS)
    choose(where, "fill_mode", fill_mode, tuple(EXTENSIONS))
    if not float(sigma) > 0:
        raise ArgumentError(message(where, "a positive sigma", sigma, "5 is usual."))
    made = spatial.image(where, images, data_format, 2)
    (batch, height, width, channels), width_of_bell = made.x.shape, 6 * int(sigma) | 1
    noise = op("random.normal")((batch, height, width, 2), 0.0, float(sigma), seed=seed)
    smooth = separable(noise, (width_of_bell,) * 2, (float(sigma),) * 2, True)
    shifts = [reshape(take_slice(smooth, (0, 0, 0, k), (batch, height, width, 1), (1,) * 4), (batch, height, width)) for k in (0, 1)]
    grid = places(height, 1, 3), places(width, 2, 3)
    positions = [mapped(_displaced, p, s, float(alpha)) for p, s in zip(grid, shifts)]
    x = reshape(made.x, (batch, height * width, channels))
    found = _read(x, positions, (height, width), _INTERPOLATIONS.index(interpolation), fill_mode, fill_value)
    return made.restore(reshape(found, made.x.shape))
