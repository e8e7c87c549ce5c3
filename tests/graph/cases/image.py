"""Cases of resizing, crops, projections, colours, patches, simulated quantization."""

import numpy as np

from . import case, floats, ints

MODES = ({}, {"align_corners": True}, {"half_pixel_centers": True})
for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
    for attrs in MODES:
        for size in ([6, 7], [2, 3], [3, 1], [4, 5]):
            case(op, floats(2, 4, 5, 2), size, **attrs)
    case(op, ints(1, 3, 3, 1), [5, 4])
    case(op, ints(1, 3, 3, 1, low=0, dtype="uint8"), [2, 4])
BOXES = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [0.9, 0.9, 0.1, 0.1], [-0.5, -0.2, 1.3, 1.2]], "float32")
for method in ("bilinear", "nearest"):
    for size in ([3, 4], [1, 1]):
        case("CropAndResize", floats(2, 5, 6, 2), BOXES, [0, 1, 1, 0], size, method=method, extrapolation_value=-1.0)
case("CropAndResize", floats(1, 4, 4, 1), np.zeros((0, 4), "float32"), np.zeros(0, "int32"), [2, 2])
MOVES = np.array([[1, 0.2, -1, 0.1, 0.9, 1, 0, 0], [0.8, 0, 1, -0.2, 1.1, 0.3, 0.01, 0.02]], "float32")
for interpolation in ("NEAREST", "BILINEAR"):
    for fill_mode in ("CONSTANT", "REFLECT", "WRAP", "NEAREST"):
        case("ImageProjectiveTransformV3", floats(2, 5, 4, 2), MOVES, [5, 6], 0.5, interpolation=interpolation, fill_mode=fill_mode)
case("ImageProjectiveTransformV3", floats(2, 4, 4, 1), MOVES[:1], [3, 3], 0.0, interpolation="BILINEAR")
case("ImageProjectiveTransformV2", floats(1, 4, 4, 1), MOVES[:1], [4, 4], interpolation="NEAREST")
case("RGBToHSV", floats(2, 3, 3, low=0, high=1))
case("HSVToRGB", floats(2, 3, 3, low=0, high=1))
for padding in ("SAME", "VALID"):
    case("ExtractImagePatches", floats(1, 5, 6, 2), ksizes=[1, 2, 3, 1], strides=[1, 2, 1, 1], rates=[1, 1, 2, 1], padding=padding)
case("ExtractVolumePatches", floats(1, 3, 4, 4, 2), ksizes=[1, 2, 2, 2, 1], strides=[1, 1, 2, 1, 1], padding="VALID")
for size in ([6, 7], [2, 3]):
    case("ResizeBicubic", floats(1, 4, 5, 2), size, half_pixel_centers=True, tolerance=1e-3)  # TensorFlow reads weights from a table
for kernel_type in ("lanczos3", "keyscubic", "triangle"):
    for antialias in (True, False):
        case("ScaleAndTranslate", floats(1, 6, 5, 1), [3, 7], np.array([0.5, 1.4], "float32"), np.array([0, 0.2], "float32"),
             kernel_type=kernel_type, antialias=antialias)  # fmt: skip
case("AdjustContrastv2", floats(2, 3, 4, 3), 1.5)
case("AdjustHue", floats(2, 3, 3, low=0, high=1), 0.3)
case("AdjustSaturation", floats(2, 3, 3, low=0, high=1), 0.6)

for low, high in ((-1.0, 1.0), (0.0, 6.0), (-0.3, 2.0), (0.5, 1.5), (-3.0, -0.5)):
    for attrs in ({}, {"narrow_range": True}, {"num_bits": 4}):
        case("FakeQuantWithMinMaxVars", floats(9, low=-4, high=7), low, high, **attrs)
case("FakeQuantWithMinMaxArgs", floats(7, low=-8, high=8))
case("FakeQuantWithMinMaxArgs", floats(7), min=-1.0, max=1.5, num_bits=6)
case("FakeQuantWithMinMaxVarsPerChannel", floats(4, 3), np.array([-1, -2, 0], "float32"), np.array([1, 0.5, 3], "float32"))
