"""MultiHeadAttention: attention of several heads at once, over one axis or more."""

from __future__ import annotations

import math
from string import ascii_lowercase
from typing import Any

from ..errors import ArgumentError, message
from ..tensor import op
from .activation import Softmax
from .einsum_dense import EinsumDense
from .head_attention import HeadAttention, check_lengths, without_masks


class MultiHeadAttention(HeadAttention):
    """Attention of several heads, each on projections of its own (Vaswani et al., 2017). Keras's class.

    Args: `num_heads`; `key_dim` and `value_dim`: sizes of each head's queries and keys, and values; `dropout` of the scores;
    `use_bias`; `output_shape`: sizes of the output's last axes (default: the query's last); `attention_axes`: axes attended over
    (default: all but batch, heads, features); `sliding_window`: how near a key must be; `flash_attention`: accepted; initializers,
    regularizers and constraints of the projections; `use_gate`: outputs are multiplied by a sigmoid of the query; `seed`.

    Call: `query` [batch, T, dim], `value` and `key` [batch, S, dim]; masks of each, [batch, T] and [batch, S]; `attention_mask`
    [batch, T, S]; `return_attention_scores`; `use_causal_mask`.

    >>> import tensorweb as tw
    >>> layer = tw.layers.MultiHeadAttention(num_heads=2, key_dim=3)
    >>> x = tw.zeros((1, 5, 4))
    >>> out, scores = layer(x, x, return_attention_scores=True)
    >>> out.shape, scores.shape
    ((1, 5, 4), (1, 2, 5, 5))
    """

    def __init__(
        self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0, use_bias: bool = True,
        output_shape: Any = None, attention_axes: Any = None, sliding_window: int | None = None, flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        use_gate: bool = False, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        for name, size in (("num_heads", num_heads), ("key_dim", key_dim), ("value_dim", 1 if value_dim is None else value_dim)):
            if not isinstance(size, int) or size <= 0:
                wanted = f"a positive integer as argument `{name}`"
                raise ArgumentError(message("MultiHeadAttention", wanted, repr(size), "Pass 8, for example."))
        super().__init__(**kwargs)
        self._start(locals(), "_")
        self._num_heads, self._key_dim, self._value_dim = num_heads, key_dim, value_dim or key_dim
        self._dropout, self._use_bias, self._use_gate = dropout, use_bias, use_gate
        if output_shape and not isinstance(output_shape, (int, list, tuple)):
            got = f"Invalid `output_shape`: {output_shape!r}"
            raise ArgumentError(message("MultiHeadAttention", "`output_shape` as an int, list or tuple", got, "Leave out the batch."))
        self._output_shape = None if not output_shape else (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self._attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        if self._attention_axes and not isinstance(self._attention_axes, (list, tuple)):
            raise ArgumentError(message("MultiHeadAttention", "`attention_axes` as an int, list or tuple", repr(attention_axes), ""))
        self._sliding_window, self.seed = sliding_window, seed
        self._scale = self._inverse_sqrt_key_dim = 1.0 / math.sqrt(float(key_dim))

    num_heads = property(lambda self: self._num_heads)
    key_dim = property(lambda self: self._key_dim)
    value_dim = property(lambda self: self._value_dim)
    dropout = property(lambda self: self._dropout)
    use_bias = property(lambda self: self._use_bias)
    attention_axes = property(lambda self: self._attention_axes)
    query_dense = property(lambda self: self._query_dense)
    key_dense = property(lambda self: self._key_dense)
    value_dense = property(lambda self: self._value_dense)
    output_dense = property(lambda self: self._output_dense)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:  # type: ignore[override]
        """Make the projections for inputs of these shapes; raises ShapeError if value and key differ in length."""
        key_shape = value_shape if key_shape is None else key_shape
        check_lengths(value_shape, key_shape)
        self._query_dense = self._projection("query", query_shape, self._key_dim)
        self._key_dense = self._projection("key", key_shape, self._key_dim)
        if self._use_gate:
            self._gate_dense = self._projection("gate", query_shape, self._value_dim, activation="sigmoid")
        self._value_dense = self._projection("value", value_shape, self._value_dim)
        self._build_attention(len(value_shape) + 1)
        self._output_dense = self._make_output_dense(query_shape, self._get_common_kwargs_for_sublayer(), "attention_output")
        self._output_dense.build((*query_shape[:-1], self._num_heads, self._value_dim))

    def _projection(self, name: str, shape: Any, size: int, **more: Any) -> EinsumDense:
        equation, bias_axes, rank = projection_equation(len(shape) - 1, 1, 2)
        return self._dense(equation, [None] * (rank - 3) + [self._num_heads, size], bias_axes, name, shape, **more)

    def _make_output_dense(self, query_shape: Any, common_kwargs: dict[str, Any], name: str | None = None) -> EinsumDense:
        """Return the dense layer that joins the heads, not built."""
        sizes = list(self._output_shape or [query_shape[-1]])
        equation, bias_axes, rank = projection_equation(len(query_shape) - 1, 2, len(sizes))
        output_shape = [None] * (rank - 1 - len(sizes)) + sizes
        return EinsumDense(equation, output_shape=output_shape, bias_axes=bias_axes if self._use_bias else None, name=name, **common_kwargs)

    def _build_attention(self, rank: int) -> None:
        """Make what computes scores and outputs for projections of a rank."""
        given = self._attention_axes
        self._attention_axes = tuple(range(1, rank - 2)) if given is None else tuple(a if a >= 0 else rank - 1 + a for a in given)
        self._dot_product_equation, self._combine_equation, scores_rank = attention_equations(rank, self._attention_axes)
        count = len(self._attention_axes)
        self._scores_rank = (scores_rank, count)
        self._softmax = Softmax(axis=tuple(range(scores_rank - count, scores_rank)), dtype=self.dtype_policy)
        self._dropout_layer = self._dropout_of_scores(self.seed)

    def _compute_attention(
        self, query: Any, key: Any, value: Any, attention_mask: Any = None, training: Any = None, return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:  # fmt: skip
        """Return (output, scores or None) of projected inputs [batch, length, heads, size]; subclasses may define it anew."""
        return self._attend(query, key, value, attention_mask, training, return_attention_scores, use_causal_mask)

    def call(
        self, query: Any, value: Any, key: Any = None, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None,
        attention_mask: Any = None, return_attention_scores: bool = False, training: Any = None, use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """Return the outputs [batch, T, dim], and the scores [batch, heads, T, S] if they are wanted."""
        key = value if key is None else key
        # As in Keras: the query's own mask, whatever was passed.
        query_mask = getattr(query, "_keras_mask", None)
        with without_masks(query, value, key):
            masks = (query_mask, value_mask, key_mask, attention_mask)
            native = use_causal_mask and type(self)._compute_attention is MultiHeadAttention._compute_attention
            native = native and self._sliding_window is None and all(m is None for m in masks)
            mask = None if native else self._compute_attention_mask(query, value, *masks, use_causal_mask=use_causal_mask)
            gate = self._gate_dense(query) if self._use_gate else None
            projected = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        more = {"use_causal_mask": True} if native else {}
        output, scores = self._compute_attention(*projected, mask, training, return_attention_scores, **more)
        output = self._output_dense(output if gate is None else op("multiply")(output, gate))
        if query_mask is not None:
            output._keras_mask = query_mask
        return (output, scores) if return_attention_scores else output

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return self._config_of(MultiHeadAttention, "_")


def projection_equation(free: int, bound: int, made: int) -> tuple[str, str, int]:
    """Return (equation, bias axes, rank of the output) of a dense layer that keeps `free` axes and maps `bound` axes to `made`."""
    letters = ascii_lowercase[: free + bound + made]
    kept, into = letters[:free], letters[free + bound :]
    return f"{letters[: free + bound]},{letters[free:]}->{kept}{into}", into, free + made


def attention_equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str, int]:
    """Return the equations of scores (keys, queries) and outputs (scores, values), and the scores' rank.

    Queries, keys and values are of `rank`, attended over `axes`: [batch, ..., attended axes, heads, size].
    """
    target = ascii_lowercase[:rank]
    others = iter(ascii_lowercase[rank:])
    source = "".join(next(others) if i in axes else c for i, c in enumerate(target))
    batch = "".join(target[i] for i in range(rank - 1) if i not in axes)
    product = batch + "".join(target[i] for i in axes) + "".join(source[i] for i in axes)
    return f"{source},{target}->{product}", f"{product},{source}->{target}", len(product)
