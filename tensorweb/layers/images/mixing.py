"""Layers that mix images of a batch with each other, and their labels: MixUp, CutMix."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import as_tensor
from .base import BaseImagePreprocessingLayer, UnsupportedModeError, as_float, per_image, range_of
from .filters import boxes_mask, random_span


def _order(transformation: Any) -> Any:
    return ops.cast(as_tensor(transformation["permutation_order"], "mixing"), "int32")


def _blend(values: Any, others: Any, weight: Any) -> Any:
    return weight * values + (1.0 - weight) * others


def _mixed_labels(labels: Any, transformation: Any) -> Any:
    labels = as_tensor(labels, "mixing")
    weight = ops.reshape(as_float(transformation["mix_weight"]), (-1, 1))
    floats = as_float(labels) if not labels.dtype.startswith("float") else labels
    return _blend(floats, ops.take(floats, _order(transformation), axis=0), weight)


class MixUp(BaseImagePreprocessingLayer):
    """Blends each image and its label (numbers, one-hot) with another of the batch in training (Zhang et al., 2018). Keras's MixUp.

    Args: `alpha`: of the beta distribution of the shares, the nearer to 0 the less mixed; `seed`. Boxes of both images are kept.
    """

    def __init__(self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = alpha
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return each image's share [batch], and the number of the image that is mixed in."""
        (_, batch), seed = self._batch(data), self._source(seed)
        order = ops.random.shuffle(ops.arange(batch, dtype="int32"), seed=seed)
        return {"mix_weight": ops.random.beta((batch,), self.alpha, self.alpha, seed=seed), "permutation_order": order}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images blended."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        images = as_float(images, self.compute_dtype)
        weight = per_image(transformation["mix_weight"], self.compute_dtype)
        return _blend(images, ops.take(images, _order(transformation), axis=0), weight)

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the labels [batch, classes] blended."""
        return _mixed_labels(labels, transformation) if training else labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes and labels of both images, those of the image mixed in last."""
        if not training:
            return bounding_boxes
        boxes, labels = (as_tensor(bounding_boxes[k], self.name) for k in ("boxes", "labels"))
        order = _order(transformation)
        joined = [ops.concatenate([t, ops.take(t, order, axis=0)], axis=min(1, len(t.shape) - 1)) for t in (boxes, labels)]
        return {"boxes": joined[0], "labels": joined[1]}

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks blended."""
        if not training:
            return segmentation_masks
        masks = as_float(segmentation_masks)
        return _blend(masks, ops.take(masks, _order(transformation), axis=0), per_image(transformation["mix_weight"], "float32"))


class CutMix(BaseImagePreprocessingLayer):
    """Puts a rectangle of another image of the batch into each one in training (Yun et al., 2019). Keras's CutMix.

    Labels (one-hot) are mixed by area. Args: `factor` in [0, 1]: the parameter of the beta distribution of the shares, or its
    range; `seed`. A single image stays as it is.
    """

    def __init__(self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the number of the other image, which pixels come from it, and the share of the image itself."""
        if not training:
            return None
        shape, batch = self._batch(data)
        if len(shape) == 3:
            return None
        seed, (height, width) = self._source(seed), self._sizes(shape)
        alpha = self._uniform((), *self.factor, seed) + 1e-6
        part = ops.sqrt(1.0 - ops.random.beta((batch,), alpha, alpha, seed=seed))
        (x0, x1), (y0, y1) = random_span(self, width, part, seed), random_span(self, height, part, seed)
        weight = per_image(1.0 - (x1 - x0) * (y1 - y0) / (width * height), self.compute_dtype)
        order = ops.random.shuffle(ops.arange(batch, dtype="int32"), seed=seed)
        return {"permutation_order": order, "batch_masks": boxes_mask(self, shape, x0, x1, y0, y1), "mix_weight": weight}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with rectangles of others."""
        images = as_float(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        masks = as_tensor(transformation["batch_masks"], self.name)
        return ops.where(masks, ops.take(images, _order(transformation), axis=0), images)

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the labels [batch, classes] mixed by area."""
        return _mixed_labels(labels, transformation) if training and transformation is not None else labels

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks with the same rectangles of others."""
        masks = as_float(segmentation_masks, self.compute_dtype)
        if not training or transformation is None:
            return masks
        inside = as_tensor(transformation["batch_masks"], self.name)
        if inside.shape[self.channel_axis] != masks.shape[self.channel_axis]:
            # Masks have channels of their own; all channels of an image are cut alike.
            inside = ops.take(inside, ops.zeros((masks.shape[self.channel_axis],), dtype="int32"), axis=self.channel_axis)
        return ops.where(inside, ops.take(masks, _order(transformation), axis=0), masks)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Raise UnsupportedModeError: as in Keras, boxes cannot be cut and mixed."""
        raise UnsupportedModeError(f"{self.name}: CutMix has no way to mix bounding boxes. Leave them out, or use MixUp.")
