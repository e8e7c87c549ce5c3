"""Objects to configs and back, in Keras 3's form, and the registry of custom classes. Files of models are the business of `saving`.

A config is data: nothing is imported by a name that a file gives, and code (a lambda) is only revived with safe_mode=False.
"""

from __future__ import annotations

import base64
import inspect
import marshal
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from typing import Any

from .errors import ArgumentError, TensorWebError, message
from .naming import to_snake_case
from .tensor import Operators, Tensor, tensor

# Where the classes live that a config may name; the first that has the name gives it.
HOUSES = (
    "layers", "models", "initializers", "regularizers", "constraints", "activations", "losses", "metrics", "optimizers",
    "optimizers.schedules", "dtype_policies", "ops.random", "utils.feature_space", "ops",
)  # fmt: skip
_FUNCTION_HOUSES = frozenset(("activations", "losses", "metrics", "ops", "initializers", "regularizers", "constraints"))
MAX_DEPTH = 200
# Classes that Keras exports, and so writes, under another name.
_EXPORTED = {"GroupedQueryAttention": "GroupQueryAttention"}

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}
_scope: ContextVar[dict[str, Any]] = ContextVar("tensorweb_custom_objects", default={})  # noqa: B039  (replaced, never changed)
_safe: ContextVar[bool | None] = ContextVar("tensorweb_safe_mode", default=None)
_unsafe_enabled = False


class DeserializationError(TensorWebError, ValueError, TypeError):
    """A config does not describe an object that can be made."""


# --- the registry of custom objects ------------------------------------------------------------------------------------------


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorate a class (with get_config) or function so that files can name it as "package>name". Keras's decorator."""

    def register(item: Any) -> Any:
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise ArgumentError(message("register_keras_serializable", "a class with get_config", item.__name__, "Define get_config."))
        full = f"{package}>{name or item.__name__}"
        _registered[full] = item
        _names[item] = full
        return item

    return register


def get_registered_name(obj: Any) -> str:
    """Return the name a class or function is registered under, or its own."""
    return _names.get(obj, obj.__name__)


