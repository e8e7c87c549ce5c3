"""Attention and AdditiveAttention: without projections, on a list [query, value] or [query, value, key]. With heads: `head_attention`."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..ops.random import SeedGenerator
from ..tensor import as_tensor, op
from .layer import Layer


class Attention(Layer):
    """Dot-product attention (Luong): softmax(query key^T) value. Keras's class.

    Args: `use_scale`: whether the scores are multiplied by a weight; `score_mode`: "dot", or "concat" for the sum of
    tanh(query + key); `dropout` of the scores and its `seed`.

    Call: `inputs`, a list [query (batch, Tq, dim), value (batch, Tv, dim)] and perhaps key; `mask`, a list of their masks;
    `return_attention_scores`: the scores [batch, Tq, Tv] too; `use_causal_mask`: later values are hidden.

    >>> import tensorweb as tw
    >>> tw.layers.Attention()([tw.zeros((2, 3, 4)), tw.zeros((2, 5, 4))]).shape
    (2, 3, 4)
    """

    supports_masking = True
    scale: Any = None
    concat_score_weight: Any = None

    def __init__(self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            advice = "Invalid value for argument score_mode. Expected one of {'dot', 'concat'}"
            raise ArgumentError(message(type(self).__name__, "score_mode 'dot' or 'concat'", repr(score_mode), advice))
        self.use_scale, self.score_mode, self.dropout, self.seed = use_scale, score_mode, dropout, seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Make the weights that the scores are multiplied with."""
        self._check(input_shape, None)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones") if self.use_scale else None
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Return the scores [..., Tq, Tv]."""
        if self.score_mode == "dot":
            scores = op("matmul")(query, op("swapaxes")(key, -2, -1))
            return scores if self.scale is None else op("multiply")(scores, self.scale)
        both = op("expand_dims")(query, -2) + op("expand_dims")(key, -3)
        both = both if self.scale is None else self.scale * both
        return self.concat_score_weight * op("sum")(op("tanh")(both), axis=-1)

    def _apply_scores(self, scores: Any, value: Any, scores_mask: Any = None, training: Any = False) -> tuple[Any, Any]:
        """Return (softmax(scores) value, softmax(scores)); `scores_mask` is False where a value is hidden."""
        if scores_mask is not None:
            hidden = op("logical_not")(scores_mask)
            hidden = op("expand_dims")(hidden, -2) if len(hidden.shape) == 2 else hidden
            scores = op("where")(hidden, scores - (65504.0 if scores.dtype == "float16" else 1.0e9), scores)
        weights = op("softmax")(scores, axis=-1)
        if training and self.dropout > 0:
            weights = op("dropout")(weights, self.dropout, seed=self.seed_generator)
        return op("matmul")(weights, value), weights

    def _calculate_score_mask(self, scores: Any, v_mask: Any, use_causal_mask: bool) -> Any:
        """Return the mask of the scores from that of the values; None if nothing is hidden."""
        if not use_causal_mask:
            return v_mask
        causal = causal_mask(scores.shape[-2], scores.shape[-1])
        return causal if v_mask is None else op("logical_and")(op("expand_dims")(v_mask, -2), causal)

    def call(
        self, inputs: Any, mask: Any = None, training: Any = False, return_attention_scores: bool = False, use_causal_mask: bool = False
    ) -> Any:
        """Return the values that the queries attend to, [batch, Tq, dim], and the scores if they are wanted."""
        self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        q_mask, v_mask = [None if m is None else as_tensor(m, self.name) for m in mask[:2]] if mask else (None, None)
        scores = self._calculate_scores(query=query, key=key)
        hidden = self._calculate_score_mask(scores, v_mask, use_causal_mask)
        output, weights = self._apply_scores(scores=scores, value=value, scores_mask=hidden, training=training)
        if q_mask is not None:
            output = op("where")(op("expand_dims")(q_mask, -1), output, 0.0)
        return (output, weights) if return_attention_scores else output

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the queries' mask."""
        self._check(inputs, mask)
        return None if mask is None or mask[0] is None else as_tensor(mask[0], self.name)

    def _check(self, inputs: Any, mask: Any) -> None:
        advice = "It must be called on a list of inputs, namely [query, value] or [query, value, key]; and the layer mask must be a list."
        for what, given in (("inputs", inputs), ("mask", mask)):
            if given is None and what == "mask":
                continue
            if not isinstance(given, list):
                raise ArgumentError(message(type(self).__name__, f"{what} as a list", repr(given)[:80], advice))
            if not 2 <= len(given) <= 3:
                raise ArgumentError(message(type(self).__name__, f"{what} list of length 2 or 3", f"length {len(given)}", advice))


class AdditiveAttention(Attention):
    """Additive attention (Bahdanau): the scores are sums of scale * tanh(query + key). Keras's class.

    Args: `use_scale`: whether scale is a weight [dim], not 1; `dropout` of the scores. Call: that of Attention.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the scale for queries of a size."""
        self._check(input_shape, None)
        shape = (input_shape[0][-1],)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="glorot_uniform") if self.use_scale else None

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        made = op("tanh")(op("expand_dims")(query, -2) + op("expand_dims")(key, -3))
        return op("sum")(made if self.scale is None else self.scale * made, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return {k: v for k, v in super().get_config().items() if k != "score_mode"}


def causal_mask(queries: int, keys: int) -> Any:
    """Return the bool mask [1, queries, keys] that hides later keys."""
    rows = op("reshape")(op("arange")(queries), (1, queries, 1))
    return op("greater_equal")(rows, op("reshape")(op("arange")(keys), (1, 1, keys)))
