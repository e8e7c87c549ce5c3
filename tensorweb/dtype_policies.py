"""Dtype policies: in which dtype a layer computes and in which it keeps its variables; floatx and the global policy."""

from __future__ import annotations

from typing import Any

from . import dtypes
from .errors import DTypeError, message

_floatx = "float32"
_global: DTypePolicy | None = None


def floatx() -> str:
    """Return the default dtype of floats, "float32" unless set."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default dtype of floats: "float32" or "float16". Keras's function."""
    global _floatx
    if value not in ("float16", "float32", "float64"):
        raise DTypeError(message("set_floatx", "float32 or float16", repr(value), "bfloat16 is not a dtype here."))
    _floatx = dtypes.canonical(value, "set_floatx")


class PolicyError(DTypeError, ValueError):
    """There is no such dtype policy."""


def _known(name: Any) -> str:
    try:
        return dtypes.canonical(name, "DTypePolicy")
    except DTypeError as error:
        raise PolicyError(str(error)) from None


class DTypePolicy:
    """A pair of dtypes: `compute_dtype` of a layer's inputs and arithmetic, `variable_dtype` of its weights. Keras's class.

    `name` is a dtype ("float32") or "mixed_float16": float32 variables, float16 arithmetic. bfloat16 does not exist here.

    >>> DTypePolicy("mixed_float16").variable_dtype
    'float32'
    """

    name: str

    def __init__(self, name: str | None = None, source_name: str | None = None):
        name = str(dtype_policy().name) if name is None else name
        if not isinstance(name, str):
            raise PolicyError(message("DTypePolicy", "a name", repr(name), "Pass a dtype or mixed_float16."))
        if name == "mixed_float16":
            self.compute_dtype, self.variable_dtype = "float16", "float32"
        elif name in ("mixed_bfloat16", "bfloat16"):
            raise PolicyError(message("DTypePolicy", "float32, float16 or mixed_float16", repr(name), "bfloat16 is not a dtype here."))
        else:
            self.compute_dtype = self.variable_dtype = _known(name)
        self.name = name
        self.quantization_mode = None

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Return the policy of a config."""
        return cls(**config)


FloatDTypePolicy = DTypePolicy


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are not given one."""
    return _global if _global is not None else DTypePolicy(_floatx)


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers made from now on: a DTypePolicy or its name."""
    global _global
    if policy is None:
        raise PolicyError(message("set_dtype_policy", "a DTypePolicy or its name", "None", "Pass one, float32 for the usual."))
    _global = get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy of a name, dtype, config or policy; the global one for None."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        # Keras 2 nests {"class_name": "Policy", "config": {"name": ...}}; maps of policies have no single name.
        return DTypePolicy(identifier.get("config", {}).get("name"))
    return DTypePolicy(identifier if isinstance(identifier, str) else _known(identifier))


def serialize(policy: DTypePolicy) -> dict[str, Any]:
    """Return the config of a policy."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": policy.get_config(), "registered_name": None}


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """Return the policy of a config."""
    return get(config)