def get_registered_object(
    name: str | None, custom_objects: dict[str, Any] | None = None, module_objects: dict[str, Any] | None = None
) -> Any:
    """Return the custom class or function of a name, or None."""
    for table in (_scope.get(), _registered, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """Return the registry: a dict of names to classes and functions that may be changed."""
    return _registered


class CustomObjectScope:
    """A with-block in which configs may name these custom objects. Keras's class, also known as custom_object_scope."""

    def __init__(self, custom_objects: dict[str, Any]):
        self.custom_objects = custom_objects or {}
        self._tokens: list[Any] = []

    def __enter__(self) -> CustomObjectScope:
        self._tokens.append(_scope.set({**_scope.get(), **self.custom_objects}))
        return self

    def __exit__(self, *exc: object) -> None:
        _scope.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope


def enable_unsafe_deserialization() -> None:
    """Let configs revive code from now on, as if each loader were called with safe_mode=False."""
    global _unsafe_enabled
    _unsafe_enabled = True


@contextmanager
def safe_mode_scope(safe_mode: bool) -> Iterator[None]:
    """Run the block with this safe mode for all configs in it."""
    token = _safe.set(safe_mode)
    try:
        yield
    finally:
        _safe.reset(token)


def in_safe_mode() -> bool:
    """Tell whether code in configs stays dead."""
    return not _unsafe_enabled and _safe.get() is not False


def loading_safely() -> bool:
    """Tell whether a config is being loaded whose maker is not trusted: then it may not name other files either."""
    return _safe.get() is not None and in_safe_mode()


# --- finding built-in classes ------------------------------------------------------------------------------------------------


def house_of(item: Any) -> str | None:
    """Return Keras's public module of a class or function of ours: keras.layers for tensorweb.layers.dense; None for others."""
    parts = getattr(item, "__module__", "").split(".")
    if parts[0] != __package__ or len(parts) < 2:
        return None
    if parts[1] == "models":
        return "keras"
    if parts[1:3] == ["utils", "feature_space"]:
        return "keras.utils" if item.__name__ == "FeatureSpace" else "keras.src.layers.preprocessing.feature_space"
    if parts[:3] == [__package__, "optimizers", "schedules"]:
        return "keras.optimizers.schedules"
    if parts[1] in ("dtype_policies", "symbolic"):
        return "keras"
    if parts[1] == "ops":
        return "keras.random" if parts[2:3] == ["random"] else "keras.ops"
    return f"keras.{parts[1]}" if parts[1] in HOUSES else f"keras.{'.'.join(parts[1:])}"


@lru_cache(maxsize=4096)
def find_builtin(module: str | None, name: str) -> Any:
    """Return the class or function of ours for Keras's (module, name), or None; without a module all houses are searched."""
    if name.startswith("_"):
        return None
    parts = (module or "").split(".")
    wanted = [h for h in HOUSES if h.split(".")[-1] in parts] or list(HOUSES)
    wanted = ["models"] if module in ("keras", "keras.models") or "models" in parts else wanted
    for house in [*wanted, *(h for h in HOUSES if h not in wanted)]:
        try:
            found = getattr(import_module(f"{__package__}.{house}"), name, None)
        except ModuleNotFoundError:
            continue
        # Functions that models call on tensors, not those that load, fetch or write.
        if inspect.isclass(found) or (inspect.isfunction(found) and house in _FUNCTION_HOUSES):
            return found
    return None


# --- to configs --------------------------------------------------------------------------------------------------------------


def serialize_keras_object(obj: Any) -> Any:
    """Return the config of an object: plain values as they are, objects with get_config as Keras 3's dicts."""
    if obj is None or isinstance(obj, (str, int, float, bool)):
        return obj
    if isinstance(obj, (list, tuple)):
        return (
            type(obj)(serialize_keras_object(v) for v in obj) if not hasattr(obj, "_fields") else [serialize_keras_object(v) for v in obj]
        )
    if isinstance(obj, dict):
        return {k: serialize_keras_object(v) for k, v in obj.items()}
    special = _special(obj)
    if special is not None:
        return special
    if isinstance(obj, types.FunctionType) or (callable(obj) and not hasattr(obj, "get_config") and hasattr(obj, "__name__")):
        return _function_config(obj)
    if not hasattr(obj, "get_config"):
        raise ArgumentError(message("serialize_keras_object", "an object with get_config", type(obj).__name__, "Define get_config."))
    return _object_config(obj)


def _special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {k: serialize_keras_object(getattr(obj, k)) for k in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if hasattr(obj, "keras_history"):
        operation, node, index = obj.keras_history
        history = [operation.name, node, index]
        return {"class_name": "__keras_tensor__", "config": {"shape": list(obj.shape), "dtype": obj.dtype, "keras_history": history}}
    if isinstance(obj, (Tensor, Operators)) and hasattr(obj, "tolist"):
        return {"class_name": "__tensor__", "config": {"value": obj.tolist(), "dtype": obj.dtype}}
    if hasattr(obj, "dtype") and hasattr(obj, "tolist"):  # NumPy's arrays and numbers
        if not getattr(obj, "shape", ()):
            return obj.tolist()
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": str(obj.dtype)}}
    return None


def _function_config(function: Any) -> Any:
    if function.__name__ == "<lambda>":
        warnings.warn("a lambda is saved as code: loading it needs safe_mode=False; better use a named function", stacklevel=3)
        return {"class_name": "__lambda__", "config": {"value": dump_code(function)}}
    # A registered function stands under its registered name, as Keras writes it.
    name = _names.get(function, function.__name__)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _object_config(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    house = house_of(cls) if cls not in _names else None
    config = {
        "module": house or cls.__module__,
        "class_name": _EXPORTED.get(cls.__name__, cls.__name__) if house else cls.__name__,
        "config": {k: serialize_keras_object(v) for k, v in obj.get_config().items()},
        "registered_name": None if house else get_registered_name(cls),
    }
    if cls.__name__ == "Functional" and house:
        config.update(module="keras.src.models.functional", registered_name="Functional")
    if hasattr(obj, "get_build_config"):
        build = obj.get_build_config()
        if build is not None:
            config["build_config"] = serialize_keras_object(build)
    if hasattr(obj, "get_compile_config"):
        compiled = obj.get_compile_config()
        if compiled is not None:
            config["compile_config"] = serialize_keras_object(compiled)
    return config


def dump_code(function: types.FunctionType) -> list[Any]:
    """Return [code, defaults, closure] of a function as Keras stores a lambda."""
    code = base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")
    closure = tuple(c.cell_contents for c in function.__closure__) if function.__closure__ else None
    return [code, list(function.__defaults__) if function.__defaults__ else None, list(closure) if closure else None]


def load_code(value: Any, where: str = "lambda") -> Callable[..., Any]:
    """Return the function of `dump_code`'s form; only outside of safe mode."""
    if in_safe_mode():
        raise DeserializationError(
            message(where, "a config without code", "a lambda", "If you trust the file, pass safe_mode=False to the loading function.")
        )
    raw, defaults, closure = value if isinstance(value, (list, tuple)) else (value["code"], value.get("defaults"), value.get("closure"))
    code = marshal.loads(base64.b64decode(raw))
    cells = tuple(types.CellType(c) for c in closure) if closure else None
    namespace = {
        **vars(import_module("builtins")),
        "tw": sys.modules[__package__],
        "keras": sys.modules[__package__],
        "tf": sys.modules[__package__],
    }
    return types.FunctionType(code, namespace, code.co_name, tuple(defaults) if defaults else None, cells)


# --- from configs ------------------------------------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool | None = None, module_objects: dict[str, Any] | None = None
) -> Any:
    """Return the object of a config of Keras 3, Keras 2 or TensorFlow.js; raise DeserializationError for what cannot be made.

    `custom_objects`: names to classes and functions. `safe_mode=False` revives code in the config: only for files you trust.
    """
    scope = CustomObjectScope(custom_objects or {})
    with scope, safe_mode_scope(safe_mode if safe_mode is not None else _safe.get() is not False):
        return _revive(config, module_objects or {}, 0)


def _revive(config: Any, module_objects: dict[str, Any], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise DeserializationError(
            message("deserialize", f"a config nested at most {MAX_DEPTH} deep", "a deeper one", "The file is broken.")
        )
    if isinstance(config, str):
        found = get_registered_object(config, None, module_objects)
        return config if found is None else found
    if config is None or isinstance(config, (int, float, bool)):
        return config
    if isinstance(config, (list, tuple)):
        return [_revive(v, module_objects, depth + 1) for v in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {k: _revive(v, module_objects, depth + 1) for k, v in config.items()}
    name, inner = config["class_name"], config["config"]
    if name in _SPECIAL:
        return _SPECIAL[name](inner if inner is not None else {}, depth)
    if name == "function":
        return _retrieve(inner, config.get("registered_name"), config.get("module"), module_objects, config)
    found = _retrieve(name, config.get("registered_name"), config.get("module"), module_objects, config)
    return _instance(found, config) if inspect.isclass(found) else found


def _retrieve(name: Any, registered: Any, module: Any, module_objects: dict[str, Any], config: dict[str, Any]) -> Any:
    if not isinstance(name, str):
        raise DeserializationError(message("deserialize", "a class or function name", repr(name)[:80], "The config is broken."))
    for key in (registered, name):
        found = get_registered_object(key, None, module_objects) if isinstance(key, str) else None
        if found is not None:
            return found
    module = module if isinstance(module, str) else None
    if module is None or module in ("builtins", "keras") or module.startswith(("keras.", "tensorflow.", "tf_keras", f"{__package__}.")):
        found = operation_class(module, name) or find_builtin(module, name)
        if found is not None:
            return found
    found = _loaded_class(module, name)
    if found is not None:
        return found
    raise DeserializationError(
        message(
            "deserialize",
            "a known class or function",
            repr(name),
            "Pass custom_objects={...} or register it with register_keras_serializable.",
        )
    )


def _loaded_class(module: str | None, name: str) -> Any:
    """Return a program's own layer, loss or the like from a module that is loaded already; nothing else of such modules, and no import."""
    found = getattr(sys.modules.get(module or ""), name, None)
    ours = inspect.isclass(found) and hasattr(found, "from_config") and any(house_of(c) is not None for c in found.__mro__)
    return found if ours else None


# Set by `symbolic`: the operation of a functional graph for a class of Keras's ops (module keras.src.ops.numpy, class Add).
operation_class: Callable[[str | None, str], Any] = lambda module, name: None  # noqa: E731


def _instance(cls: Any, config: dict[str, Any]) -> Any:
    inner = config["config"] if config["config"] is not None else {}
    if not isinstance(inner, dict) or not hasattr(cls, "from_config"):
        raise DeserializationError(message("deserialize", f"a dict for {cls.__name__}", type(inner).__name__, "The config is broken."))
    build = config.get("build_config")
    try:
        instance = cls.from_config(inner)
        if build and not getattr(instance, "built", True):
            instance.build_from_config(build)
    except TensorWebError:
        raise
    except (TypeError, LookupError, AttributeError, ValueError, ArithmeticError) as error:
        wanted, got = f"a config that {cls.__name__}.from_config takes", f"{type(error).__name__}: {error}"
        raise DeserializationError(message("deserialize", wanted, got, "Check the config.")) from error
    compiled = config.get("compile_config")
    if compiled and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compiled)
    return instance


def _revive_tensor(inner: dict[str, Any], depth: int) -> Any:
    return tensor(inner["value"], dtype=inner["dtype"])


def _revive_numpy(inner: dict[str, Any], depth: int) -> Any:
    dtype = {"float64": "float32", "int64": "int32"}.get(inner["dtype"], inner["dtype"])
    return tensor(inner["value"], dtype=dtype)


def _revive_keras_tensor(inner: dict[str, Any], depth: int) -> Any:
    symbolic = import_module(f"{__package__}.symbolic")
    made = symbolic.KerasTensor(tuple(inner["shape"]), dtype=inner["dtype"])
    made.saved_history = inner["keras_history"]
    return made


_SPECIAL: dict[str, Callable[[Any, int], Any]] = {
    "__tensor__": _revive_tensor,
    "__numpy__": _revive_numpy,
    "__bytes__": lambda inner, depth: inner["value"].encode("utf-8"),
    "__ellipsis__": lambda inner, depth: Ellipsis,
    "__slice__": lambda inner, depth: slice(*(_revive(inner[k], {}, depth + 1) for k in ("start", "stop", "step"))),
    "__tuple__": lambda inner, depth: tuple(_revive(v, {}, depth + 1) for v in inner),
    "__lambda__": lambda inner, depth: load_code(inner["value"]),
    "__keras_tensor__": _revive_keras_tensor,
}


# --- get(identifier), the same for every house --------------------------------------------------------------------------------


def get_object(identifier: Any, house: str, what: str, module_objects: dict[str, Any], aliases: dict[str, str] | None = None) -> Any:
    """Return the object that `identifier` means: None, a name in any common spelling, a config, a class or an object.

    `module_objects`: the house's public names; classes are instantiated. Raises ArgumentError with near names for unknown ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        found = deserialize_keras_object(identifier, module_objects=module_objects)
    elif isinstance(identifier, str):
        found = get_registered_object(identifier) or _by_name(identifier, house, what, module_objects, aliases or {})
    else:
        found = identifier
    if inspect.isclass(found):
        found = found()
    if not callable(found) and not hasattr(found, "get_config"):
        raise ArgumentError(message(f"{house}.get", f"a name, config or {what}", repr(identifier)[:80], f"See {house} for what there is."))
    return found


def _by_name(name: str, house: str, what: str, module_objects: dict[str, Any], aliases: dict[str, str]) -> Any:
    for key in (name, aliases.get(name.lower(), name), to_snake_case(name)):
        if key in module_objects:
            return module_objects[key]
    lowered = {k.lower().replace("_", ""): v for k, v in module_objects.items()}
    key = name.lower().replace("_", "")
    if key in lowered:
        return lowered[key]
    import difflib

    near = difflib.get_close_matches(name, module_objects, 3)
    raise ArgumentError(
        message(f"{house}.get", f"the name of {what}", repr(name), f"Did you mean {', '.join(near)}?" if near else f"See {house}.")
    )
