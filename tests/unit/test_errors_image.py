"""What the ops on images refuse, and in which words."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError

IMAGE, ONE = tw.ones((1, 4, 4, 3)), tw.ones((4, 4, 1))
BOXES, SCORES = tw.zeros((2, 4)), tw.zeros((2,))
MOVE = [1.0, 0, 0, 0, 1, 0, 0, 0]
CORNERS = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
CASES = [
    (ShapeError, "rgb_to_grayscale: expected a tensor of rank 2 to 6", "rgb_to_grayscale", (tw.ones((4, 2)),), {}),
    (
        ShapeError,
        "rgb_to_grayscale: expected a tensor of rank 4",
        "rgb_to_grayscale",
        (tw.ones((4, 3)),),
        {"data_format": "channels_first"},
    ),
    (ArgumentError, "rgb_to_grayscale: expected data_format", "rgb_to_grayscale", (IMAGE,), {"data_format": "sideways"}),
    (ShapeError, "grayscale_to_rgb: expected a tensor of rank 2 or more", "grayscale_to_rgb", (IMAGE,), {}),
    (ShapeError, "rgb_to_hsv: expected images of 3 channels, got 1", "rgb_to_hsv", (ONE,), {}),
    (DTypeError, "hsv_to_rgb: expected a floating tensor", "hsv_to_rgb", (tw.ones((2, 2, 3), "int32"),), {}),
    (ShapeError, "threshold: expected an image of rank 3", "threshold", (IMAGE,), {}),
    (ArgumentError, "threshold: expected method binary or otsu", "threshold", (ONE,), {"method": "mean"}),
    (DTypeError, "threshold: expected an image of real numbers", "threshold", (tw.ones((2, 2, 1), "bool"),), {}),
    (ArgumentError, "pad_images: expected two of top_padding", "pad_images", (IMAGE, 1, 1), {}),
    (ArgumentError, "pad_images: expected left_padding, right_padding", "pad_images", (IMAGE, 1, 1, 1), {"target_width": 3}),
    (ArgumentError, "crop_images: expected top_cropping", "crop_images", (IMAGE, 3, 1, 3, 1), {}),
    (ShapeError, "crop_images: expected a tensor of rank 4", "crop_images", (tw.ones((4, 4)), 0, 0, 0, 0), {}),
    (ShapeError, "extract_patches: expected a size of 1 to 3 integers", "extract_patches", (IMAGE, (1, 2, 3, 4)), {}),
    (ShapeError, "extract_patches: expected windows that fit", "extract_patches", (IMAGE, 5), {}),
    (ShapeError, "extract_patches_3d: expected a tensor of rank 5", "extract_patches_3d", (ONE, 2), {}),
    (ShapeError, "flip_left_right: expected a tensor of rank 4", "flip_left_right", (tw.ones((2, 2)),), {}),
    (ArgumentError, "gaussian_blur: expected two positive numbers for sigma", "gaussian_blur", (IMAGE, 3, (1.0, 0.0)), {}),
    (ArgumentError, "gaussian_blur: expected 1 or 2 integers", "gaussian_blur", (IMAGE, (1, 2, 3)), {}),
    (ShapeError, "sobel_edges: expected images of 2 pixels", "sobel_edges", (tw.ones((1, 1, 4, 1)),), {}),
    (ShapeError, "ssim: expected images of one shape", "ssim", (IMAGE, ONE), {}),
    (ArgumentError, "ssim: expected a filter_size from 1 to 4", "ssim", (IMAGE, IMAGE), {}),
    (ShapeError, "resize: expected a tensor of rank 4", "resize", (tw.ones((4, 4)), (2, 2)), {}),
    (ArgumentError, "resize: expected a size of", "resize", (IMAGE, (0, 2)), {}),
    (ArgumentError, "resize: expected a size of", "resize", (IMAGE, (2, 2, 2)), {}),
    (ArgumentError, "resize: expected interpolation nearest", "resize", (IMAGE, (2, 2), "linear"), {}),
    (ArgumentError, "resize: expected fill_mode constant", "resize", (IMAGE, (2, 2)), {"fill_mode": "wrap"}),
    (
        ArgumentError,
        "resize: expected cropping or padding",
        "resize",
        (IMAGE, (2, 2)),
        {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
    ),
    (ShapeError, "resize: expected images of at least one pixel", "resize", (tw.ones((1, 0, 2, 1)), (2, 2)), {}),
    (ArgumentError, "resize_bilinear: expected align_corners or", "resize_bilinear", (IMAGE, (2, 2), True, True), {}),
    (ArgumentError, "resize_nearest_neighbor: expected a size", "resize_nearest_neighbor", (IMAGE, 2), {}),
    (ArgumentError, "scale_and_translate: expected method", "scale_and_translate", (SCORES, (3,), [1.0], [0.0], (0,), "area"), {}),
    (ShapeError, "scale_and_translate: expected an output_shape", "scale_and_translate", (BOXES, (2, 5), [1.0], [0.0], (0,), "linear"), {}),
    (ShapeError, "scale_and_translate: expected scale and", "scale_and_translate", (BOXES, (3, 4), [1.0, 1.0], [0.0], (0,), "linear"), {}),
    (ShapeError, "affine_transform: expected transforms of shape", "affine_transform", (IMAGE, MOVE[:6]), {}),
    (ArgumentError, "affine_transform: expected interpolation", "affine_transform", (IMAGE, MOVE, "cubic"), {}),
    (ArgumentError, "affine_transform: expected fill_mode", "affine_transform", (IMAGE, MOVE), {"fill_mode": "mirror"}),
    (ArgumentError, "transform: expected an output_shape", "transform", (IMAGE, [MOVE]), {"output_shape": (1, 2, 3)}),
    (ShapeError, "transform: expected transforms of shape", "transform", (IMAGE, [MOVE, MOVE]), {}),
    (ShapeError, "perspective_transform: expected start_points of shape", "perspective_transform", (IMAGE, CORNERS[:3], CORNERS), {}),
    (ShapeError, "perspective_transform: expected end_points of shape", "perspective_transform", (IMAGE, CORNERS, [CORNERS] * 2), {}),
    (ArgumentError, "perspective_transform: expected interpolation", "perspective_transform", (IMAGE, CORNERS, CORNERS, "cubic"), {}),
    (ArgumentError, "rotate_with_offset: expected a fill_value for 3 channels", "rotate_with_offset", (IMAGE, 1.0, [1.0]), {}),
    (ArgumentError, "map_coordinates: expected order 0", "map_coordinates", (SCORES, [[0.0]], 3), {}),
    (ArgumentError, "map_coordinates: expected fill_mode", "map_coordinates", (SCORES, [[0.0]], 1, "edge"), {}),
    (ShapeError, "map_coordinates: expected coordinates of rank 2", "map_coordinates", (SCORES, [0.0], 1), {}),
    (ShapeError, "map_coordinates: expected coordinates of rank 2", "map_coordinates", (BOXES, [[0.0]], 1), {}),
    (ArgumentError, "elastic_transform: expected a positive sigma", "elastic_transform", (IMAGE,), {"sigma": 0.0}),
    (ArgumentError, "elastic_transform: expected interpolation", "elastic_transform", (IMAGE,), {"interpolation": "cubic"}),
    (ShapeError, "crop_and_resize: expected images of rank 4", "crop_and_resize", (ONE, BOXES, [0, 0], (2, 2)), {}),
    (ShapeError, "crop_and_resize: expected boxes of shape", "crop_and_resize", (IMAGE, BOXES, [0], (2, 2)), {}),
    (ArgumentError, "crop_and_resize: expected a crop_size", "crop_and_resize", (IMAGE, BOXES, [0, 0], (2, 0)), {}),
    (DTypeError, "crop_and_resize: expected integers for box_ind", "crop_and_resize", (IMAGE, BOXES, [0.0, 0.0], (2, 2)), {}),
    (ArgumentError, "crop_and_resize: expected method", "crop_and_resize", (IMAGE, BOXES, [0, 0], (2, 2), "cubic"), {}),
    (ShapeError, "non_max_suppression: expected boxes of shape", "non_max_suppression", (BOXES, tw.zeros((3,)), 2), {}),
    (ArgumentError, "non_max_suppression: expected max_output_size", "non_max_suppression", (BOXES, SCORES, -1), {}),
    (ArgumentError, "non_max_suppression_padded: expected iou_threshold", "non_max_suppression_padded", (BOXES, SCORES, 1, 1.5), {}),
    (
        ArgumentError,
        "non_max_suppression_with_score: expected soft",
        "non_max_suppression_with_score",
        (BOXES, SCORES, 1),
        {"soft_nms_sigma": 2.0},
    ),
]


@pytest.mark.parametrize(("kind", "beginning", "name", "args", "kwargs"), CASES, ids=lambda v: v[:60] if isinstance(v, str) else "")
def test_refused(kind, beginning, name, args, kwargs):
    with pytest.raises(kind, match="^" + beginning):
        getattr(tw.ops.image, name)(*args, **kwargs)
