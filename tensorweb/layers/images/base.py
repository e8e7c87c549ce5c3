"""BaseImagePreprocessingLayer: how images, boxes, masks and labels go through one random transformation. No transformation itself.

A layer says what it draws in `get_random_transformation` and what that does in `transform_images` and its siblings.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ... import dtypes, ops
from ...autodiff import map_leaves
from ...config import standardize_data_format
from ...engine import ABSTRACT
from ...errors import ArgumentError, ShapeError, message
from ...ops.random import SeedGenerator
from ...symbolic import KerasTensor
from ...tensor import Tensor, as_tensor
from ..layer import Layer

FILL_MODES, INTERPOLATIONS = ("reflect", "wrap", "constant", "nearest"), ("nearest", "bilinear")


class UnsupportedModeError(ArgumentError, NotImplementedError):
    """A layer has no such mode."""


def images_of(data: Any) -> Any:
    """Return the images of a call's data, which is a dict or the images themselves."""
    return data["images"] if isinstance(data, dict) else data


def as_float(x: Any, dtype: str = "float32") -> Any:
    """Return a tensor in a dtype, itself if it has it."""
    x = as_tensor(x, "preprocessing")
    return x if x.dtype == dtype else ops.cast(x, dtype)


def per_image(x: Any, dtype: str | None = None) -> Any:
    """Return numbers [batch] as [batch, 1, 1, 1]."""
    x = as_tensor(x, "preprocessing") if dtype is None else as_float(x, dtype)
    return ops.reshape(x, (-1, 1, 1, 1))


def is_number(value: Any) -> bool:
    """Tell a Python number."""
    return isinstance(value, (int, float))


def range_of(value: Any, low: float, high: float, name: str, where: str) -> tuple[Any, Any]:
    """Return (lower, upper) of a factor: a pair sorted, or a number as the upper end and its negative, not below `low`, as the lower.

    Raises ArgumentError unless the range meets [low, high].
    """
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(map(is_number, value)) and value[0] <= high and value[1] >= low:
        first, second = sorted(value)
        return first, second
    if is_number(value) and low <= value <= high:
        return max(-abs(value), low), abs(value)
    wanted = f"`{name}`: a number or two numbers within [{low}, {high}]"
    raise ArgumentError(message(where, wanted, repr(value), "Two numbers are the ends of the range to draw from."))


def strict_range_of(value: Any, low: float, high: float, name: str, where: str, open_low: bool = False) -> tuple[Any, Any]:
    """Return (lower, upper) of a factor whose numbers must all lie within [low, high] (or above `low`); a number stands for (-n, n)."""
    numbers = [value] if is_number(value) else list(value) if isinstance(value, (list, tuple)) and len(value) == 2 else []
    if not numbers or not all(is_number(v) and low <= v <= high and not (open_low and v == low) for v in numbers):
        wanted = f"`{name}`: a number or two numbers within {'(' if open_low else '['}{low}, {high}]"
        raise ArgumentError(message(where, wanted, repr(value), "Two numbers are the ends of the range to draw from."))
    return (-abs(value), abs(value)) if is_number(value) else tuple(sorted(value))


