"""Data to train on: pipelines (`Dataset`, tf.data's names and TensorFlow.js's), CSV files, the page's devices, the digits of MNIST."""

from .dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from .devices import Position, accelerometer, location, microphone, webcam
from .digits import mnist
from .sources import array, generator, zip
from .structure import TensorSpec
from .text import CSVDataset, TextLineDataset, csv

__all__ = [
    "AUTOTUNE", "CSVDataset", "Dataset", "INFINITE_CARDINALITY", "Position", "TensorSpec", "TextLineDataset", "UNKNOWN_CARDINALITY",
    "accelerometer", "array", "csv", "generator", "location", "microphone", "mnist", "webcam", "zip",
]  # fmt: skip
