"""Tokenizer, the base of layers from strings to tokens and back, and the one that splits at spaces."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError, message
from ...tensor import Tensor, as_tensor, tensor
from ..categories import host_values
from ..layer import Layer


class Tokenizer(Layer):
    """Base of tokenizers: subclasses define `tokenize`, `detokenize`, `vocabulary` and what else they can. TensorFlow.js's Tokenizer.

    A call with mode="tokenize" maps a string tensor [n] to a list of n tensors of tokens; with mode="detokenize" such a list to
    strings.
    """

    def tokenize(self, inputs: Any) -> list[Tensor]:
        """Return the tokens of each string."""
        raise self._missing("tokenize")

    def detokenize(self, inputs: Any) -> Tensor:
        """Return the strings of lists of tokens."""
        raise self._missing("detokenize")

    @property
    def vocabulary(self) -> list[str]:
        """The tokens."""
        raise self._missing("vocabulary")

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens."""
        raise self._missing("vocabulary_size")

    def id_to_token(self, id: int) -> str | None:
        """Return the token of an id."""
        raise self._missing("id_to_token")

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a token."""
        raise self._missing("token_to_id")

    def _missing(self, name: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} does not define {name}")

    def call(self, inputs: Any, mode: str = "tokenize") -> Any:
        """Tokenize or detokenize."""
        if mode == "tokenize":
            return self.tokenize(inputs)
        if mode != "detokenize":
            raise ArgumentError(message(f"{self.name}(mode=)", "'tokenize' or 'detokenize'", repr(mode), "Choose one of them."))
        if not isinstance(inputs, (list, tuple)):
            raise ArgumentError(message(f"{self.name}.detokenize", "a list of tensors", type(inputs).__name__, "Pass [tokens]."))
        return self.detokenize(inputs)


def strings_of(inputs: Any, where: str) -> list[str]:
    """Return the strings of a tensor or list; raise ArgumentError for other values."""
    x = as_tensor([inputs] if isinstance(inputs, str) else inputs, where)
    if x.dtype != "string" and x.size:
        raise ArgumentError(message(where, "strings", f"dtype {x.dtype}", "Pass a string tensor or a list of strings."))
    return host_values(x)


class WhitespaceSplitterTokenizer(Tokenizer):
    """Tokens are what stands between single spaces. TensorFlow.js's class.

    >>> import tensorweb as tw
    >>> tokenizer = tw.layers.WhitespaceSplitterTokenizer()
    >>> [t.tolist() for t in tokenizer(["this is", "a test"])]
    [['this', 'is'], ['a', 'test']]
    >>> tokenizer(tokenizer(["a test"]), mode="detokenize").tolist()
    ['a test']
    """

    def tokenize(self, inputs: Any) -> list[Tensor]:
        """Return the pieces between single spaces of each string."""
        return [tensor(s.split(" ")) for s in strings_of(inputs, self.name)]

    def detokenize(self, inputs: Any) -> Tensor:
        """Return the tokens of each list joined by spaces."""
        return tensor([" ".join(strings_of(row, self.name)) for row in inputs])
