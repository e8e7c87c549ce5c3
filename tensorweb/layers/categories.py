"""Integers to one-hot, multi-hot and counted vectors: CategoryEncoding, and what the layers of words and bins share with it.

Values on the host (strings) are read and made tensors here too; what the values mean is the layers' own business.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from .. import dtype_policies, engine
from ..engine import ABSTRACT
from ..errors import ArgumentError, DTypeError, message
from ..symbolic import KerasTensor
from ..tensor import Tensor, as_tensor, op, tensor
from .layer import Layer

# Names of Keras 2 and TensorFlow.js for modes of output.
OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf", "multiHot": "multi_hot", "oneHot": "one_hot", "tfIdf": "tf_idf"}


def one_of(value: Any, allowed: Sequence[Any], where: str, name: str) -> Any:
    """Return the value of an argument; raise ArgumentError if it is none of the allowed ones."""
    if value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ArgumentError(message(f"{where}({name}=)", f"one of {choices}", repr(value)[:80], "Check the spelling."))
    return value


def refuse_sparse(sparse: Any, where: str) -> None:
    """Raise ArgumentError for sparse=True: tensors are dense here."""
    if sparse:
        raise ArgumentError(message(where, "sparse=False", "sparse=True", "Tensors are dense here: leave sparse out."))


def unknown_or(size: int | None) -> int:
    """Return a size, or for None the one that stands for unknown sizes in an inference under way."""
    return (engine.state.get().unknown or 1) if size is None else size


def abstract_tensor(shape: Sequence[int | None], dtype: str) -> Tensor:
    """Return a tensor without values, for inference of shapes."""
    return Tensor(ABSTRACT, tuple(unknown_or(d) for d in shape), dtype)


def host_values(x: Any, encoding: str = "utf-8") -> list[Any]:
    """Return the elements of a tensor in order as Python values, bytes decoded."""
    flat = op("reshape")(x, (-1,)).tolist()
    return [v.decode(encoding) if isinstance(v, bytes) else v for v in flat]


def host_tensor(values: list[Any], shape: Sequence[int], dtype: str) -> Tensor:
    """Return a tensor of Python values in order."""
    return tensor(values, tuple(shape), dtype)


def encoded_shape(shape: Sequence[int | None], mode: str, depth: int | None) -> tuple[int | None, ...]:
    """Return the shape of `encode`'s result."""
    shape = tuple(shape)
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    if len(shape) <= 2:
        return (*shape[:-1], depth)
    return (shape[0], *shape[2:], depth)


def encode(indices: Any, mode: str, depth: int, dtype: str, count_weights: Any = None) -> Any:
    """Return integers as vectors of `depth` elements: one_hot of each, multi_hot or count of each row.

    A row is the last axis of a tensor of rank 1 or 2, the second one of a tensor of higher rank. Integers outside are dropped.
    """
    shape = indices.shape
    made = encoded_shape(shape or (1,), mode, depth)
    if mode == "one_hot":
        return op("one_hot")(op("reshape")(indices, made[:-1]), depth, dtype=dtype)
    if len(shape) > 2:
        indices = op("moveaxis")(indices, 1, -1)
        count_weights = None if count_weights is None else op("moveaxis")(count_weights, 1, -1)
    length = indices.shape[-1] if shape else 1
    rows = prod(indices.shape[:-1])
    places = op("reshape")(indices, (rows, length))
    inside = op("logical_and")(op("greater_equal")(places, 0), op("less")(places, depth))
    start = op("reshape")(op("arange")(0, rows * depth, depth, dtype="int32"), (rows, 1))
    places = op("where")(inside, op("add")(places, start), rows * depth)
    values = op("ones")((rows * length,), dtype) if count_weights is None else op("reshape")(op("cast")(count_weights, dtype), (-1,))
    sums = op("segment_sum")(values, op("reshape")(places, (-1,)), rows * depth)
    return op("reshape")(op("minimum")(sums, 1) if mode == "multi_hot" else sums, made)


class CategoryEncoding(Layer):
    """Integers below `num_tokens` as vectors: one-hot, or a row's as one vector. Keras's and TensorFlow.js's layer.

    Args: `num_tokens`; `output_mode`: "multi_hot", "count" (with `count_weights` at the call: their sums) or "one_hot". Integers
    outside are dropped. `sparse` must be False.

    >>> import tensorweb as tw
    >>> tw.layers.CategoryEncoding(num_tokens=4, output_mode="count")(tw.tensor([[0, 1, 1]])).tolist()
    [[1.0, 2.0, 0.0, 0.0]]
    """

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        where = "CategoryEncoding"
        refuse_sparse(sparse, where)
        self.output_mode = one_of(OLD_MODES.get(output_mode, output_mode), ("count", "one_hot", "multi_hot"), where, "output_mode")
        if num_tokens is None or num_tokens < 1:
            raise ArgumentError(message(f"{where}(num_tokens=)", "1 or more", num_tokens, "If it is unknown, use IntegerLookup."))
        self.num_tokens, self.sparse = num_tokens, False

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """Return the vectors; `count_weights` has the shape of the inputs."""
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(message(self.name, "count_weights with output_mode='count' only", self.output_mode, "Leave them out."))
        inputs = as_tensor(inputs, self.name)
        if inputs.dtype != "int32":
            inputs = op("cast")(inputs, "int32")
        weights = None if count_weights is None else as_tensor(count_weights, self.name)
        return encode(inputs, self.output_mode, self.num_tokens, self.compute_dtype, weights)

    def compute_output_shape(self, input_shape: Any, **kwargs: Any) -> Any:
        """Return the shape for inputs of a shape."""
        return encoded_shape(tuple(input_shape) or (1,), self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = super().get_config()
        del config["sparse"]
        return config


def base_config(layer: Layer) -> dict[str, Any]:
    """Return what each layer's config begins with."""
    return {"name": layer.name, "trainable": layer.trainable, "dtype": dtype_policies.serialize(layer.dtype_policy)}


def symbol(shape: Sequence[int | None], dtype: str) -> KerasTensor:
    """Return the KerasTensor of a shape and dtype."""
    return KerasTensor(shape, dtype)


def require_strings_or_integers(x: Any, where: str) -> Any:
    """Return a tensor of strings or integers; raise DTypeError for others."""
    x = as_tensor(x, where)
    if x.dtype not in ("string", "int32", "int8", "uint8"):
        raise DTypeError(message(where, "integers or strings", f"dtype {x.dtype}", "Cast the input."))
    return x
