"""TensorFlow's dtypes: their numbers and names in files, and which of ours stand for them."""

from __future__ import annotations

_NAMES = (
    "invalid", "float32", "float64", "int32", "uint8", "int16", "int8", "string", "complex64", "int64", "bool", "qint8", "quint8", "qint32",
    "bfloat16", "qint16", "quint16", "uint16", "complex128", "float16", "resource", "variant", "uint32", "uint64",
)  # fmt: skip
BY_NUMBER = dict(enumerate(_NAMES))
_PROTO_NAMES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "float16": "DT_HALF"}
BY_PROTO_NAME = {_PROTO_NAMES.get(name, f"DT_{name.upper()}"): name for name in _NAMES}
PROTO_NAMES = {name: proto for proto, name in BY_PROTO_NAME.items()}

_OWN = {
    "float32": "float32", "float64": "float32", "float16": "float32", "bfloat16": "float32", "int32": "int32", "uint8": "int32",
    "int16": "int32", "int8": "int32", "uint16": "int32", "int64": "int32", "uint32": "int32", "uint64": "int32", "bool": "bool",
    "string": "string", "complex64": "complex64", "complex128": "complex64",
}  # fmt: skip


def own_dtype(name: str | None) -> str | None:
    """Return the dtype that graph models compute with for one of TensorFlow's, as TensorFlow.js has it; None for resources and the like."""
    return _OWN.get(name or "")


def as_text(value: str | bytes) -> str | bytes:
    """Return bytes as text where they are UTF-8, else as they are: what elements of string tensors are."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value
