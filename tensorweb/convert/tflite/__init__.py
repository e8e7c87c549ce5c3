"""TFLite's flatbuffers as graphs of TensorFlow's ops, read without TensorFlow."""

from .reader import read_tflite

__all__ = ["read_tflite"]
