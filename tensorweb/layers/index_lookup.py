"""IndexLookup: a vocabulary, learned or given, and what a value's place in it gives. StringLookup and IntegerLookup are its two kinds.

Tables live on the host: calls read their inputs, and are not differentiable.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..dtype_policies import floatx
from ..errors import ArgumentError, message
from ..serialization import loading_safely
from ..symbolic import KerasTensor
from ..tensor import Tensor, Variable, as_tensor, op, tensor
from .categories import (
    OLD_MODES,
    abstract_tensor,
    base_config,
    encode,
    encoded_shape,
    host_tensor,
    host_values,
    one_of,
    refuse_sparse,
    symbol,
    unknown_or,
)
from .hashing import as_salt, as_text, hasher
from .layer import Layer

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
# No token's number: what is masked is dropped from vectors.
DROPPED = -(2**31)


def plain_list(values: Any) -> Any:
    """Return a tensor, array or tuple as a list of Python values with bytes decoded; None stays None."""
    if values is None:
        return None
    found = values.tolist() if hasattr(values, "tolist") else list(values)
    return [v.decode("utf-8") if isinstance(v, bytes) else v.item() if hasattr(v, "item") else v for v in found]


def batches_of(data: Any, steps: int | None) -> Iterator[Any]:
    """Yield the batches that `adapt` learns from: arrays, tensors and lists are one; datasets and generators yield theirs."""
    if isinstance(data, (list, tuple, str, Tensor, Variable)) or hasattr(data, "__array__") or not hasattr(data, "__iter__"):
        x = as_tensor(data, "adapt")
        yield op("expand_dims")(x, -1) if len(x.shape) == 1 else x
        return
    for i, batch in enumerate(data):
        if steps is not None and i >= steps:
            return
        yield batch


class IndexLookup(Layer):
    """Base of StringLookup and IntegerLookup, which name the arguments."""

    vocabulary_dtype: str

    def __init__(
        self, max_tokens: int | None, num_oov_indices: int, mask_token: Any, oov_token: Any, vocabulary_dtype: str, vocabulary: Any = None,
        idf_weights: Any = None, invert: bool = False, output_mode: str = "int", sparse: bool = False, pad_to_max_tokens: bool = False,
        oov_method: str = "floormod", name: str | None = None, salt: Any = None, **kwargs: Any,
    ):  # fmt: skip
        where = type(self).__name__
        output_mode = one_of(OLD_MODES.get(output_mode, output_mode), MODES, where, "output_mode")
        _check_arguments(where, max_tokens, num_oov_indices, pad_to_max_tokens, invert, output_mode, idf_weights)
        one_of(oov_method, ("floormod", "farmhash"), where, "oov_method")
        refuse_sparse(sparse, where)
        if salt is not None and vocabulary_dtype != "string" and oov_method != "farmhash":
            raise ArgumentError(message(f"{where}(salt=)", "oov_method='farmhash' with a salt", oov_method, "Set oov_method."))
        self._frozen_size = kwargs.pop("vocabulary_size", None)
        given = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        for ignored in ("trainable", "dtype"):
            kwargs.pop(ignored, None)
        super().__init__(name=name, **kwargs)
        self.max_tokens, self.num_oov_indices, self.mask_token, self.oov_token = max_tokens, num_oov_indices, mask_token, oov_token
        self.vocabulary_dtype, self.invert, self.output_mode, self.sparse = vocabulary_dtype, invert, output_mode, False
        self.pad_to_max_tokens, self.oov_method, self.salt = pad_to_max_tokens, oov_method, as_salt(salt, where)
        # A vocabulary from a file is an asset of the model; it is not written into the config.
        self.input_vocabulary = None if isinstance(vocabulary, str) else plain_list(vocabulary)
        self.input_idf_weights = plain_list(idf_weights)
        self._has_input_vocabulary = given
        self._tokens: list[Any] = []
        self._table: dict[Any, int] = {}
        self.idf_weights: Any = None
        self.reset_state()
        if output_mode == "tf_idf" and given and vocabulary is not None and idf_weights is None:
            raise ArgumentError(message(where, "idf_weights with a vocabulary and output_mode='tf_idf'", None, "Pass idf_weights."))
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # --- the vocabulary ---

    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    def _token_start(self) -> int:
        return self._oov_start() + self.num_oov_indices

    def vocabulary_size(self) -> int:
        """Return the number of indices: tokens, out-of-vocabulary indices and the mask."""
        return len(self._tokens) + self._token_start()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their indices, with the mask and out-of-vocabulary tokens at the start unless refused."""
        special = [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices
        return [*special, *self._tokens] if include_special_tokens else list(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use a vocabulary: tokens (with or without the special ones at the start), or the path of a file with one in each line.

        `idf_weights`: a weight for each, if and only if output_mode is "tf_idf". Raises ArgumentError for repeated tokens, special
        tokens elsewhere, an empty vocabulary, or more than max_tokens.
        """
        where = f"{self.name}.set_vocabulary"
        if (idf_weights is not None) != (self.output_mode == "tf_idf"):
            raise ArgumentError(message(where, "idf_weights if and only if output_mode='tf_idf'", self.output_mode, "Pass both or none."))
        tokens = self._from_file(vocabulary, where) if isinstance(vocabulary, str) else plain_list(vocabulary)
        special = [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices
        with_special = tokens[: len(special)] == special
        own = tokens[len(special) :] if with_special else tokens
        self._check_vocabulary(where, tokens, own, special)
        weights = None if idf_weights is None else plain_list(idf_weights)
        if weights is not None and len(weights) != len(tokens):
            raise ArgumentError(message(where, f"{len(tokens)} idf_weights", len(weights), "Give one for each token."))
        self._use(own)
        if weights is not None:
            mean = sum(weights) / len(weights)
            self._set_weights_of_tokens(weights if with_special else [mean] * len(special) + weights)

    def _from_file(self, path: str, where: str) -> list[Any]:
        if loading_safely():
            raise ArgumentError(
                message(where, "a vocabulary within the file of the model", path, "If you trust the file, load it with safe_mode=False.")
            )
        if not Path(path).exists():
            raise ArgumentError(message(where, "the path of a vocabulary file", path, "It does not exist."))
        if self.output_mode == "tf_idf":
            raise ArgumentError(message(where, "tokens and weights for output_mode='tf_idf'", "a file", "Pass lists."))
        return self._from_lines(path, 0)

    def _from_lines(self, path: str | Path, least: int) -> list[Any]:
        """Return the tokens of a file without empty lines at its end; the first `least` lines are tokens in any case."""
        lines = Path(path).read_text(encoding="utf-8").split("\n")
        while len(lines) > least and lines[-1] == "":
            lines.pop()
        return lines if self.vocabulary_dtype == "string" else [int(line) for line in lines]

    def _check_vocabulary(self, where: str, tokens: list[Any], own: list[Any], special: list[Any]) -> None:
        if not tokens:
            raise ArgumentError(message(where, "a vocabulary", "an empty one", "Pass the tokens."))
        repeated = [t for t, n in Counter(own).items() if n > 1]
        if repeated:
            raise ArgumentError(message(where, "different tokens", f"repeated {repeated[:5]}", "Pass each once."))
        for kind, token, reserved in (("mask", self.mask_token, True), ("out-of-vocabulary", self.oov_token, self.invert)):
            if token is not None and reserved and token in own:
                raise ArgumentError(
                    message(where, f"the {kind} token {token!r} at the start or nowhere", f"it at {tokens.index(token)}",
                            f"Leave special tokens out, or begin with {special}.")
                )  # fmt: skip
        size = self._token_start() + len(own)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ArgumentError(message(where, f"at most max_tokens={self.max_tokens} tokens", size, "Special tokens count too."))
        self._check_size(size)

    def _check_size(self, size: int) -> None:
        fixed = self.output_mode != "int" and not self.pad_to_max_tokens
        if fixed and self._frozen_size is not None and size != self._frozen_size:
            raise RuntimeError(
                message(self.name, f"{self._frozen_size} indices, as before", size, "Set pad_to_max_tokens, or make a new layer.")
            )

    def _use(self, tokens: list[Any]) -> None:
        size = self._token_start() + len(tokens)
        self._check_size(size)
        self._tokens, self._frozen_size = list(tokens), size
        self._table = {t: i for i, t in enumerate(tokens, self._token_start())}

    def _set_weights_of_tokens(self, weights: Sequence[float]) -> None:
        pad = self.max_tokens - len(weights) if self.pad_to_max_tokens and self.max_tokens is not None else 0
        self.idf_weights = tensor([*weights, *[0.0] * pad], dtype=floatx())

    # --- learning it ---

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary of an array, list, tensor, or a dataset of batches (the first `steps` of them), most frequent first.

        Raises ArgumentError if the vocabulary was given.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts: Counter = Counter()
        self._documents: Counter = Counter()
        self._document_count = 0

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch, whose rows are documents."""
        x = as_tensor(data, self.name)
        width = x.shape[-1] if x.shape else 1
        values = self._keys(x)
        self._count([values[i : i + width] for i in range(0, len(values), width or 1)])

    def _count(self, documents: list[list[Any]]) -> None:
        if self._has_input_vocabulary:
            raise ArgumentError(message(f"{self.name}.adapt", "a layer without a given vocabulary", "one with it", "Leave out vocabulary."))
        for words in documents:
            self._counts.update(words)
            self._documents.update(set(words))
        self._document_count += len(documents)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._has_input_vocabulary or not self._counts:
            self._check_size(self.vocabulary_size())
            self._frozen_size = self.vocabulary_size()
            return
        for token in (self.mask_token, self.oov_token):
            self._counts.pop(token, None)
        ordered = sorted(self._counts, key=lambda t: (self._counts[t], _sortable(t)), reverse=True)
        if self.max_tokens:
            ordered = ordered[: self.max_tokens - self._token_start()]
        self._use(ordered)
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + self._document_count / (1 + self._documents[t])) for t in ordered]
            mean = sum(weights) / len(weights) if weights else math.nan
            self._set_weights_of_tokens([mean] * self._token_start() + weights)
        self.reset_state()

    # --- using it ---

    def _keys(self, x: Any) -> list[Any]:
        """Return the elements as the vocabulary has them."""
        if self.vocabulary_dtype == "string":
            if x.dtype != "string" and x.size:
                raise ArgumentError(message(self.name, "strings", f"dtype {x.dtype}", "Convert the values to strings."))
            return host_values(x, getattr(self, "encoding", "utf-8"))
        return host_values(op("cast")(x, "int32"))

    def indices(self, values: list[Any]) -> list[int]:
        """Return the index of each value: that of a masked one is 0, or DROPPED where vectors are made."""
        masked = 0 if self.output_mode == "int" else DROPPED
        found = [masked if self.mask_token is not None and v == self.mask_token else self._table.get(v, -1) for v in values]
        if -1 not in found:
            return found
        if self.num_oov_indices == 0:
            outside = [v for v, i in zip(values, found) if i == -1]
            raise ArgumentError(message(self.name, "values of the vocabulary", f"{outside[:5]}", "Set num_oov_indices to 1 or more."))
        return [self._outside(v) if i == -1 else i for v, i in zip(values, found)]

    def _outside(self, value: Any) -> int:
        """Return the index of a value that is not in the vocabulary."""
        if self.num_oov_indices == 1:
            return self._oov_start()
        if self.vocabulary_dtype != "string" and self.oov_method != "farmhash":
            return value % self.num_oov_indices + self._oov_start()
        return hasher(self.salt)(as_text(value)) % self.num_oov_indices + self._oov_start()

    def _depth(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else self._frozen_size

    def _check_ready(self) -> None:
        if self.output_mode != "int" and self._depth() is None:
            raise RuntimeError(message(self.name, "a vocabulary", "none", "Pass vocabulary=, or call adapt, before the layer is called."))

    def call(self, inputs: Any) -> Any:
        """Return the indices (with `invert` the tokens), or vectors of them."""
        self._check_ready()
        x = as_tensor(inputs, self.name)
        if x.is_abstract:
            shape = self.compute_output_shape(x.shape)
            return abstract_tensor([unknown_or(d) for d in shape], self._result_dtype())
        if self.invert:
            start, tokens = self._token_start(), self._tokens
            places = [i - start for i in host_values(op("cast")(x, "int32"))]
            found = [
                tokens[i] if 0 <= i < len(tokens) else self.mask_token if i == -start and self.mask_token is not None else self.oov_token
                for i in places
            ]
            return host_tensor(found, x.shape, self._result_dtype())
        return self.vectors(host_tensor(self.indices(self._keys(x)), x.shape, "int32"))

    def vectors(self, indices: Any) -> Any:
        """Return a tensor of indices as the output mode wants it."""
        if self.output_mode == "int":
            return indices
        depth = self._depth()
        assert depth is not None
        made = encode(indices, "count" if self.output_mode == "tf_idf" else self.output_mode, depth, "int32")
        if self.output_mode != "tf_idf":
            return made
        if self.idf_weights is None:
            raise ArgumentError(message(self.name, "idf_weights", "none", "Call adapt, or pass vocabulary= and idf_weights=."))
        return op("multiply")(op("cast")(made, self.idf_weights.dtype), self.idf_weights)

    def _result_dtype(self) -> str:
        if self.output_mode != "int":
            return floatx()
        return "string" if self.invert and self.vocabulary_dtype == "string" else "int32"

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for inputs of a shape."""
        if self.output_mode == "int":
            return tuple(input_shape)
        if self.output_mode == "one_hot":
            return encoded_shape(input_shape, "one_hot", self._depth())
        return (*tuple(input_shape)[:-1], self._depth())

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return the KerasTensor of the outputs."""
        return symbol(self.compute_output_shape(inputs.shape), self._result_dtype())

    @property
    def compute_dtype(self) -> str:
        """The dtype of the vocabulary."""
        return "string" if self.vocabulary_dtype == "string" else "int32"

    variable_dtype = compute_dtype
    dtype = compute_dtype
    input_dtype = compute_dtype

    # --- state and configs ---

    def get_build_config(self) -> dict[str, Any]:
        """Return an empty dict: the shapes of inputs do not matter."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Do nothing but note that the layer is built."""
        self.built = True

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the weights of tf_idf; the vocabulary is an asset."""
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take the weights of tf_idf."""
        if self.output_mode == "tf_idf":
            self.idf_weights = tensor(plain_list(store["idf_weights"]), dtype=floatx())

    def save_assets(self, dir_path: str) -> None:
        """Write vocabulary.txt into a folder, a token in each line, unless the config has the vocabulary."""
        if self.input_vocabulary is None:
            text = "\n".join(str(t) for t in self.get_vocabulary())
            (Path(dir_path) / "vocabulary.txt").write_text(text, encoding="utf-8")

    def load_assets(self, dir_path: str) -> None:
        """Take the vocabulary from vocabulary.txt in a folder."""
        if self.input_vocabulary is not None:
            return
        tokens = self._from_lines(Path(dir_path) / "vocabulary.txt", self._frozen_size or 0)
        weights = plain_list(self.idf_weights) if self.output_mode == "tf_idf" and self.idf_weights is not None else None
        self.set_vocabulary(tokens, None if weights is None else weights[: len(tokens)])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the vocabulary's size."""
        names = (
            "invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode", "sparse", "pad_to_max_tokens",
            "vocabulary_dtype", "oov_method", "salt",
        )  # fmt: skip
        return {
            **base_config(self), **{n: getattr(self, n) for n in names}, "idf_weights": self.input_idf_weights,
            "vocabulary": self.input_vocabulary, "vocabulary_size": self._frozen_size,
        }  # fmt: skip


def _check_arguments(
    where: str, max_tokens: Any, num_oov_indices: int, pad: bool, invert: bool, output_mode: str, idf_weights: Any
) -> None:
    wrong = (
        (max_tokens is not None and max_tokens <= 1, "max_tokens above 1", max_tokens),
        (pad and max_tokens is None, "max_tokens with pad_to_max_tokens", None),
        (num_oov_indices < 0, "num_oov_indices of 0 or more", num_oov_indices),
        (invert and output_mode != "int", "output_mode='int' with invert", output_mode),
        (idf_weights is not None and output_mode != "tf_idf", "idf_weights with output_mode='tf_idf' only", output_mode),
    )
    for is_wrong, expected, got in wrong:
        if is_wrong:
            raise ArgumentError(message(where, expected, got, "Correct the arguments."))


def _sortable(token: Any) -> Any:
    return token.encode("utf-8", "surrogateescape") if isinstance(token, str) else token
