"""Tensors to the bytes of TensorFlow.js's weights and back: encode_weights, decode_weights and loading by a manifest.

What the numbers of quantised weights mean is in `quantization.py`; the checks of specs are in `manifest.py`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import engine
from ..errors import ArgumentError, FormatError, message
from ..kernels.patterns import Spec
from ..tensor import Tensor, as_tensor, op
from ..waiting import Call, Read, Waits
from .buffers import CompositeArrayBuffer, little, typed
from .calls import END, Next, iterator, twins
from .manifest import STRING_BYTES, Group, WeightSpec, check_manifest, check_specs
from .quantization import dequantize, match_dtypes, quantizing

# What is stored otherwise here, and how TensorFlow.js stores it.
_STORED_AS = {"uint8": "int32", "int8": "int32"}


# --- encoding ---------------------------------------------------------------------------------------------------------------


def _named(tensors: Any) -> list[tuple[str, Any]]:
    """Return (name, tensor) of a dict, a list of pairs, of {"name", "tensor"} dicts, or of variables."""
    if isinstance(tensors, Mapping):
        pairs = list(tensors.items())
    else:
        pairs = []
        for item in tensors:
            if isinstance(item, Mapping):
                pairs.append((item["name"], item["tensor"]))
            else:
                pairs.append((getattr(item, "path", item.name), item) if hasattr(item, "name") else tuple(item))
    names = [name for name, _ in pairs]
    for name in names:
        if not isinstance(name, str) or not name:
            raise ArgumentError(message("encode_weights", "names", repr(name), "Name each tensor by a string."))
    if len(set(names)) < len(names):
        double = next(n for n in names if names.count(n) > 1)
        raise ArgumentError(message("encode_weights", "each name once", repr(double), "Rename one of them."))
    return pairs


def encoding_weights(tensors: Any, group: str | None = None, quantization: Any = None) -> Waits[tuple[list[memoryview], list[dict]]]:
    """Return (the bytes of each tensor, their specs); `encode_weights` says the rest."""
    pairs = _named(tensors)
    chosen = match_dtypes([name for name, _ in pairs], quantization)
    buffers, specs = [], []
    for name, value in pairs:
        x = as_tensor(value, "encode_weights")
        spec: dict[str, Any] = {"name": name, "shape": list(x.shape), "dtype": x.dtype}
        how = chosen.get(name)
        if x.dtype in _STORED_AS:
            x = op("cast")(x, _STORED_AS[x.dtype])
        elif x.dtype == "float16":
            x, how = op("cast")(x, "float32"), how or "float16"
        spec["dtype"] = x.dtype
        if how is None:
            data = _bytes_of((yield Read(x)), x.dtype, name)
        else:
            data, spec["quantization"] = yield from quantizing(name, x, how)
        if group is not None:
            spec["group"] = group
        buffers.append(data)
        specs.append(spec)
    return buffers, specs


def _bytes_of(values: Any, dtype: str, name: str) -> memoryview:
    """Return the bytes of flat host values as they lie in the file."""
    if dtype == "string":
        return memoryview(b"".join(_string_bytes(v, name) for v in values))
    if dtype == "complex64":
        return little(memoryview(array("f", [part for v in values for part in (v.real, v.imag)])))
    return little(values if isinstance(values, memoryview) else memoryview(values))


def _string_bytes(value: str | bytes, name: str) -> bytes:
    try:
        data = value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise ArgumentError(message(f"weight {name!r}", "text or bytes", repr(value)[:80], "Lone surrogates are no text.")) from None
    return len(data).to_bytes(STRING_BYTES, "little") + data


def _encoding_joined(tensors: Any, group: str | None = None, quantization: Any = None) -> Waits[tuple[bytes, list[dict]]]:
    """Return (bytes, specs) of named tensors in TensorFlow.js's weights format. TensorFlow.js's io.encodeWeights.

    `tensors`: a dict, or a list of variables, of (name, tensor) pairs or of {"name", "tensor"} dicts, of any dtype. float16 is stored
    as float32 quantised to float16, int8 and uint8 as int32, which TensorFlow.js reads. `quantization`: a dtype for all ("uint8",
    "uint16", "float16") or {dtype: glob pattern, list of them, or True for all others}, as in TensorFlow.js's converter.
    Raises ArgumentError for a name given twice and for values that cannot be quantised.

    >>> import tensorweb as tw
    >>> data, specs = tw.io.encode_weights({"x": tw.tensor([1, 2])})
    >>> len(data), specs
    (8, [{'name': 'x', 'shape': [2], 'dtype': 'int32'}])
    """
    buffers, specs = yield from encoding_weights(tensors, group, quantization)
    return b"".join(buffers), specs


encode_weights, encode_weights_async = twins(_encoding_joined, "encode_weights", __name__)


# --- decoding ---------------------------------------------------------------------------------------------------------------


def decode_weights(weight_data: Any, specs: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Return the tensors by name of bytes, or a list of buffers, in TensorFlow.js's weights format. TensorFlow.js's io.decodeWeights.

    Quantised weights come back in their original dtype. Raises FormatError where bytes and specs do not fit, before any tensor is made
    of a wrong one.

    >>> import tensorweb as tw
    >>> tw.io.decode_weights(bytes([0, 128, 255]), [{"name": "x", "shape": [3], "dtype": "float32",
    ...     "quantization": {"dtype": "uint8", "scale": 0.5, "min": -64}}])["x"].tolist()
    [-64.0, 0.0, 63.5]
    """
    whole, checked = CompositeArrayBuffer(weight_data), check_specs(specs)
    spans = spans_of(whole, checked)
    return {spec.name: decode_weight(whole.slice(*span), spec) for spec, span in zip(checked, spans)}


