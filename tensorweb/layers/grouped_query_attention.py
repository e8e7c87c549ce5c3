"""GroupedQueryAttention: several heads of queries share a head of keys and values."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..tensor import op
from .activation import Softmax
from .head_attention import HeadAttention, without_masks


class GroupedQueryAttention(HeadAttention):
    """Attention in which groups of query heads share keys and values (Ainslie et al., 2023). Keras's class, GroupQueryAttention too.

    Args: `head_dim`: size of each head; `num_query_heads`, a multiple of `num_key_value_heads`; the others and the call are those
    of MultiHeadAttention.

    >>> import tensorweb as tw
    >>> x = tw.zeros((1, 5, 4))
    >>> tw.layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (1, 5, 4)
    """

    _query_first = True
    _return_attention_scores = False

    def __init__(
        self, head_dim: int, num_query_heads: int, num_key_value_heads: int, dropout: float = 0.0, use_bias: bool = True,
        sliding_window: int | None = None, flash_attention: bool | None = None, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, bias_constraint: Any = None, use_gate: bool = False, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if num_query_heads % num_key_value_heads:
            got = f"{num_query_heads} and {num_key_value_heads}"
            wanted = "`num_query_heads` divisible by `num_key_value_heads`"
            raise ArgumentError(message("GroupedQueryAttention", wanted, got, "Correct them."))
        self._start(locals(), "")
        self.head_dim, self.num_query_heads, self.num_key_value_heads = head_dim, num_query_heads, num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads
        self.dropout, self.use_bias, self.use_gate, self.sliding_window, self.seed = dropout, use_bias, use_gate, sliding_window, seed
        self._scale = self._inverse_sqrt_head_dim = 1.0 / math.sqrt(float(head_dim))

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:  # type: ignore[override]
        """Make the projections for inputs of these shapes."""
        key_shape = value_shape if key_shape is None else key_shape
        self.feature_dim = query_shape[-1]
        wide, narrow = (None, self.num_query_heads, self.head_dim), (None, self.num_key_value_heads, self.head_dim)
        self._query_dense = self._dense("bqm,muh->bquh", wide, "uh", "query", query_shape)
        self._key_dense = self._dense("bkm,mvh->bkvh", narrow, "vh", "key", key_shape)
        if self.use_gate:
            self._gate_dense = self._dense("bqm,muh->bquh", wide, "uh", "gate", query_shape, activation="sigmoid")
        self._value_dense = self._dense("bkm,mvh->bkvh", narrow, "vh", "value", value_shape)
        self._softmax = Softmax(axis=-1, dtype=self.dtype_policy)
        self._dropout_layer = self._dropout_of_scores(self.seed)
        self._dot_product_equation, self._combine_equation = "bquh,bkuh->buqk", "buqk,bkuh->bquh"
        joined = (*query_shape[:2], self.num_query_heads, self.head_dim)
        self._output_dense = self._dense("bquh,uhm->bqm", (None, self.feature_dim), "m", "attention_output", joined)

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> tuple:
        """Return the outputs' shape for inputs of these shapes."""
        if query_shape[-1] != value_shape[-1]:
            got = f"{tuple(query_shape)} and {tuple(value_shape)}"
            raise ShapeError(message(self.name, "query and value that agree", got, "The last dimensions must be equal."))
        return super().compute_output_shape(query_shape, value_shape, key_shape)

    def _compute_attention(
        self, query: Any, key: Any, value: Any, attention_mask: Any = None, training: Any = None, use_causal_mask: bool = False
    ) -> tuple[Any, Any]:
        """Return (output, scores or None) of projected inputs, the keys and values repeated for each query head."""
        return self._attend(query, key, value, attention_mask, training, self._return_attention_scores, use_causal_mask)

    def call(
        self, query: Any, value: Any, key: Any = None, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None,
        attention_mask: Any = None, return_attention_scores: bool = False, training: Any = None, use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """Return the outputs [batch, T, dim], and the scores [batch, heads, T, S] if they are wanted."""
        key = value if key is None else key
        self._return_attention_scores = return_attention_scores
        with without_masks(query, value, key):
            masks = (query_mask, value_mask, key_mask, attention_mask)
            native = use_causal_mask and type(self)._compute_attention is GroupedQueryAttention._compute_attention
            native = native and self.sliding_window is None and all(m is None for m in masks)
            mask = None if native else self._compute_attention_mask(query, value, *masks, use_causal_mask=use_causal_mask)
            gate = self._gate_dense(query) if self.use_gate else None
            query, key, value = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        key, value = (op("repeat")(t, self.num_repeats, axis=2) if self.num_repeats > 1 else t for t in (key, value))
        more = {"use_causal_mask": True} if native else {}
        output, scores = self._compute_attention(query, key, value, attention_mask=mask, training=training, **more)
        output = self._output_dense(output if gate is None else op("multiply")(output, gate))
        return (output, scores) if return_attention_scores else output

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return self._config_of(GroupedQueryAttention, "")
