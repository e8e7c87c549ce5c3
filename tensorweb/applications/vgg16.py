"""VGG16, with 16 layers that have weights."""

from .imagenet_utils import decode_predictions, preprocessor
from .vgg import vgg

VGG16 = vgg("VGG16", (2, 2, 3, 3, 3))
preprocess_input = preprocessor("VGG16", "caffe")
__all__ = ["VGG16", "decode_predictions", "preprocess_input"]
