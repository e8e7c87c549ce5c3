"""TensorFlow's files, read without TensorFlow: SavedModels, TF-Hub folders, frozen graphs, checkpoints. All become `Graph`s."""

from .frozen import read_frozen_graph
from .saved_model import read_saved_model, signature_names

__all__ = ["read_frozen_graph", "read_saved_model", "signature_names"]
