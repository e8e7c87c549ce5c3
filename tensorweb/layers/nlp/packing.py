"""StartEndPacker: sequences with a start and an end, cut and padded to one length."""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError, message
from ...tensor import as_tensor, tensor
from ..layer import Layer


class StartEndPacker(Layer):
    """Sequences with a start and an end value, cut and padded to one length. TensorFlow.js's class.

    Inputs: a tensor [n], or a list of them; outputs [sequence_length], or [m, sequence_length]. Args: `sequence_length`;
    `start_value`, `end_value`: None for none; `pad_value`: default 0, or "" for strings. Raises ShapeError for other ranks.

    >>> import tensorweb as tw
    >>> packer = tw.layers.StartEndPacker(sequence_length=6, start_value=1, end_value=2)
    >>> packer([tw.tensor([5, 6, 7]), tw.tensor([8, 9, 10, 11, 12])]).tolist()
    [[1, 5, 6, 7, 2, 0], [1, 8, 9, 10, 11, 2]]
    """

    def __init__(self, sequence_length: int, start_value: Any = None, end_value: Any = None, pad_value: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.autocast = False
        self.sequence_length, self.start_value, self.end_value, self.pad_value = sequence_length, start_value, end_value, pad_value

    def call(
        self, inputs: Any, sequence_length: int | None = None, add_start_value: bool = True, add_end_value: bool = True
    ) -> Any:
        """Return the packed sequences."""
        return self.call_and_return_padding_mask(inputs, sequence_length, add_start_value, add_end_value)[0]

    def call_and_return_padding_mask(
        self, inputs: Any, sequence_length: int | None = None, add_start_value: bool = True, add_end_value: bool = True
    ) -> tuple[Any, Any]:
        """Return (packed sequences, where they hold no padding)."""
        several = isinstance(inputs, (list, tuple)) and not all(isinstance(v, (int, float, str)) for v in inputs)
        rows = [as_tensor(x, self.name) for x in (inputs if several else [inputs])]
        if any(len(x.shape) != 1 for x in rows):
            shapes = [x.shape for x in rows]
            raise ShapeError(message(self.name, "a tensor of rank 1, or a list of them", shapes, "Pass one for each text."))
        length = self.sequence_length if sequence_length is None else sequence_length
        start = [self.start_value] if add_start_value and self.start_value is not None else []
        end = [self.end_value] if add_end_value and self.end_value is not None else []
        dtype = rows[0].dtype if rows else "int32"
        pad = ("" if dtype == "string" else 0) if self.pad_value is None else self.pad_value
        packed, masks = [], []
        for x in rows:
            values = [*(start + x.tolist())[: length - len(end)], *end]
            packed.append(values + [pad] * (length - len(values)))
            masks.append([True] * len(values) + [False] * (length - len(values)))
        if several:
            return tensor(packed, (len(rows), length), dtype), tensor(masks, (len(rows), length), "bool")
        return tensor(packed[0], (length,), dtype), tensor(masks[0], (length,), "bool")
