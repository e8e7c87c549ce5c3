"""Embedding: rows of a matrix of weights by number; ReversibleEmbedding also gives logits from rows."""

from __future__ import annotations

from typing import Any

from .. import regularizers
from ..tensor import op
from .layer import Layer
from .weight_arguments import add_described, drop_unsupported, positive_int, set_weight_arguments


class Embedding(Layer):
    """Rows of a matrix of weights (input_dim, output_dim) by integers. Keras's Embedding, TensorFlow.js's embedding.

    Inputs (batch, ...) of integers below `input_dim`; outputs (batch, ..., output_dim). Args: initializer, regularizer and constraint
    of `embeddings`; `mask_zero`: whether 0 marks what is to be left out; `weights`: the matrix to begin with.

    >>> import tensorweb as tw
    >>> layer = tw.layers.Embedding(3, 2, weights=[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> layer(tw.tensor([[2, 1]])).tolist()
    [[[3.0, 4.0], [1.0, 2.0]]]
    """

    embeddings_initializer: Any

    def __init__(
        self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform", embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None, mask_zero: bool = False, weights: Any = None, **kwargs: Any,
    ):  # fmt: skip
        where = type(self).__name__
        drop_unsupported(where, kwargs)
        self.input_dim, self.output_dim = positive_int(input_dim, "input_dim", where), positive_int(output_dim, "output_dim", where)
        super().__init__(**kwargs)
        set_weight_arguments(
            self, embeddings_initializer=embeddings_initializer, embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
        )  # fmt: skip
        # Numbers of rows that arrive as floats must not become float16.
        self.mask_zero, self.supports_masking, self.autocast = mask_zero, mask_zero, False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 and hasattr(weights[0], "shape") else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Make the matrix, whatever the input's shape."""
        if not self.built:
            self.embeddings = add_described(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Any) -> Any:
        """Return the rows for inputs of any shape."""
        if inputs.dtype != "int32":
            inputs = op("cast")(inputs, "int32")
        rows = op("take")(self.embeddings, inputs, axis=0)
        return rows if rows.dtype == self.compute_dtype else op("cast")(rows, self.compute_dtype)

    def _fast_dtype(self, spec: Any) -> str | None:
        plain = type(self) is Embedding and not self.mask_zero and self.activity_regularizer is None and not self._losses
        return "int32" if plain and self.compute_dtype == self.variable_dtype else None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where the inputs are not 0, if 0 marks what is to be left out."""
        return op("not_equal")(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = {**super().get_config(), "activity_regularizer": regularizers.serialize(self.activity_regularizer)}
        config.pop("weights", None)
        return config


class ReversibleEmbedding(Embedding):
    """Embedding that, called with reverse=True, gives logits (..., input_dim) from rows (..., output_dim). Keras's layer.

    Args as of Embedding, and: `tie_weights`: whether both ways share the matrix; `reverse_dtype`: the dtype of logits;
    `logit_soft_cap`: c in c * tanh(logits / c).
    """

    def __init__(
        self, input_dim: int, output_dim: int, tie_weights: bool = True, embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False, reverse_dtype: Any = None,
        logit_soft_cap: float | None = None, **kwargs: Any,
    ):  # fmt: skip
        self.tie_weights, self.reverse_dtype, self.logit_soft_cap = tie_weights, reverse_dtype, logit_soft_cap
        super().__init__(
            input_dim, output_dim, embeddings_initializer=embeddings_initializer, embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint, mask_zero=mask_zero, **kwargs,
        )  # fmt: skip

    def build(self, input_shape: Any = None) -> None:
        """Make the matrix, and the one of the way back if it is another."""
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                shape=(self.output_dim, self.input_dim), initializer=self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the rows for integers, or in reverse the logits for rows."""
        if not reverse:
            rows = super().call(inputs)
            mask = super().compute_mask(inputs)
            if mask is not None:
                rows._keras_mask = mask
            return rows
        kernel = op("transpose")(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = op("cast")(inputs, self.reverse_dtype), op("cast")(kernel, self.reverse_dtype)
        logits = op("matmul")(inputs, kernel)
        cap = self.logit_soft_cap
        return logits if cap is None else op("multiply")(op("tanh")(op("divide")(logits, cap)), cap)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return None: `call` sets the mask, since logits have none."""
        return None
