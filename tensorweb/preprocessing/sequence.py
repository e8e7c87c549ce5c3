"""keras.preprocessing.sequence: a second name of `tw.utils.pad_sequences`."""

from ..utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
