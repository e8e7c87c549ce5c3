"""The namespace `tw.math`, as TensorFlow.js's tf.math: names only."""

from .sorting import confusion_matrix

__all__ = ["confusion_matrix"]
