"""What MultiHeadAttention and GroupedQueryAttention share: masks, scores, the dense layers around them. The layers: files beside this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import constraints, dtype_policies, initializers, regularizers
from ..errors import ArgumentError, ShapeError, message
from ..tensor import op
from .attention import causal_mask
from .config import config_value
from .dropout import Dropout
from .einsum_dense import EinsumDense
from .layer import Layer

_ROLES = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class HeadAttention(Layer):
    """Base of attention over heads, with dense layers for query, key, value and output."""

    supports_masking = True
    _rate: float
    _scale: float
    _window: int | None
    _flash_attention: bool
    _scores_rank: tuple[int, int] = (4, 1)
    _query_first = False

    def _start(self, given: dict[str, Any], prefix: str) -> None:
        """Set the arguments of the dense layers as attributes; check those that both classes have."""
        for name in ("kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
                     "kernel_constraint", "bias_constraint"):  # fmt: skip
            setattr(self, prefix + name, _ROLES[name.rpartition("_")[2]].get(given[name]))
        self._prefix = prefix
        window, self._rate = given["sliding_window"], given["dropout"]
        if window is not None and (not isinstance(window, int) or window <= 0):
            raise ArgumentError(message(type(self).__name__, "`sliding_window` None or a positive integer", repr(window), "Leave it out."))
        self._window, self._flash_attention = window, bool(given["flash_attention"])
        if self._flash_attention and self._rate > 0:
            raise ArgumentError(message(type(self).__name__, "dropout 0 with flash attention", self._rate, "Set one of them."))

    def _config_of(self, cls: type, prefix: str) -> dict[str, Any]:
        """Return the config: the arguments of the constructor of `cls`, which attributes of their names with a prefix hold."""
        code = cls.__init__.__code__  # type: ignore[misc]
        names = [n for n in code.co_varnames[1 : code.co_argcount] if n not in ("flash_attention", "seed")]
        found = {n: config_value(getattr(self, prefix + n)) for n in names}
        base = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        return {**base, **found, "seed": self.seed}  # type: ignore[attr-defined]

    def _get_common_kwargs_for_sublayer(self) -> dict[str, Any]:
        """Return the arguments of each dense layer; its initializers are copies, each with draws of its own."""
        made = {n: getattr(self, self._prefix + n) for n in ("kernel_regularizer", "bias_regularizer", "activity_regularizer")}
        made.update({n: getattr(self, self._prefix + n) for n in ("kernel_constraint", "bias_constraint")})
        for name in ("kernel_initializer", "bias_initializer"):
            own = getattr(self, self._prefix + name)
            made[name] = type(own).from_config(own.get_config()) if hasattr(own, "get_config") else own
        return {**made, "dtype": self.dtype_policy}

    def _dense(self, equation: str, output_shape: Any, bias_axes: str, name: str, input_shape: Any, **more: Any) -> EinsumDense:
        """Return a dense layer, built."""
        bias = bias_axes if self.use_bias else None  # type: ignore[attr-defined]
        made = EinsumDense(equation, output_shape=output_shape, bias_axes=bias, name=name, **more, **self._get_common_kwargs_for_sublayer())
        made.build(tuple(input_shape))
        return made

    def _dropout_of_scores(self, seed: Any) -> Dropout:
        return Dropout(rate=self._rate, dtype=self.dtype_policy, seed=seed)

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> tuple:
        """Return the outputs' shape for inputs of these shapes."""
        check_lengths(value_shape, value_shape if key_shape is None else key_shape)
        made = getattr(self, "_output_shape", None)
        return (*query_shape[:-1], *made) if made else tuple(query_shape)

    # --- masks ---

    def _compute_attention_mask(
        self, query: Any, value: Any, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None, attention_mask: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """Return one bool mask [batch, T, S] of all that hide something; None if none does."""
        found = [op("expand_dims")(_bool(query_mask), -1)] if query_mask is not None else []
        found += [op("expand_dims")(_bool(m), -2) for m in (value_mask, key_mask) if m is not None]
        if use_causal_mask:
            found.append(self._compute_causal_mask(query, value))
        if self._window is not None:
            found.append(self._compute_sliding_window_mask(query, value))
        if attention_mask is not None:
            found.append(_bool(attention_mask))
        made = None
        for mask in found:
            made = mask if made is None else op("logical_and")(made, mask)
        return made

    def _compute_causal_mask(self, query: Any, value: Any = None) -> Any:
        """Return the mask [1, T, S] that hides later keys."""
        return causal_mask(query.shape[1], (query if value is None else value).shape[1])

    def _compute_sliding_window_mask(self, query: Any, value: Any = None) -> Any:
        """Return the mask [1, T, S] that hides keys `sliding_window` or more places away."""
        t, s = query.shape[1], (query if value is None else value).shape[1]
        away = op("reshape")(op("arange")(t), (1, t, 1)) - op("reshape")(op("arange")(s), (1, 1, s))
        return op("less")(op("absolute")(away), self._window)

    def _spread(self, mask: Any, rank: int) -> Any:
        """Return a mask with axes of size 1 for the heads."""
        for _ in range(rank - len(mask.shape)):
            mask = op("expand_dims")(mask, -self._scores_rank[1] * 2 - 1)
        return mask

    def _masked_softmax(self, attention_scores: Any, attention_mask: Any = None) -> Any:
        """Return the scores as probabilities of the keys that the mask leaves."""
        if attention_mask is not None:
            attention_mask = self._spread(attention_mask, len(attention_scores.shape))
        return self._softmax(attention_scores, mask=attention_mask)  # type: ignore[attr-defined]

    # --- attention ---

    def _attend(self, query: Any, key: Any, value: Any, mask: Any, training: Any, scores_wanted: bool, causal: bool) -> tuple[Any, Any]:
        """Return (output, scores) of projected queries, keys and values; scores are None unless they were computed."""
        if self._flash_attention and scores_wanted:
            advice = "Leave out flash_attention."
            raise ArgumentError(message(self.name, "no attention scores with flash attention", "return_attention_scores=True", advice))
        if not (self._rate > 0 or scores_wanted or len(query.shape) != 4):
            mask = None if mask is None else self._spread(_bool(mask), 4)
            return op("dot_product_attention")(query, key, value, mask=mask, scale=self._scale, is_causal=causal), None
        if causal:
            earlier = self._compute_causal_mask(query, value)
            mask = earlier if mask is None else op("logical_and")(_bool(mask), earlier)
        query = query * self._scale
        pair = (query, key) if self._query_first else (key, query)
        scores = self._masked_softmax(op("einsum")(self._dot_product_equation, *pair), mask)  # type: ignore[attr-defined]
        used = self._dropout_layer(scores, training=training) if self._rate > 0 else scores  # type: ignore[attr-defined]
        return op("einsum")(self._combine_equation, used, value), scores  # type: ignore[attr-defined]


def _bool(mask: Any) -> Any:
    return mask if getattr(mask, "dtype", None) == "bool" else op("cast")(mask, "bool")


def check_lengths(value_shape: Any, key_shape: Any) -> None:
    """Raise ShapeError unless value and key agree in all but their last sizes."""
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        got = f"{tuple(value_shape)} and {tuple(key_shape)}"
        raise ShapeError(message("attention", "`value` and `key` that agree", got, "All dimensions but the last must be equal."))


@contextmanager
def without_masks(*tensors: Any) -> Iterator[None]:
    """Run the block with the masks off the tensors: within, they are dealt with by hand."""
    kept = []
    for t in {id(t): t for t in tensors}.values():
        mask = getattr(t, "_keras_mask", None)
        if mask is not None:
            kept.append((t, mask))
            t._keras_mask = None
    try:
        yield
    finally:
        for t, mask in kept:
            t._keras_mask = mask
