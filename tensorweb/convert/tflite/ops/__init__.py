"""How each of TFLite's ops is written with TensorFlow's: a file per subject. Importing this defines all."""

from . import boxes, control, convolution, detections, direct, elementwise, indexing, mediapipe, recurrent, segments, shaping

__all__ = [
    "boxes", "control", "convolution", "detections", "direct", "elementwise", "indexing", "mediapipe", "recurrent", "segments", "shaping",
]  # fmt: skip