def spans_of(whole: CompositeArrayBuffer, specs: Sequence[WeightSpec]) -> list[tuple[int, int]]:
    """Return where each weight's bytes begin and end; raise FormatError unless they are all the bytes there are."""
    spans, start = [], 0
    for spec in specs:
        end = start + spec.least_bytes
        if end <= whole.byte_length and spec.dtype == "string":
            end = start
            for _ in range(spec.least_bytes // STRING_BYTES):
                end += STRING_BYTES + int.from_bytes(whole.slice(end, end + STRING_BYTES), "little")
                if end > whole.byte_length:
                    break
        if end > whole.byte_length:
            left = f"{whole.byte_length - start} left of {whole.byte_length}"
            raise FormatError(message(f"weight {spec.name[:80]!r}", f"{end - start} bytes or more", left, "The file is cut short."))
        spans.append((start, end))
        start = end
    if start < whole.byte_length:
        raise FormatError(message("weights", f"{start} bytes", whole.byte_length, "The file does not fit its description."))
    return spans


def decode_weight(data: memoryview, spec: WeightSpec) -> Tensor:
    """Return the tensor of a weight's bytes, as many as its spec wants."""
    if spec.quantization is not None:
        return dequantize(data, spec)
    if spec.dtype == "string":
        return engine.upload(_strings(data, spec), Spec(spec.shape, "string"))
    if spec.dtype == "bool":  # any byte but 0 is true
        return op("cast")(engine.upload(data, Spec(spec.shape, "uint8")), "bool")
    if spec.dtype == "complex64":
        pairs = engine.upload(typed(data, "f"), Spec((*spec.shape, 2), "float32"))
        return op("view_as_complex")(pairs)
    return engine.upload(typed(data, "f" if spec.dtype == "float32" else "i"), Spec(spec.shape, spec.dtype))


def _strings(data: memoryview, spec: WeightSpec) -> list[Any]:
    """Return the strings: text, or bytes if one of them is no UTF-8."""
    values, start = [], 0
    while start < len(data):
        begin = start + STRING_BYTES
        start = begin + int.from_bytes(data[start:begin], "little")
        values.append(bytes(data[begin:start]))
    try:
        return [v.decode() for v in values]
    except UnicodeDecodeError:
        return values


def decoding_stream(weight_stream: Any, specs: Sequence[dict[str, Any]]) -> Waits[dict[str, Tensor]]:
    """Return the tensors of an iterable of bytes (asynchronous in the twin) of any lengths. TensorFlow.js's io.decodeWeightsStream.

    Holds one weight's bytes at a time beside the tensors. Raises FormatError as decode_weights.

    >>> import tensorweb as tw
    >>> tw.io.decode_weights_stream([b"\\1\\0", b"\\0\\0"], [{"name": "x", "shape": [], "dtype": "int32"}])["x"].item()
    1
    """
    checked, reader = check_specs(specs), _StreamReader(weight_stream)
    tensors = {}
    for spec in checked:
        if spec.dtype == "string":
            data = yield from _reading_strings(reader, spec)
        else:
            data = yield from reader.reading(spec.least_bytes, spec.name)
        tensors[spec.name] = decode_weight(data, spec)
    if (yield from reader.more()):
        raise FormatError(message("weights", "no bytes after the last weight", "more", "The stream does not fit its description."))
    return tensors


def _reading_strings(reader: _StreamReader, spec: WeightSpec) -> Waits[memoryview]:
    parts = []
    for _ in range(spec.least_bytes // STRING_BYTES):
        length = yield from reader.reading(STRING_BYTES, spec.name)
        parts += [length, (yield from reader.reading(int.from_bytes(length, "little"), spec.name))]
    return memoryview(b"".join(parts))


class _StreamReader:
    """Reads exact numbers of bytes from an iterable of bytes."""

    def __init__(self, stream: Any):
        self.items, self.rest = iterator(stream), memoryview(b"")

    def more(self) -> Waits[bool]:
        """Tell whether a byte is left, having read it."""
        while not self.rest:
            item = yield Next(self.items)
            if item is END:
                return False
            self.rest = memoryview(item).cast("B")
        return True

    def reading(self, count: int, name: str) -> Waits[memoryview]:
        """Return the next `count` bytes; raise FormatError if the stream ends before."""
        parts: list[memoryview] = []
        missing = count
        while missing:
            if not (yield from self.more()):
                raise FormatError(message(f"weight {name[:80]!r}", f"{count} bytes", count - missing, "The stream broke off."))
            parts.append(self.rest[:missing])
            self.rest = self.rest[missing:]
            missing -= len(parts[-1])
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))


