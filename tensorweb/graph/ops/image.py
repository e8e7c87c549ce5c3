"""Graph ops on images: resizing, crops, projections, colours, patches."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...errors import FormatError, message
from ..define import graph_op
from .support import plain_ops, text


@graph_op("ResizeBilinear", host=(1,))
def _resize_bilinear(node: Any, x: Any, size: list[int]) -> Any:
    return ops.image.resize_bilinear(x, tuple(size), bool(node.attrs.get("align_corners")), bool(node.attrs.get("half_pixel_centers")))


@graph_op("ResizeNearestNeighbor", host=(1,))
def _resize_nearest(node: Any, x: Any, size: list[int]) -> Any:
    return ops.image.resize_nearest_neighbor(
        x, tuple(size), bool(node.attrs.get("align_corners")), bool(node.attrs.get("half_pixel_centers"))
    )


@graph_op("CropAndResize", host=(3,))
def _crop_and_resize(node: Any, x: Any, boxes: Any, owners: Any, size: list[int]) -> Any:
    return ops.image.crop_and_resize(
        x, boxes, owners, tuple(size), text(node, "method", "bilinear"), node.attrs.get("extrapolation_value", 0.0)
    )


@graph_op("ImageProjectiveTransformV2", "ImageProjectiveTransformV3", host=(2, 3))
def _projective(node: Any, x: Any, transforms: Any, size: list[int], fill: float = 0.0) -> Any:
    names = text(node, "interpolation", "NEAREST").lower(), text(node, "fill_mode", "CONSTANT").lower()
    return ops.image.transform(x, transforms, *names, fill, tuple(size))


plain_ops({"RGBToHSV": ops.image.rgb_to_hsv, "HSVToRGB": ops.image.hsv_to_rgb})


@graph_op("ExtractImagePatches")
def _patches(node: Any, x: Any) -> Any:
    size, strides, rates = (tuple(node.attrs[name][1:3]) for name in ("ksizes", "strides", "rates"))
    return ops.image.extract_patches(x, size, strides, rates, text(node, "padding").lower())


@graph_op("ExtractVolumePatches")
def _volume_patches(node: Any, x: Any) -> Any:
    size, strides = (tuple(node.attrs[name][1:4]) for name in ("ksizes", "strides"))
    return ops.image.extract_patches_3d(x, size, strides, 1, text(node, "padding").lower())


# --- other ways to resize ---


@graph_op("ResizeBicubic", host=(1,))
def _resize_bicubic(node: Any, x: Any, size: list[int]) -> Any:
    if not node.attrs.get("half_pixel_centers") or node.attrs.get("align_corners"):
        got = "a bicubic resize of TensorFlow 1"
        raise FormatError(message(f"node {node.name!r}", "half_pixel_centers", got, "Resize bilinearly."))
    return ops.image.resize(ops.cast(x, "float32"), tuple(size), "bicubic")


_KERNELS = {"lanczos3": "lanczos3", "lanczos5": "lanczos5", "keyscubic": "cubic", "triangle": "linear"}


@graph_op("ScaleAndTranslate", host=(1,))
def _scale_and_translate(node: Any, x: Any, size: list[int], scale: Any, translation: Any) -> Any:
    kernel = text(node, "kernel_type", "lanczos3")
    if kernel not in _KERNELS:
        raise FormatError(message(f"node {node.name!r}", f"a kernel among {', '.join(_KERNELS)}", repr(kernel), "Resize by another."))
    shape = (x.shape[0], *size, x.shape[3])
    antialias = bool(node.attrs.get("antialias", True))
    return ops.image.scale_and_translate(ops.cast(x, "float32"), shape, scale, translation, (1, 2), _KERNELS[kernel], antialias)


# --- colours ---


@graph_op("AdjustContrastv2")
def _adjust_contrast(node: Any, x: Any, factor: Any) -> Any:
    mean = ops.mean(x, (-3, -2), True)
    return ops.add(ops.multiply(ops.subtract(x, mean), factor), mean)


def _in_hsv(x: Any, channel: int, change: Any) -> Any:
    """Return images with hue (0) or saturation (1) changed."""
    parts = ops.unstack(ops.image.rgb_to_hsv(x), axis=-1)
    parts[channel] = change(parts[channel])
    return ops.image.hsv_to_rgb(ops.stack(parts, axis=-1))


plain_ops(
    {
        "AdjustHue": lambda x, delta: _in_hsv(x, 0, lambda hue: ops.mod(ops.add(hue, delta), 1.0)),
        "AdjustSaturation": lambda x, factor: _in_hsv(x, 1, lambda saturation: ops.clip(ops.multiply(saturation, factor), 0.0, 1.0)),
    }
)
