"""Weight specs and manifests: their checks, sizes and paths. Reading shards is in `shards.py`, the bytes' meaning in `weights.py`.

A spec is TensorFlow.js's JSON: {name, shape, dtype, quantization?: {dtype, scale, min, original_dtype}, group?}. A manifest is a list
of groups {paths, weights: specs}; the shards at `paths` hold, joined, the bytes of the weights in order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..errors import FormatError, message
from ..shapes import MAX_ELEMENTS, Shape, size_of
from .jsons import field

# Bytes an element has in a file.
ITEM_BYTES = {"float32": 4, "int32": 4, "bool": 1, "complex64": 8}
QUANTIZED_BYTES = {"uint8": 1, "uint16": 2, "float16": 2}
# The least a string takes: its length.
STRING_BYTES = 4

MAX_RANK = 32

# Control characters, backslashes (separators on Windows), lone surrogates.
_NO_NAME = re.compile("[\x00-\x1f\x7f\\\\\ud800-\udfff]")


class Quantization(NamedTuple):
    """How the numbers in a file stand for a weight's values: value = number * scale + min, or a float16."""

    dtype: str
    scale: float
    min: float


class WeightSpec(NamedTuple):
    """A checked spec."""

    name: str
    shape: Shape
    dtype: str
    quantization: Quantization | None

    @property
    def least_bytes(self) -> int:
        """The bytes the weight takes; for strings, the bytes of their lengths."""
        if self.quantization is not None:
            return size_of(self.shape) * QUANTIZED_BYTES[self.quantization.dtype]
        return self.tensor_bytes

    @property
    def tensor_bytes(self) -> int:
        """The bytes of the weight as a tensor; of strings, those of their lengths."""
        return size_of(self.shape) * ITEM_BYTES.get(self.dtype, STRING_BYTES)


def check_shape(value: Any, where: str) -> Shape:
    """Return a shape read from a file as a tuple; raise FormatError where it has no tensor, before anything is allocated."""
    if not isinstance(value, (list, tuple)) or not all(type(d) is int and 0 <= d <= MAX_ELEMENTS for d in value):
        raise FormatError(message(where, "a shape of integers from 0 to 2**31 - 1", str(value)[:80], "The description is damaged."))
    # Also for empty tensors: the other dimensions are multiplied too, in many places.
    if len(value) > MAX_RANK or math.prod(max(d, 1) for d in value) > MAX_ELEMENTS:
        raise FormatError(message(where, f"at most {MAX_RANK} dimensions and 2**31 - 1 elements", str(value)[:80], "It cannot be loaded."))
    return tuple(value)


def check_spec(spec: Any) -> WeightSpec:
    """Return a spec checked; raise FormatError."""
    name = field(spec, "name", str, "weight spec")
    where = f"weight {name[:80]!r}"
    shape = check_shape(spec.get("shape"), where)
    dtype = field(spec, "dtype", str, where)
    if dtype not in ITEM_BYTES and dtype != "string":
        advice = "Other types are stored quantised."
        raise FormatError(message(where, f"a dtype of {', '.join(ITEM_BYTES)}, string", repr(dtype[:40]), advice))
    quantization = _check_quantization(spec["quantization"], dtype, where) if spec.get("quantization") is not None else None
    return WeightSpec(name, shape, dtype, quantization)


def _check_quantization(value: Any, dtype: str, where: str) -> Quantization:
    kind = field(value, "dtype", str, f"{where}, quantization")
    if kind not in QUANTIZED_BYTES or dtype not in ("float32", "int32") or (kind == "float16" and dtype != "float32"):
        advice = "Quantise float32 by all three, int32 by uint8 and uint16."
        raise FormatError(message(where, f"quantization by {', '.join(QUANTIZED_BYTES)}", f"{dtype} by {kind[:40]}", advice))
    if kind == "float16":
        return Quantization(kind, 1.0, 0.0)
    numbers = [value.get("scale"), value.get("min")]
    if not all(type(n) in (int, float) and abs(n) <= 1e308 for n in numbers):
        raise FormatError(message(where, "finite numbers `scale` and `min`", numbers, "The quantization is damaged."))
    return Quantization(kind, float(numbers[0]), float(numbers[1]))


def check_specs(specs: Any) -> list[WeightSpec]:
    """Return the specs checked, their names different; raise FormatError."""
    if not isinstance(specs, (list, tuple)):
        raise FormatError(message("weight specs", "a list", type(specs).__name__, "The description is damaged."))
    checked = [check_spec(s) for s in specs]
    seen: set[str] = set()
    for spec in checked:
        if spec.name in seen:
            raise FormatError(message("weight specs", "each name once", repr(spec.name[:80]), "Two weights would be one."))
        seen.add(spec.name)
    return checked


def bytes_of_specs(specs: Iterable[WeightSpec]) -> tuple[int, bool]:
    """Return (the bytes of the weights, whether that is all): strings may take more."""
    listed = list(specs)
    return sum(s.least_bytes for s in listed), all(s.dtype != "string" for s in listed)


def check_path(path: Any, where: str = "weights manifest") -> str:
    """Return a relative path that stays below its folder; raise FormatError for `..`, absolute paths, drives and URLs."""
    if not isinstance(path, str) or not path:
        raise FormatError(message(where, "a path", repr(path)[:80], "The manifest is damaged."))
    for form in {path, unquote(path)}:
        climbs = ".." in re.split(r"[/\\]", form) or form.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", form)
        if climbs or _NO_NAME.search(form) or form.endswith("/"):
            raise FormatError(message(where, "a relative path below the model's folder", repr(path)[:80], "Do not trust this file."))
    return path


class Group(NamedTuple):
    """A checked group of a manifest."""

    paths: tuple[str, ...]
    specs: tuple[WeightSpec, ...]


def check_manifest(manifest: Any, free_paths: bool = False) -> list[Group]:
    """Return the groups of a manifest, checked; raise FormatError. `free_paths`: they are names to look up, not places."""
    if not isinstance(manifest, (list, tuple)):
        raise FormatError(message("weights manifest", "a list", type(manifest).__name__, "The description is damaged."))
    specs = iter(check_specs(get_weight_specs(manifest)))
    groups, seen = [], set()
    for entry in manifest:
        paths = field(entry, "paths", list, "weights manifest")
        for path in paths:
            name = path if free_paths and isinstance(path, str) else check_path(path)
            if name in seen:
                raise FormatError(message("weights manifest", "each path once", repr(name[:80]), "The manifest is damaged."))
            seen.add(name)
        groups.append(Group(tuple(paths), tuple(next(specs) for _ in entry["weights"])))
    return groups


def get_weight_specs(weights_manifest: Any) -> list[dict[str, Any]]:
    """Return the specs of all groups of a manifest in one list. TensorFlow.js's io.getWeightSpecs.

    >>> import tensorweb as tw
    >>> tw.io.get_weight_specs([{"paths": ["a"], "weights": [{"name": "x", "shape": [2], "dtype": "float32"}]}])
    [{'name': 'x', 'shape': [2], 'dtype': 'float32'}]
    """
    if not isinstance(weights_manifest, (list, tuple)):
        raise FormatError(message("weights manifest", "a list", type(weights_manifest).__name__, "The description is damaged."))
    return [spec for entry in weights_manifest for spec in field(entry, "weights", list, "weights manifest")]
