"""Data to train on: pipelines (`Dataset`, tf.data's names and TensorFlow.js's), CSV files, and the digits of `tensorweb-datasets`."""

from .dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from .digits import mnist
from .sources import array, generator, zip
from .structure import TensorSpec
from .text import CSVDataset, TextLineDataset, csv

__all__ = [
    "AUTOTUNE", "CSVDataset", "Dataset", "INFINITE_CARDINALITY", "TensorSpec", "TextLineDataset", "UNKNOWN_CARDINALITY", "array", "csv",
    "generator", "mnist", "zip",
]  # fmt: skip
