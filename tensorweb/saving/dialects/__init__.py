"""The dialects in which models are written down: Keras 3's, which is ours, Keras 2's and TensorFlow.js's."""

from .detecting import is_keras3, model_of
from .keras3_h5 import to_legacy_keras3
from .web import WebTopology, to_web

__all__ = ["WebTopology", "is_keras3", "model_of", "to_legacy_keras3", "to_web"]
