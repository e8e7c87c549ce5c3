"""Keras's callbacks: objects whose hooks `fit`, `evaluate` and `predict` call. OrbaxCheckpoint, of another framework, is left out."""

from .callback import Callback
from .callback_list import CallbackList
from .history import History
from .progress import ProgbarLogger
