"""Pictures from and to the page, and files that its user picks. TensorFlow.js's tf.browser. Cameras and sensors are in `tw.data`."""

from .files import pick_files
from .pixels import draw, draw_async, from_pixels, from_pixels_async, to_pixels, to_pixels_async

__all__ = ["draw", "draw_async", "from_pixels", "from_pixels_async", "pick_files", "to_pixels", "to_pixels_async"]
