"""What cells with dropout have in common: masks that stay the same for all steps of a sequence."""

from __future__ import annotations

from typing import Any

from ..tensor import op


class DropoutRNNCell:
    """Mixin of cells that drop a share `dropout` of their inputs and `recurrent_dropout` of their state.

    The same elements are dropped at each step, until `reset_dropout_mask` and `reset_recurrent_dropout_mask` are called, which
    layers do after each sequence. Draws come from `seed_generator`; `dropout_mask_count`, where set, asks for a list of so many
    masks, one for each gate.
    """

    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    dropout_mask_count: int | None = None
    seed_generator: Any = None
    _dropout_mask: Any = None
    _recurrent_dropout_mask: Any = None

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for the inputs of a step, one for all steps of a sequence; None without dropout."""
        if self._dropout_mask is None and self.dropout > 0:
            self._dropout_mask = self._draw_mask(step_input, self.dropout)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for the state, one for all steps of a sequence; None without recurrent dropout."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            self._recurrent_dropout_mask = self._draw_mask(step_input, self.recurrent_dropout)
        return self._recurrent_dropout_mask

    def _draw_mask(self, like: Any, rate: float) -> Any:
        def draw() -> Any:
            return op("dropout")(op("ones")(like.shape, dtype=like.dtype), rate, seed=self.seed_generator)

        return draw() if self.dropout_mask_count is None else [draw() for _ in range(self.dropout_mask_count)]

    def reset_dropout_mask(self) -> None:
        """Forget the inputs' mask."""
        self._dropout_mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the state's mask."""
        self._recurrent_dropout_mask = None
