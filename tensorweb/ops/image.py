"""The names of `tw.ops.image`: all ops on images, as in keras.ops.image and TensorFlow.js's tf.image. The code is elsewhere."""

from .image_boxes import (
    crop_and_resize,
    non_max_suppression,
    non_max_suppression_async,
    non_max_suppression_padded,
    non_max_suppression_padded_async,
    non_max_suppression_with_score,
    non_max_suppression_with_score_async,
)
from .image_color import grayscale_to_rgb, hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv, threshold
from .image_filter import gaussian_blur, sobel_edges, ssim
from .image_places import crop_images, extract_patches, extract_patches_3d, flip_left_right, pad_images
from .image_resize import resize, resize_bilinear, resize_nearest_neighbor, scale_and_translate
from .image_transform import (
    affine_transform,
    elastic_transform,
    map_coordinates,
    perspective_transform,
    rotate_with_offset,
    transform,
)

__all__ = [
    "affine_transform", "crop_and_resize", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d",
    "flip_left_right", "gaussian_blur", "grayscale_to_rgb", "hsv_to_rgb", "map_coordinates", "non_max_suppression",
    "non_max_suppression_async", "non_max_suppression_padded", "non_max_suppression_padded_async", "non_max_suppression_with_score",
    "non_max_suppression_with_score_async", "pad_images", "perspective_transform", "resize", "resize_bilinear",
    "resize_nearest_neighbor", "rgb_to_grayscale", "rgb_to_hsv", "rotate_with_offset", "scale_and_translate", "sobel_edges", "ssim",
    "threshold", "transform",
]  # fmt: skip
