"""Layers made of other image layers, AugMix and RandAugment; and MaxNumBoundingBoxes, which leaves images alone."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...errors import ArgumentError, message
from ...tensor import as_tensor
from .base import BaseImagePreprocessingLayer, as_float, range_of
from .colors import RandomBrightness, RandomColorDegeneration, RandomContrast, RandomPosterization, Solarization
from .filters import RandomSharpness
from .histograms import AutoContrast, Equalization
from .warps import RandomRotation, RandomShear, RandomTranslation

_WARPS = ("random_shear", "random_translation", "random_rotation")
_TONES = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")
_LEVELS = ("random_posterization", "solarization", "auto_contrast", "equalization")


class _Combination(BaseImagePreprocessingLayer):
    """Base of the layers that hold one of each of eleven image layers, all of one strength."""

    factor: tuple[Any, Any]

    def _hold(self, names: tuple[str, ...], seed: int | None) -> None:
        """Make the layers with these attribute names."""
        factor, values = self.factor, self.value_range
        shared: dict[str, Any] = {n: getattr(self, n) for n in ("data_format", "bounding_box_format")}
        shared["dtype"] = self.dtype_policy
        drawn = {**shared, "seed": seed}
        warp, tone = {**drawn, "interpolation": self.interpolation}, {**drawn, "value_range": values}
        makers: dict[str, Any] = {
            "random_shear": lambda: RandomShear(factor, factor, **warp),
            "random_translation": lambda: RandomTranslation(factor, factor, **warp),
            "random_rotation": lambda: RandomRotation(factor, **warp),
            "random_brightness": lambda: RandomBrightness(factor, **tone),
            "random_color_degeneration": lambda: RandomColorDegeneration(factor, **tone),
            "random_contrast": lambda: RandomContrast(factor, **tone),
            "random_sharpness": lambda: RandomSharpness(factor, **tone),
            "random_posterization": lambda: RandomPosterization(max(1, int(8 * factor[1])), **tone),
            "solarization": lambda: Solarization(factor, factor, **tone),
            "auto_contrast": lambda: AutoContrast(value_range=values, **shared),
            "equalization": lambda: Equalization(value_range=values, **shared),
        }
        self._names = names
        for name in names:
            setattr(self, name, makers[name]())


class RandAugment(_Combination):
    """Applies `num_ops` of eleven transformations, drawn at random, in training (Cubuk et al., 2019). Keras's RandAugment.

    Args: `value_range`; `num_ops`; `factor` in [0, 1]: the strength, or its range; `interpolation`; `seed`.
    """

    def __init__(
        self, value_range: Any = (0, 255), num_ops: int = 2, factor: Any = 0.5, interpolation: str = "bilinear", seed: int | None = None,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.num_ops, self.interpolation = value_range, num_ops, interpolation
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self._seeded(seed)
        self._hold((*_WARPS, *_TONES, *_LEVELS), seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the numbers of the layers that are applied, and what each layer would do."""
        if not training:
            return None
        seed = self._source(seed)
        chosen = ops.random.randint((self.num_ops,), 0, len(self._names), seed=seed)
        drawn = {n: getattr(self, n).get_random_transformation(data, training=training, seed=seed) for n in self._names}
        return {"transforms": drawn, "layer_idxes": chosen}

    def _chosen(self, transformation: Any) -> list[tuple[Any, Any]]:
        """Return (layer, what it does), in the order of application."""
        pairs = [(getattr(self, name), drawn) for name, drawn in transformation["transforms"].items()]
        return [pairs[i] for i in as_tensor(transformation["layer_idxes"], self.name).tolist()]

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images after the layers drawn."""
        images = as_float(images, self.compute_dtype)
        for layer, drawn in self._chosen(transformation) if training else ():
            images = as_float(layer.transform_images(images, drawn), self.compute_dtype)
        return images

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes after the layers drawn, each once."""
        if not training:
            return bounding_boxes
        chosen = set(as_tensor(transformation["layer_idxes"], self.name).tolist())
        for i, (name, drawn) in enumerate(transformation["transforms"].items()):
            if i in chosen:
                bounding_boxes = getattr(self, name).transform_bounding_boxes(bounding_boxes, drawn)
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks after the layers drawn."""
        for layer, drawn in self._chosen(transformation) if training else ():
            segmentation_masks = layer.transform_segmentation_masks(segmentation_masks, drawn)
        return segmentation_masks


class AugMix(_Combination):
    """Blends each image with several randomly transformed versions of it in training (Hendrycks et al., 2020). Keras's AugMix.

    Args: `value_range`; `num_chains`: how many versions, `chain_depth`: of how many transformations each; `factor` in [0, 1]: their
    strength; `alpha`: of the distributions of the shares; `all_ops`: also those that change colors; `interpolation`; `seed`.
    """

    def __init__(
        self, value_range: Any = (0, 255), num_chains: int = 3, chain_depth: int = 3, factor: Any = 0.3, alpha: float = 1.0,
        all_ops: bool = True, interpolation: str = "bilinear", seed: int | None = None, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.num_chains, self.chain_depth = value_range, num_chains, chain_depth
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self.alpha, self.all_ops, self.interpolation = alpha, all_ops, interpolation
        self._seeded(seed)
        self._hold((*_WARPS, *_LEVELS, *(_TONES if all_ops else ())), seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the shares of the chains, the image's own share, and each chain's layers with what they do."""
        if not training:
            return None
        seed = self._source(seed)
        weights = ops.random.gamma((self.num_chains,), self.alpha, seed=seed)
        own = ops.random.beta((), self.alpha, self.alpha, seed=seed)
        # One number more than there are layers stands for a step that does nothing.
        drawn = ops.random.randint((self.num_chains, self.chain_depth), 0, len(self._names) + 1, seed=seed).tolist()
        chains = [[self._names[i] for i in chain if i < len(self._names)] for chain in drawn]
        return {
            "chain_mixing_weights": weights / ops.sum(weights), "weight_sample": own,
            "chain_transforms": [
                [{"layer_name": n, "transformation": getattr(self, n).get_random_transformation(data, seed=seed)} for n in chain]
                for chain in chains
            ],
        }  # fmt: skip

    def _mixed(self, values: Any, transformation: Any, method: str) -> Any:
        """Return the blend of values with what the layers' `method` makes of them, chain by chain."""
        weights, own = (as_float(transformation[k], values.dtype) for k in ("chain_mixing_weights", "weight_sample"))
        total = ops.zeros_like(values)
        for i, chain in enumerate(transformation["chain_transforms"]):
            version = values
            for step in chain:
                version = getattr(getattr(self, step["layer_name"]), method)(version, step["transformation"])
            total = total + version * weights[i]
        return own * values + (1 - own) * total

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images blended with their versions."""
        images = as_float(images, self.compute_dtype)
        return ops.clip(self._mixed(images, transformation, "transform_images"), *self.value_range) if training else images

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks blended with their versions."""
        if not training:
            return segmentation_masks
        return self._mixed(as_float(segmentation_masks, self.compute_dtype), transformation, "transform_segmentation_masks")


class MaxNumBoundingBoxes(BaseImagePreprocessingLayer):
    """Gives every image the same number of boxes: cuts the rest off, or fills up with `fill_value`. Keras's MaxNumBoundingBoxes."""

    _UNSAVED = ("fill_value",)

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_number, self.fill_value = int(max_number), int(fill_value)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images as they are."""
        return images

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return boxes [batch, max_number, 4] and labels [batch, max_number]."""
        found = dict(bounding_boxes)
        for key in ("boxes", "labels"):
            t = as_tensor(bounding_boxes[key], self.name)[:, : self.max_number]
            pads = [(0, 0), (0, self.max_number - t.shape[1]), *[(0, 0)] * (len(t.shape) - 2)]
            found[key] = ops.pad(t, pads, constant_values=self.fill_value)
        return found

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes, those of boxes and labels with the number of boxes."""
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = input_shape["bounding_boxes"]
        if set(boxes) - {"boxes", "labels"}:
            raise ArgumentError(message(self.name, "boxes and labels", sorted(boxes), "Leave the other keys out."))
        made = {k: (s[0], self.max_number, *s[2:]) for k, s in boxes.items()}
        return {**input_shape, "bounding_boxes": made}
