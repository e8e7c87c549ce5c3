"""VGG19, with 19 layers that have weights."""

from .imagenet_utils import decode_predictions, preprocessor
from .vgg import vgg

VGG19 = vgg("VGG19", (2, 2, 4, 4, 4))
preprocess_input = preprocessor("VGG19", "caffe")
__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
