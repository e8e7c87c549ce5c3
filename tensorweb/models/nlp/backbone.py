"""Backbone, the base of models without a head, and GPT-2's."""

from __future__ import annotations

from typing import Any

from ...initializers import RandomNormal
from ...layers import Dropout, Embedding, Input, LayerNormalization, add
from ...layers.nlp import PositionEmbedding, TransformerDecoder
from ..functional import Functional


class Backbone(Functional):
    """Base of functional models from token ids to vectors. TensorFlow.js's class. Args: `inputs`, `outputs`, `name`."""

    @property
    def token_embedding(self) -> Any:
        """The Embedding of the token ids."""
        raise NotImplementedError(f"{type(self).__name__} does not define token_embedding")

    def get_config(self) -> dict[str, Any]:
        """Return the name and whether it is trainable; subclasses add their arguments."""
        return {"name": self.name, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model of a config."""
        return cls(**config)


class GPT2Backbone(Backbone):
    """GPT-2 without a head: token ids and a padding mask [batch, length] to vectors [batch, length, hidden_dim]. TensorFlow.js's class.

    As TensorFlow.js's, its decoders lay no causal mask. Args: `vocabulary_size`, `num_layers`, `num_heads`, `hidden_dim`,
    `intermediate_dim`, `dropout`, `max_sequence_length`. Inputs: a dict or list of token_ids and padding_mask.

    >>> import tensorweb as tw
    >>> model = tw.layers.GPT2Backbone(vocabulary_size=10, num_layers=1, num_heads=2, hidden_dim=4, intermediate_dim=8)
    >>> model({"token_ids": tw.zeros((1, 5), "int32"), "padding_mask": tw.ones((1, 5), "int32")}).shape
    (1, 5, 4)
    """

    def __init__(
        self, vocabulary_size: int, num_layers: int, num_heads: int, hidden_dim: int, intermediate_dim: int, dropout: float = 0.1,
        max_sequence_length: int = 1024, name: str = "gpt2_backbone", trainable: bool = True,
    ):  # fmt: skip
        self._arguments = {
            "vocabulary_size": vocabulary_size, "num_layers": num_layers, "num_heads": num_heads, "hidden_dim": hidden_dim,
            "intermediate_dim": intermediate_dim, "dropout": dropout, "max_sequence_length": max_sequence_length,
        }  # fmt: skip
        ids = Input((None,), dtype="int32", name="token_ids")
        mask = Input((None,), dtype="int32", name="padding_mask")
        tokens = Embedding(vocabulary_size, hidden_dim, embeddings_initializer=RandomNormal(stddev=0.01), name="token_embedding")(ids)
        places = PositionEmbedding(max_sequence_length, initializer=RandomNormal(stddev=0.02), name="position_embedding")(tokens)
        x = Dropout(dropout, name="embeddings_dropout")(add([tokens, places], name="embeddings_add"))
        for i in range(num_layers):
            block = TransformerDecoder(
                intermediate_dim, num_heads, dropout, "gelu", kernel_initializer=RandomNormal(stddev=0.02), normalize_first=True,
                name=f"transformer_layer_{i}",
            )  # fmt: skip
            x = block(x, decoder_padding_mask=mask)
        outputs = LayerNormalization(epsilon=1e-5, dtype="float32", name="layer_norm")(x)
        super().__init__({"token_ids": ids, "padding_mask": mask}, outputs, name=name, trainable=trainable)

    @property
    def token_embedding(self) -> Any:
        """The Embedding of the token ids."""
        return self.get_layer("token_embedding")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), **self._arguments}
