"""Hashing and HashedCrossing: strings and integers to bins, without a vocabulary. The hash functions are in kernels/routines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtype_policies import floatx
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.routines.fingerprint import fingerprint64
from ..kernels.routines.siphash import siphash64
from ..tensor import as_tensor
from .categories import (
    abstract_tensor,
    encode,
    encoded_shape,
    host_tensor,
    host_values,
    one_of,
    refuse_sparse,
    require_strings_or_integers,
    symbol,
)
from .layer import Layer

MASK = 2**64 - 1
# TensorFlow's key of crossings; the numbers of models in files depend on it.
CROSSING_KEY = 0xDECAFCAFFE


def as_salt(salt: Any, where: str) -> list[int] | None:
    """Return the two numbers of a salt, which may be one number."""
    if salt is None or (isinstance(salt, (tuple, list)) and len(salt) == 2):
        return None if salt is None else list(salt)
    if isinstance(salt, int):
        return [salt, salt]
    raise ArgumentError(message(f"{where}(salt=)", "an integer or two", repr(salt)[:60], "Pass for example salt=[133, 137]."))


def as_text(value: Any) -> bytes:
    """Return the bytes that a value is hashed as: those of a string, an integer's decimal digits."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return (value if isinstance(value, str) else str(int(value))).encode("utf-8", "surrogateescape")


def hasher(salt: list[int] | None) -> Callable[[bytes], int]:
    """Return the hash function of a salt: FarmHash64 without, SipHash64 with it."""
    return fingerprint64 if salt is None else lambda s: siphash64(s, (salt[0], salt[1]))


class Hashing(Layer):
    """Strings or integers to bins by their hash: FarmHash64, or SipHash64 with a salt. Keras's layer.

    Args: `num_bins`; `mask_value`: a value that goes to bin 0 alone; `salt`: one or two integers; `output_mode`: "int", "one_hot",
    "multi_hot" or "count". `sparse` must be False. Floats are cut to integers.

    >>> import tensorweb as tw
    >>> tw.layers.Hashing(num_bins=3)(["A", "B", "C", "D"]).tolist()
    [1, 0, 1, 1]
    """

    def __init__(
        self, num_bins: int, mask_value: Any = None, salt: Any = None, output_mode: str = "int", sparse: bool = False, **kwargs: Any
    ):
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else floatx()
        super().__init__(**kwargs)
        if num_bins is None or num_bins <= 0:
            raise ArgumentError(message("Hashing(num_bins=)", "1 or more", num_bins, "Choose more bins than there are categories."))
        one_of(output_mode, ("int", "one_hot", "multi_hot", "count"), "Hashing", "output_mode")
        if output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ArgumentError(message("Hashing", "an integer dtype for output_mode='int'", self.dtype_policy.name, "Leave dtype out."))
        refuse_sparse(sparse, "Hashing")
        self.num_bins, self.mask_value, self.output_mode, self.sparse = num_bins, mask_value, output_mode, False
        self.salt = as_salt(salt, "Hashing")

    def call(self, inputs: Any) -> Any:
        """Return the bins, or vectors of them."""
        x = as_tensor(inputs, self.name)
        if x.is_abstract:
            return abstract_tensor(self.compute_output_shape(x.shape), self.compute_dtype)
        bins = host_tensor(self._bins(host_values(x)), x.shape, "int32")
        return bins if self.output_mode == "int" else encode(bins, self.output_mode, self.num_bins, self.compute_dtype)

    def _bins(self, values: list[Any]) -> list[int]:
        hashed = hasher(self.salt)
        known: dict[Any, int] = {}
        masked = self.mask_value is not None and self.num_bins > 1
        for v in values:
            if v not in known:
                known[v] = 0 if masked and v == self.mask_value else hashed(as_text(v)) % (self.num_bins - masked) + masked
        return [known[v] for v in values]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for inputs of a shape."""
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        return encoded_shape(shape or (1,), self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the KerasTensor of the outputs."""
        return symbol(self.compute_output_shape(inputs.shape), self.compute_dtype)


class HashedCrossing(Layer):
    """The bin of each combination of two or more features, by a hash of them all. Keras's layer.

    Inputs: a list of integers or strings of shape (), (batch,) or (batch, 1). Args: `num_bins`, `output_mode`: "int" or "one_hot".

    >>> import tensorweb as tw
    >>> crossing = tw.layers.HashedCrossing(num_bins=5)
    >>> crossing((tw.tensor(["A", "B", "A", "B", "A"]), tw.tensor([101, 101, 101, 102, 102]))).tolist()
    [1, 4, 1, 1, 3]
    """

    def __init__(
        self, num_bins: int, output_mode: str = "int", sparse: bool = False, name: str | None = None, dtype: Any = None, **kwargs: Any
    ):
        super().__init__(name=name, dtype="int64" if output_mode == "int" and dtype is None else dtype)
        refuse_sparse(sparse, "HashedCrossing")
        self.num_bins, self.output_mode = num_bins, one_of(output_mode, ("int", "one_hot"), "HashedCrossing", "output_mode")
        self.sparse = False

    def call(self, inputs: Any) -> Any:
        """Return the bins, or one-hot vectors of them."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ArgumentError(message(self.name, "a list of two or more tensors", repr(inputs)[:60], "Pass [a, b]."))
        parts = [self._part(x) for x in inputs]
        shape = parts[0].shape
        if len(shape) > 2 or (len(shape) == 2 and shape[-1] != 1):
            raise ShapeError(message(self.name, "shapes (), (batch,) or (batch, 1)", shape, "Reshape the features."))
        if any(p.shape != shape for p in parts):
            raise ShapeError(message(self.name, "features of one shape", [p.shape for p in parts], "Reshape them."))
        if any(p.is_abstract for p in parts):
            return abstract_tensor(self.compute_output_shape([p.shape for p in parts]), self.compute_dtype)
        columns = [[fingerprint64(as_text(v)) if p.dtype == "string" else v & MASK for v in host_values(p)] for p in parts]
        bins = host_tensor([_crossed(values) % self.num_bins for values in zip(*columns)], shape, "int32")
        return bins if self.output_mode == "int" else encode(bins, "one_hot", self.num_bins, self.compute_dtype)

    def _part(self, x: Any) -> Any:
        try:
            return require_strings_or_integers(x, self.name)
        except DTypeError as error:
            raise ArgumentError(str(error)) from None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for a list of two or more equal shapes."""
        first = tuple(input_shape[0])
        return first if self.output_mode == "int" else encoded_shape(first or (), "one_hot", self.num_bins)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the KerasTensor of the outputs."""
        return symbol(self.compute_output_shape([x.shape for x in inputs]), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "num_bins": self.num_bins, "output_mode": self.output_mode, "sparse": self.sparse, "name": self.name,
            "dtype": self.dtype_policy.name,
        }  # fmt: skip


def _crossed(values: tuple[int, ...]) -> int:
    """Return the hash of several 64-bit words in order: TensorFlow's FingerprintCat64."""
    factor = 0xC6A4A7935BD1E995
    made = CROSSING_KEY
    for v in values:
        made ^= factor
        made ^= _mixed(v * factor & MASK) * factor & MASK
        made = _mixed(_mixed(made * factor & MASK) * factor & MASK)
    return made


def _mixed(v: int) -> int:
    return v ^ v >> 47


