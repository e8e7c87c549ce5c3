"""Data to train on: so far the real digits of `tensorweb-datasets`. Pipelines follow with the Layers API."""

from .digits import mnist

__all__ = ["mnist"]