decode_weights_stream, decode_weights_stream_async = twins(decoding_stream, "decode_weights_stream", __name__)


# --- by a manifest ----------------------------------------------------------------------------------------------------------


def _wanted_groups(groups: Sequence[Group], names: Iterable[str] | None) -> list[Group]:
    """Return the groups that hold the named weights; raise ArgumentError for names that none holds."""
    if names is None:
        return list(groups)
    known, wanted = {s.name for g in groups for s in g.specs}, list(names)
    if absent := [n for n in wanted if n not in known]:
        raise ArgumentError(message("load_weights", f"names among {', '.join(sorted(known))[:400]}", absent, "Correct the names."))
    return [g for g in groups if any(s.name in wanted for s in g.specs)]


def loading_by(manifest: Any, names: Sequence[str] | None, gather: Callable[[list[Group]], Waits[Any]]) -> Waits[dict[str, Tensor]]:
    """Load the named weights of a manifest (all by default); `gather` is a generator of waits from groups to their shards' bytes."""
    groups = _wanted_groups(check_manifest(manifest), names)
    whole = CompositeArrayBuffer((yield from gather(groups)))
    specs = [s for g in groups for s in g.specs]
    spans = zip(specs, spans_of(whole, specs))
    return {s.name: decode_weight(whole.slice(*span), s) for s, span in spans if names is None or s.name in names}


def weights_loader_factory(fetch_weights_function: Callable[[list[str]], Any]) -> Callable[..., dict[str, Tensor]]:
    """Return the function (manifest, file_path_prefix="", weight_names=None) -> tensors by name that fetches shards in your way.

    `fetch_weights_function` takes the list of places and returns a list of buffers. TensorFlow.js's io.weightsLoaderFactory.

    >>> load = weights_loader_factory(lambda places: [bytes([7]) for place in places])
    >>> load([{"paths": ["a.bin"], "weights": [{"name": "x", "shape": [], "dtype": "bool"}]}])["x"].item()
    True
    """

    def loading(manifest: Any, file_path_prefix: str = "", weight_names: Sequence[str] | None = None) -> Waits[dict[str, Tensor]]:
        start = file_path_prefix if file_path_prefix.endswith("/") else file_path_prefix + "/"

        def gather(groups: list[Group]) -> Waits[list[Any]]:
            places = [start + path for g in groups for path in g.paths]
            buffers = list((yield Call(fetch_weights_function, places)))
            if len(buffers) != len(places):
                raise FormatError(message("load_weights", f"{len(places)} buffers", len(buffers), "Return one for each place."))
            return buffers

        return loading_by(manifest, weight_names, gather)

    return twins(loading, "load_weights", __name__)[0]


