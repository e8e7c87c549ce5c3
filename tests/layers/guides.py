"""All programs of the guides: importing this file registers them."""

from . import guide_layers, guide_models, guide_more, guide_saving, guide_sequences, guide_steps, guide_training, guide_vision  # noqa: F401
from .guide_programs import PROGRAMS

__all__ = ["PROGRAMS"]
