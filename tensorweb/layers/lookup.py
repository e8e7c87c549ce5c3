"""StringLookup and IntegerLookup: strings and integers to indices of a vocabulary, and back. The tables are in `index_lookup`."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from .index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Strings to indices of a vocabulary, or with `invert` back. Keras's layer.

    Args: `max_tokens`; `num_oov_indices`: how many indices (by hash) what is not in the vocabulary has; `mask_token`: a string whose
    index is 0; `oov_token`: what `invert` gives for others; `vocabulary`: a list or the path of a file, else call `adapt`;
    `idf_weights`; `output_mode`: "int", "one_hot", "multi_hot", "count", "tf_idf"; `pad_to_max_tokens`; `encoding`; `salt`: one or
    two integers, for SipHash in place of FarmHash. `sparse` must be False.

    >>> import tensorweb as tw
    >>> layer = tw.layers.StringLookup(vocabulary=["a", "b"])
    >>> layer([["b", "z"]]).tolist(), layer.get_vocabulary()
    ([[2, 0]], ['[UNK]', 'a', 'b'])
    """

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: str | None = None, oov_token: str = "[UNK]",
        vocabulary: Any = None, idf_weights: Any = None, invert: bool = False, output_mode: str = "int",
        pad_to_max_tokens: bool = False, sparse: bool = False, encoding: str = "utf-8", name: str | None = None, salt: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        self.encoding = encoding
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, "string", vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, name=name, salt=salt, **kwargs,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the vocabulary's size."""
        config = super().get_config()
        del config["vocabulary_dtype"]
        return {**config, "encoding": self.encoding}


class IntegerLookup(IndexLookup):
    """Integers to indices of a vocabulary, or with `invert` back. Keras's layer.

    Args as of StringLookup, and: `vocabulary_dtype`: "int64"; `oov_method`: "floormod" or "farmhash", which index an integer
    outside the vocabulary has where there are several.

    >>> import tensorweb as tw
    >>> tw.layers.IntegerLookup(vocabulary=[12, 36, 1138])([[12, 1138], [42, 36]]).tolist()
    [[1, 3], [0, 2]]
    """

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: int | None = None, oov_token: int = -1,
        vocabulary: Any = None, vocabulary_dtype: str = "int64", idf_weights: Any = None, invert: bool = False,
        output_mode: str = "int", sparse: bool = False, pad_to_max_tokens: bool = False, oov_method: str = "floormod", salt: Any = None,
        name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        if vocabulary_dtype != "int64":
            raise ArgumentError(message("IntegerLookup(vocabulary_dtype=)", "'int64'", repr(vocabulary_dtype), "Leave it out."))
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary_dtype, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, oov_method, name, salt, **kwargs,
        )  # fmt: skip