def sorted_range(value: Any, where: str) -> list[Any]:
    """Return the two ends of a value range in order."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ArgumentError(message(where, "a `value_range` of two numbers", repr(value), "Images mostly have (0, 255) or (0, 1)."))
    return sorted(value)


def choose_mode(value: Any, name: str, allowed: tuple[str, ...], where: str) -> str:
    """Return a mode, or raise UnsupportedModeError."""
    if value not in allowed:
        raise UnsupportedModeError(message(where, f"`{name}` among {', '.join(allowed)}", repr(value), "Choose one of them."))
    return value


def rescaled(images: Any, source: Any, target: Any, dtype: str = "float32") -> Any:
    """Return images whose values lay in the range `source` in the range `target`."""
    if source[0] == target[0] and source[1] == target[1]:
        return images
    parts = (as_float(images, dtype) - source[0]) / (source[1] - source[0])
    return parts * (target[1] - target[0]) + target[0]


def _filled(rows: list[Any], size: int, blank: Any) -> list[Any]:
    return [*rows, *([blank] * (size - len(rows)))]


def dense_boxes(bounding_boxes: Any, where: str) -> dict[str, Any]:
    """Return a dict of tensors "boxes" (float32) and "labels"; lists of unequal lengths are filled up with zeros and labels -1."""
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        got = sorted(bounding_boxes) if isinstance(bounding_boxes, dict) else type(bounding_boxes).__name__
        raise ArgumentError(message(where, "`bounding_boxes` as a dict of boxes and labels", got, "Pass both."))
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, list):
        if not isinstance(labels, list) or len(labels) != len(boxes):
            raise ArgumentError(message(where, "a list of as many labels as boxes", repr(labels)[:80], "Both are lists, or both tensors."))
        if boxes and not any(is_number(v) for b in boxes for v in b):
            size = max(len(b) for b in boxes)
            boxes, labels = [_filled(b, size, [0.0] * 4) for b in boxes], [_filled(v, size, -1) for v in labels]
    made = {**bounding_boxes, "boxes": as_float(boxes), "labels": as_tensor(labels, where)}
    ranks = len(made["boxes"].shape), len(made["labels"].shape)
    if ranks[0] not in (2, 3) or ranks[1] not in (ranks[0] - 1, ranks[0]):
        got = f"boxes {made['boxes'].shape}, labels {made['labels'].shape}"
        raise ShapeError(message(where, "boxes (n, 4) with labels (n,), or both with a batch", got, "Check their shapes."))
    return made


class BaseImagePreprocessingLayer(Layer):
    """Base of the layers over images [batch, height, width, channels] or one image, alone or in a dict with what belongs to them.

    The dict's keys: "images", "bounding_boxes" (a dict of "boxes" [batch, n, 4] in `bounding_box_format` and "labels" [batch, n]),
    "labels" and "segmentation_masks"; the same transformation goes over all of them, and a dict comes out. Without training most
    layers give what they get. Keras's class of this name.
    """

    # Constructor arguments that Keras leaves out of the config.
    _UNSAVED: ClassVar[tuple[str, ...]] = ()
    # Whether symbolic outputs have the inputs' dtype; else they have the compute dtype.
    _KEEPS_DTYPE: ClassVar[bool] = False
    interpolation = "bilinear"
    seed: Any = None
    value_range: Any

    def __init__(self, bounding_box_format: Any = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)
        first = self.data_format == "channels_first"
        self.height_axis, self.width_axis, self.channel_axis = (-2, -1, -3) if first else (-3, -2, -1)

    def _seeded(self, seed: int | None) -> None:
        self.seed, self.generator = seed, SeedGenerator(seed)

    def _source(self, seed: Any) -> Any:
        """Return what to draw from: the layer's generator, or one that begins at a seed given for this call."""
        if seed is None:
            return self.generator
        return SeedGenerator(seed) if isinstance(seed, int) else seed

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs, with Keras's keys."""
        left_out = (*self._UNSAVED, *(("bounding_box_format",) if self.bounding_box_format is None else ()))
        return {k: v for k, v in super().get_config().items() if k not in left_out}

    # --- shapes ---

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape: that of the inputs, unless the layer changes sizes."""
        return input_shape

    def compute_output_spec(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs, as Keras has it in the layer's compute dtype; nothing is drawn."""
        shapes = self.compute_output_shape(_shapes(data))
        return _like(data, shapes, lambda t, s: KerasTensor(s, self._out_dtype(t)))

    def _abstract(self, data: Any) -> Any:
        """Return the outputs for abstract tensors, while shapes are inferred."""
        shapes = self.compute_output_shape(_shapes(data))
        return _like(data, shapes, lambda t, s: Tensor(ABSTRACT, tuple(s), self._out_dtype(t)))

    def _out_dtype(self, t: Any) -> str:
        return t.dtype if self._KEEPS_DTYPE else self.compute_dtype

    # --- what is drawn ---

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what the layer will do to `data` in this call."""
        return None

    def _batch(self, data: Any) -> tuple[tuple[int, ...], int]:
        """Return the images' shape, and how many they are."""
        shape = tuple(as_tensor(images_of(data), self.name).shape)
        self._check_rank(shape)
        return shape, 1 if len(shape) == 3 else shape[0]

    def _check_rank(self, shape: tuple[int, ...]) -> None:
        if len(shape) not in (3, 4):
            raise ShapeError(message(self.name, "images of rank 3, or 4 with a batch", f"shape {shape}", "Channels are an axis too."))

    def _sizes(self, shape: Any) -> tuple[int, int]:
        """Return (height, width) of images of a shape."""
        return shape[self.height_axis], shape[self.width_axis]

    def _uniform(self, shape: Any, low: Any, high: Any, seed: Any) -> Any:
        return ops.random.uniform(tuple(shape), low, high, seed=seed)

    def _chance(self, batch: int, bounds: Any, seed: Any) -> Any:
        """Return [batch] booleans, true with a probability that is itself drawn within `bounds`."""
        probability = self._uniform((batch,), bounds[0], bounds[1], seed)
        return self._uniform((batch,), 0.0, 1.0, seed) < probability

    # --- what it does ---

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define _transform_images")

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images [batch, ...] transformed."""
        images = as_float(images, self.compute_dtype)
        return self._transform_images(images, transformation, self.interpolation) if training else images

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the labels of the transformed images."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the dict of boxes [batch, n, 4] and labels [batch, n] as they lie in the transformed images."""
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks of the transformed images."""
        return segmentation_masks

    def transform_single_image(self, image: Any, transformation: Any, training: bool = True) -> Any:
        """Return one image transformed."""
        return _alone(self.transform_images, image, transformation, training)

    def transform_single_label(self, label: Any, transformation: Any, training: bool = True) -> Any:
        """Return one label transformed."""
        return _alone(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(self, bounding_box: Any, transformation: Any, training: bool = True) -> Any:
        """Return the boxes of one image transformed."""
        whole = {k: ops.expand_dims(as_tensor(v, self.name), 0) if k in ("boxes", "labels") else v for k, v in bounding_box.items()}
        made = self.transform_bounding_boxes(whole, transformation=transformation, training=training)
        return {k: ops.squeeze(v, axis=0) if k in ("boxes", "labels") else v for k, v in made.items()}

    def transform_single_segmentation_mask(self, segmentation_mask: Any, transformation: Any, training: bool = True) -> Any:
        """Return one mask transformed."""
        return _alone(self.transform_segmentation_masks, segmentation_mask, transformation, training)

    def call(self, data: Any, training: bool = True) -> Any:
        """Return images, or a dict of images and what belongs to them, under one random transformation."""
        images = images_of(data)
        if isinstance(images, Tensor) and images.is_abstract:
            return self._abstract(data)
        images = as_tensor(images, self.name)
        self._check_rank(images.shape)
        data = {**data, "images": images} if isinstance(data, dict) else images
        drawn = {"transformation": self.get_random_transformation(data, training=training), "training": training}
        single = len(images.shape) == 3
        made = (self.transform_single_image if single else self.transform_images)(images, **drawn)
        return self._rest(data, made, single, drawn) if isinstance(data, dict) else made

    def _rest(self, data: dict[str, Any], images: Any, single: bool, drawn: dict[str, Any]) -> dict[str, Any]:
        """Return the dict with what belongs to the images transformed too."""
        found = {**data, "images": images}
        if "bounding_boxes" in data:
            if not self.bounding_box_format:
                got = "bounding_boxes, but no bounding_box_format"
                raise ArgumentError(message(self.name, "to know the boxes' format", got, "Make the layer with bounding_box_format='xyxy'."))
            boxes = dense_boxes(data["bounding_boxes"], self.name)
            found["bounding_boxes"] = (self.transform_single_bounding_box if single else self.transform_bounding_boxes)(boxes, **drawn)
        if "labels" in data:
            labels = as_tensor(data["labels"], self.name)
            found["labels"] = (self.transform_single_label if single else self.transform_labels)(labels, **drawn)
        if "segmentation_masks" in data:
            masks = as_tensor(data["segmentation_masks"], self.name)
            made = self.transform_single_segmentation_mask if single else self.transform_segmentation_masks
            found["segmentation_masks"] = made(masks, **drawn)
        return found


def _alone(transform: Any, value: Any, transformation: Any, training: bool) -> Any:
    whole = ops.expand_dims(as_tensor(value, "preprocessing"), 0)
    return ops.squeeze(transform(whole, transformation=transformation, training=training), axis=0)


def _shapes(data: Any) -> Any:
    return map_leaves(lambda t: tuple(t.shape), data)


def _like(data: Any, shapes: Any, make: Any) -> Any:
    if isinstance(data, dict):
        return {k: _like(v, shapes[k], make) for k, v in data.items()}
    return make(data, shapes)


def is_integer(x: Any) -> bool:
    """Tell a tensor of integers."""
    return not dtypes.is_float(x.dtype)
