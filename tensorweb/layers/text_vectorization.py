"""TextVectorization: texts to tokens to indices. Tokens are split here; the vocabulary is StringLookup's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ArgumentError, ShapeError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..symbolic import KerasTensor
from ..tensor import Tensor, as_tensor, op
from .categories import OLD_MODES, abstract_tensor, base_config, host_tensor, host_values, one_of, symbol
from .index_lookup import MODES, batches_of
from .layer import Layer
from .lookup import StringLookup

# Only ASCII: as TensorFlow does it, so that vocabularies of files fit.
_LOWER = {i: i + 32 for i in range(ord("A"), ord("Z") + 1)}
_NO_PUNCTUATION = {ord(c): None for c in "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"}
STANDARDIZE = {
    "lower": _LOWER,
    "strip_punctuation": _NO_PUNCTUATION,
    "lower_and_strip_punctuation": {**_LOWER, **_NO_PUNCTUATION},
}
SPLIT: dict[str, Callable[[str], list[str]]] = {
    "whitespace": lambda s: [p.decode("utf-8", "surrogateescape") for p in s.encode("utf-8", "surrogateescape").split()],
    "character": list,
}


class Tokens(NamedTuple):
    """Rows of tokens, with the shape of the dense tensor they are; None where their lengths may differ."""

    rows: list[list[str]]
    shape: tuple[int, ...] | None


class TextVectorization(Layer):
    """Texts to indices of words in a vocabulary, or to vectors of them. Keras's layer.

    Inputs: strings of shape (), (batch,) or (batch, 1). Args: `max_tokens`; `standardize`: "lower_and_strip_punctuation", "lower",
    "strip_punctuation", None or a function of a string tensor; `split`: "whitespace", "character", None or a function of a string
    tensor to a tensor or nested lists; `ngrams`: None, the longest, or a tuple of lengths; `output_mode`: "int", "one_hot", "multi_hot",
    "count", "tf_idf"; `output_sequence_length`: to which indices are cut or padded; `pad_to_max_tokens`; `vocabulary`,
    `idf_weights`: else call `adapt`; `encoding`. `sparse` and `ragged` must be False.

    >>> import tensorweb as tw
    >>> layer = tw.layers.TextVectorization()
    >>> layer.adapt(["the cat", "The dog!"])
    >>> layer.get_vocabulary(), layer(["A cat, the dog"]).tolist()
    (['', '[UNK]', 'the', 'dog', 'cat'], [[1, 4, 2, 3]])
    """

    def __init__(
        self, max_tokens: int | None = None, standardize: Any = "lower_and_strip_punctuation", split: Any = "whitespace",
        ngrams: Any = None, output_mode: str = "int", output_sequence_length: int | None = None, pad_to_max_tokens: bool = False,
        vocabulary: Any = None, idf_weights: Any = None, sparse: bool = False, ragged: bool = False, encoding: str = "utf-8",
        name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        where = "TextVectorization"
        for value, known, argument in ((standardize, STANDARDIZE, "standardize"), (split, SPLIT, "split")):
            if not callable(value):
                one_of(value, (*known, None), where, argument)
        output_mode = one_of(OLD_MODES.get(output_mode, output_mode), MODES, where, "output_mode")
        _check_arguments(where, ngrams, output_mode, output_sequence_length, ragged)
        given = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        self.standardize, self.split, self.ngrams = standardize, split, ngrams
        self.output_mode, self.output_sequence_length, self.encoding = output_mode, output_sequence_length, encoding
        self.ragged = False
        self._widths = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
        self._has_input_vocabulary = given
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens, vocabulary=vocabulary, idf_weights=idf_weights, pad_to_max_tokens=pad_to_max_tokens, mask_token="",
            output_mode=output_mode, sparse=sparse, has_input_vocabulary=given, encoding=encoding,
            vocabulary_size=size if output_mode != "int" and size and size > 1 else None,
        )  # fmt: skip

    # --- texts to tokens ---

    def _tokens(self, inputs: Any) -> Tokens:
        x = self._standardized(inputs)
        if self.split is None:
            values, width = host_values(x, self.encoding), x.shape[-1] if x.shape else 1
            made = Tokens([values[i : i + width] for i in range(0, len(values), width or 1)], x.shape)
        else:
            made = self._split(x)
        if self._widths is None:
            return made
        rows = [[" ".join(row[i : i + n]) for n in self._widths for i in range(len(row) - n + 1)] for row in made.rows]
        if made.shape is None:
            return Tokens(rows, None)
        return Tokens(rows, (*made.shape[:-1], len(rows[0]) if rows else 0))

    def _standardized(self, inputs: Any) -> Tensor:
        x = as_tensor(inputs, self.name)
        if x.dtype != "string" and x.size:
            raise ArgumentError(message(self.name, "strings", f"dtype {x.dtype}", "Convert the values to strings."))
        if callable(self.standardize):
            return as_tensor(self.standardize(x), self.name)
        if self.standardize is None:
            return x
        table = STANDARDIZE[self.standardize]
        return host_tensor([s.translate(table) for s in host_values(x, self.encoding)], x.shape, "string")

    def _split(self, x: Tensor) -> Tokens:
        if len(x.shape) > 1:
            if x.shape[-1] != 1:
                raise ShapeError(message(self.name, "texts of shape (batch,) or (batch, 1)", x.shape, "Pass one text in each row."))
            x = op("squeeze")(x, axis=-1)
        if not callable(self.split):
            rows = [SPLIT[self.split](s) for s in host_values(x, self.encoding)]
            return Tokens(rows, (len(rows[0]),)) if not x.shape else Tokens(rows, None)
        made = self.split(x)
        if isinstance(made, (list, tuple)) and all(isinstance(row, (list, tuple)) for row in made):
            return Tokens([[str(word) for word in row] for row in made], None)
        made = as_tensor(made, self.name)
        values, width = host_values(made, self.encoding), made.shape[-1]
        return Tokens([values[i : i + width] for i in range(0, len(values), width or 1)], made.shape)

    # --- tokens to indices ---

    def call(self, inputs: Any) -> Any:
        """Return the indices, or vectors of them."""
        self._lookup_layer._check_ready()
        if isinstance(inputs, Tensor) and inputs.is_abstract:
            return abstract_tensor(self.compute_output_shape(inputs.shape), self._result_dtype())
        rows, shape = self._tokens(inputs)
        numbers = [self._lookup_layer.indices(row) for row in rows]
        length = self.output_sequence_length
        if self.output_mode == "int" and (shape is None or length is not None):
            width = max((len(row) for row in numbers), default=0) if length is None else length
            numbers = [row[:width] + [0] * (width - len(row)) for row in numbers]
            if shape is not None and not shape:
                raise ShapeError(message(self.name, "a batch of texts with output_sequence_length", "one text", "Pass a list."))
            shape = (len(rows), width) if shape is None else (*shape[:-1], width)
        elif shape is None:
            return self._counted(numbers)
        return self._lookup_layer.vectors(host_tensor([i for row in numbers for i in row], shape, "int32"))

    def _counted(self, numbers: list[list[int]]) -> Any:
        width = max((len(row) for row in numbers), default=0)
        flat = [i for row in numbers for i in row + [-1] * (width - len(row))]
        return self._lookup_layer.vectors(host_tensor(flat, (len(numbers), width), "int32"))

    def _result_dtype(self) -> str:
        return self._lookup_layer._result_dtype()

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for texts of a shape."""
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return (shape[0], self.output_sequence_length) if shape else (self.output_sequence_length,)
        if self.split is not None:
            shape = (*shape, None)
        elif len(shape) <= 1:
            shape = (*shape, 1)
        return self._lookup_layer.compute_output_shape(shape)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return the KerasTensor of the outputs."""
        shape = self.compute_output_shape(inputs.shape)
        if self.output_mode != "int" and self.split is not None and len(inputs.shape) > 1:
            # What a call gives: the last axis of the inputs, of size 1, is gone.
            shape = (inputs.shape[0], shape[-1])
        return symbol(shape, self._result_dtype())

    @property
    def compute_dtype(self) -> str:
        """The dtype of the inputs."""
        return "string"

    variable_dtype = compute_dtype
    dtype = compute_dtype
    input_dtype = compute_dtype

    # --- the vocabulary ---

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary of an array, list, tensor, or a dataset of batches of texts (the first `steps` of them).

        Raises ArgumentError if the vocabulary was given.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch of texts."""
        self._lookup_layer._count(self._tokens(data).rows)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens in the order of their indices; "" is padding, "[UNK]" what is not in the vocabulary."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of indices."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use a vocabulary: a list of tokens, or the path of a file with one in each line; see StringLookup.set_vocabulary."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # --- state and configs ---

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the weights of tf_idf."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take the weights of tf_idf."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write vocabulary.txt into a folder, unless the config has the vocabulary."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Take the vocabulary from vocabulary.txt in a folder."""
        self._lookup_layer.load_assets(dir_path)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the vocabulary's size."""
        lookup = self._lookup_layer
        names = ("ngrams", "output_mode", "output_sequence_length", "ragged", "encoding")
        return {
            **base_config(self), **{n: getattr(self, n) for n in names},
            "standardize": _function_config(self.standardize), "split": _function_config(self.split),
            "max_tokens": lookup.max_tokens, "pad_to_max_tokens": lookup.pad_to_max_tokens, "sparse": lookup.sparse,
            "vocabulary": lookup.input_vocabulary, "idf_weights": lookup.input_idf_weights, "vocabulary_size": self.vocabulary_size(),
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TextVectorization:
        """Return the layer of a config."""
        config = dict(config)
        for name in ("standardize", "split"):
            if isinstance(config.get(name), dict):
                config[name] = deserialize_keras_object(config[name])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return cls(**config)


def _function_config(value: Any) -> Any:
    return serialize_keras_object(value) if callable(value) else value


def _check_arguments(where: str, ngrams: Any, output_mode: str, length: Any, ragged: bool) -> None:
    whole = isinstance(ngrams, int) or (isinstance(ngrams, tuple) and all(isinstance(n, int) for n in ngrams))
    wrong = (
        (ngrams is not None and not whole, "ngrams of None, an integer or a tuple of integers", ngrams),
        (length is not None and output_mode != "int", "output_sequence_length with output_mode='int' only", output_mode),
        (length is not None and not isinstance(length, int), "output_sequence_length of None or an integer", length),
        (bool(ragged), "ragged=False: tensors are dense here", ragged),
    )
    for is_wrong, expected, got in wrong:
        if is_wrong:
            raise ArgumentError(message(where, expected, got, "Correct the arguments."))
