"""Models: Sequential, functional and subclassed ones, with training."""

from .functional import Functional
from .model import Model
from .sequential import Sequential
