"""PositionEmbedding, a vector for each position, and ReverseEmbedding, logits from the vectors of an embedding."""

from __future__ import annotations

from typing import Any

from ... import initializers
from ...errors import ArgumentError, message
from ...serialization import deserialize_keras_object
from ...tensor import op
from ..layer import Layer


class PositionEmbedding(Layer):
    """A learned vector for each position, of the shape of the inputs [..., length, features]. TensorFlow.js's class.

    Args: `sequence_length`: the largest length; `initializer` of the vectors. The call takes `start_index`, the first position.

    >>> import tensorweb as tw
    >>> tw.layers.PositionEmbedding(4, initializer="ones")(tw.zeros((2, 3, 1))).shape
    (2, 3, 1)
    """

    def __init__(self, sequence_length: int, initializer: Any = "glorot_uniform", **kwargs: Any):
        super().__init__(**kwargs)
        if sequence_length is None:
            raise ArgumentError(message("PositionEmbedding(sequence_length=)", "an integer", None, "Pass the largest length."))
        self.sequence_length, self.initializer = sequence_length, initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        """Make the vectors."""
        shape = (self.sequence_length, input_shape[-1])
        self.position_embeddings = self.add_weight(name="embeddings", shape=shape, initializer=self.initializer)

    def call(self, inputs: Any, start_index: int = 0) -> Any:
        """Return the vectors of the positions from `start_index` on, as often as there are sequences."""
        length = inputs.shape[-2]
        if not inputs.is_abstract and start_index + length > self.sequence_length:
            raise ArgumentError(message(self.name, f"positions below {self.sequence_length}", start_index + length - 1, "Cut the inputs."))
        places = op("arange")(start_index, start_index + length, dtype="int32")
        return op("broadcast_to")(op("take")(self.position_embeddings, places, axis=0), inputs.shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inputs' shape."""
        return tuple(input_shape)


class ReverseEmbedding(Layer):
    """Logits [..., input_dim] from vectors [..., output_dim] by the matrix of an Embedding. TensorFlow.js's class.

    Args: `embedding`: the Embedding, built by the first call at the latest.

    >>> import tensorweb as tw
    >>> embedding = tw.layers.Embedding(3, 2, weights=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> tw.layers.ReverseEmbedding(embedding)(tw.tensor([[2.0, 5.0]])).tolist()
    [[2.0, 5.0, 7.0]]
    """

    def __init__(self, embedding: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.embedding = deserialize_keras_object(embedding) if isinstance(embedding, dict) else embedding

    def build(self, input_shape: Any) -> None:
        """Build the embedding if nobody has."""
        if not self.embedding.built:
            self.embedding.build((None,))

    def call(self, inputs: Any) -> Any:
        """Return the logits."""
        return op("matmul")(inputs, op("transpose")(self.embedding.embeddings))
