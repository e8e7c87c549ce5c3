"""TransformerDecoder, a block of attention and dense layers, and the attention with a cache within it."""

from __future__ import annotations

import math
from typing import Any

from ... import activations, initializers
from ...errors import ArgumentError, ShapeError, message
from ...tensor import op
from ..dense import Dense
from ..dropout import Dropout
from ..layer import Layer
from ..multi_head_attention import MultiHeadAttention
from ..normalization import LayerNormalization


class CachedMultiHeadAttention(MultiHeadAttention):
    """MultiHeadAttention that keeps the keys and values of earlier positions. TensorFlow.js's class; args as of MultiHeadAttention.

    `cache` is [batch, 2, S, heads, size]: keys and values; those of this call's positions are written from `cache_update_index` on.
    """

    def call(  # type: ignore[override]
        self, query: Any, value: Any = None, key: Any = None, attention_mask: Any = None, cache: Any = None,
        cache_update_index: int | None = None,
    ) -> Any:  # fmt: skip
        """Return the outputs."""
        return self.call_and_return_cache(query, value, key, attention_mask, cache, cache_update_index)[0]

    def call_and_return_cache(
        self, query: Any, value: Any = None, key: Any = None, attention_mask: Any = None, cache: Any = None,
        cache_update_index: int | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        """Return (outputs, the cache with what was written); raises ArgumentError for an index without a cache."""
        value = query if value is None else value
        key = value if key is None else key
        if not self.built:
            self.build(query.shape, value.shape, key.shape)
        if cache is None and cache_update_index is not None:
            raise ArgumentError(message(self.name, "a cache with cache_update_index", "none", "Pass cache=, or no index."))
        query = self._query_dense(query)
        if cache is not None and cache_update_index is None:
            key, value = cache[:, 0], cache[:, 1]
        else:
            key, value = self._key_dense(key), self._value_dense(value)
        if cache is not None and cache_update_index is not None:
            start = (0, cache_update_index, 0, 0)
            key, value = (op("slice_update")(cache[:, i], start, new) for i, new in enumerate((key, value)))
            cache = op("stack")([key, value], axis=1)
        scores = op("einsum")(self._dot_product_equation, key, op("multiply")(query, 1.0 / math.sqrt(self._key_dim)))
        scores = self._dropout_layer(self._masked_softmax(scores, attention_mask))
        return self._output_dense(op("einsum")(self._combine_equation, scores, value)), cache


class TransformerDecoder(Layer):
    """A block of self-attention and two dense layers, each with dropout, a shortcut and normalization. TensorFlow.js's class.

    As there, both normalizations are by the same weights, cross-attention does not exist, and no causal mask is laid unless asked
    for. Args: `intermediate_dim` and `activation` of the dense layers; `num_heads`; `dropout`; `layer_norm_epsilon`; `kernel_initializer`,
    `bias_initializer`; `normalize_first`. Inputs [batch, length, features].

    >>> import tensorweb as tw
    >>> tw.layers.TransformerDecoder(intermediate_dim=8, num_heads=2)(tw.zeros((1, 3, 4)), use_causal_mask=True).shape
    (1, 3, 4)
    """

    def __init__(
        self, intermediate_dim: int, num_heads: int, dropout: float = 0, activation: Any = "relu", layer_norm_epsilon: float = 1e-5,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", normalize_first: bool = False, **kwargs: Any,
    ):  # fmt: skip
        self.decoder_sequence_shape = kwargs.pop("decoder_sequence_shape", None)
        self.encoder_sequence_shape = kwargs.pop("encoder_sequence_shape", None)
        super().__init__(**kwargs)
        self.intermediate_dim, self.num_heads, self.dropout = intermediate_dim, num_heads, dropout
        self.activation, self.layer_norm_epsilon = activations.get(activation), layer_norm_epsilon
        self.kernel_initializer, self.bias_initializer = initializers.get(kernel_initializer), initializers.get(bias_initializer)
        self.normalize_first = normalize_first

    def build(self, decoder_sequence_shape: Any) -> None:
        """Make the layers within."""
        shape = self.decoder_sequence_shape = tuple(decoder_sequence_shape)
        features = shape[-1]

        def fresh() -> dict[str, Any]:
            return {n: type(own).from_config(own.get_config()) for n, own in self._initializers().items()}

        self._self_attention_layer = CachedMultiHeadAttention(
            num_heads=self.num_heads, key_dim=features // self.num_heads, dropout=self.dropout, name="self_attention", **fresh()
        )
        self._self_attention_layernorm = LayerNormalization(epsilon=self.layer_norm_epsilon, name="self_attention_layer_norm")
        self._feedforward_intermediate_dense = Dense(self.intermediate_dim, self.activation, name="feedforward_intermediate", **fresh())
        self._feedforward_output_dense = Dense(features, name="feedforward_output", **fresh())
        self._dropout_layer = Dropout(self.dropout)
        self._self_attention_layer.build(shape, shape)
        self._self_attention_layernorm.build(shape)
        self._feedforward_intermediate_dense.build(shape)
        self._feedforward_output_dense.build((*shape[:-1], self.intermediate_dim))

    def _initializers(self) -> dict[str, Any]:
        return {"kernel_initializer": self.kernel_initializer, "bias_initializer": self.bias_initializer}

    def call(
        self, decoder_sequence: Any, encoder_sequence: Any = None, decoder_padding_mask: Any = None, decoder_attention_mask: Any = None,
        encoder_padding_mask: Any = None, encoder_attention_mask: Any = None, self_attention_cache: Any = None,
        self_attention_cache_update_index: int | None = None, cross_attention_cache: Any = None,
        cross_attention_cache_update_index: int | None = None, use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """Return the outputs, of the inputs' shape."""
        return self.call_and_return_caches(
            decoder_sequence, encoder_sequence, decoder_padding_mask, decoder_attention_mask, self_attention_cache=self_attention_cache,
            self_attention_cache_update_index=self_attention_cache_update_index, use_causal_mask=use_causal_mask,
        )[0]  # fmt: skip

    def call_and_return_caches(
        self, decoder_sequence: Any, encoder_sequence: Any = None, decoder_padding_mask: Any = None, decoder_attention_mask: Any = None,
        self_attention_cache: Any = None, self_attention_cache_update_index: int | None = None, use_causal_mask: bool = False,
    ) -> tuple[Any, Any, Any]:  # fmt: skip
        """Return (outputs, self-attention cache, None)."""
        if encoder_sequence is not None:
            raise ArgumentError(message(self.name, "no encoder_sequence", "one", "There is no cross-attention, as in TensorFlow.js."))
        mask = self._mask(decoder_sequence, decoder_padding_mask, decoder_attention_mask)
        if use_causal_mask:
            length = decoder_sequence.shape[1] if self_attention_cache is None else self_attention_cache.shape[2]
            causal = causal_mask(length, decoder_sequence.shape[1], self_attention_cache_update_index or 0)
            mask = causal if mask is None else op("minimum")(mask, causal)

        cache = self_attention_cache

        def attend(x: Any) -> Any:
            nonlocal cache
            made, cache = self._self_attention_layer.call_and_return_cache(
                x, x, attention_mask=None if mask is None else op("cast")(mask, "bool"), cache=self_attention_cache,
                cache_update_index=self_attention_cache_update_index,
            )  # fmt: skip
            return made

        x = self._with_shortcut(decoder_sequence, attend)
        x = self._with_shortcut(x, lambda h: self._feedforward_output_dense(self._feedforward_intermediate_dense(h)))
        return x, cache, None

    def _with_shortcut(self, x: Any, function: Any) -> Any:
        norm = self._self_attention_layernorm
        made = op("add")(self._dropout_layer(function(norm(x) if self.normalize_first else x)), x)
        return made if self.normalize_first else norm(made)

    def _mask(self, x: Any, padding: Any, attention: Any) -> Any:
        for name, mask, rank in (("decoder_padding_mask", padding, 2), ("decoder_attention_mask", attention, 3)):
            if mask is not None and len(mask.shape) != rank:
                raise ShapeError(message(f"{self.name}({name}=)", f"rank {rank}", f"shape {mask.shape}", "See the class."))
        padding = None if padding is None else op("cast")(op("expand_dims")(padding, 1), "int32")
        attention = None if attention is None else op("cast")(attention, "int32")
        if padding is None or attention is None:
            return attention if padding is None else padding
        return op("minimum")(padding, attention)

    def compute_output_shape(self, decoder_sequence_shape: Any) -> Any:
        """Return the inputs' shape."""
        return tuple(decoder_sequence_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the shapes the layer was built for."""
        shapes = {"decoder_sequence_shape": self.decoder_sequence_shape, "encoder_sequence_shape": self.encoder_sequence_shape}
        return {**super().get_config(), **shapes}


def causal_mask(input_length: int, output_length: int, cache_index: int = 0) -> Any:
    """Return the int32 mask [1, output, input]: 1 where the input's position is not after the output's."""
    i = op("reshape")(op("arange")(output_length, dtype="int32"), (1, output_length, 1))
    j = op("reshape")(op("arange")(input_length, dtype="int32"), (1, 1, input_length))
    return op("cast")(op("greater_equal")(op("add")(i, cache_index), j), "int32")
