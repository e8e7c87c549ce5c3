"""A model's config as TensorFlow.js 4.22 reads it, with a list of what it cannot read. Weights are in `saving/web_weights.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...serialization import serialize_keras_object
from ..web_weights import leaf_layers
from . import web_options as known
from .web_masks import symbols, without_masks

Found = tuple[str, str]


@dataclass
class WebTopology:
    """`topology`: {class_name, config}; `unknown`: what TensorFlow.js has no layer for; `differing`: options it reads otherwise.

    Both hold (layer's name, what) pairs.
    """

    topology: dict[str, Any] = field(default_factory=dict)
    unknown: list[Found] = field(default_factory=list)
    differing: list[Found] = field(default_factory=list)

    @property
    def faithful(self) -> bool:
        """Whether the topology says all that the model is."""
        return not self.unknown and not self.differing

    def warning(self) -> str | None:
        """Return one text that names what TensorFlow.js will not read as it is here; None if there is nothing."""
        parts = []
        if self.unknown:
            parts.append("TensorFlow.js has no " + ", ".join(f"{what} ({name!r})" for name, what in self.unknown[:20]))
        if self.differing:
            parts.append("TensorFlow.js reads otherwise: " + ", ".join(f"{what} of {name!r}" for name, what in self.differing[:20]))
        if not parts:
            return None
        return "; ".join(parts) + ". TensorWeb loads the saved model as it is; TensorFlow.js does not."


def to_web(model: Any) -> WebTopology:
    """Return the topology of a model and what is lost in it."""
    made = WebTopology()
    made.topology = _entry(serialize_keras_object(model), made)
    names = [layer.name for _, layer in leaf_layers(model) if layer.weights]
    made.differing += [(n, "a name that two layers have") for n in sorted({n for n in names if names.count(n) > 1})]
    return made


def _entry(entry: dict[str, Any], report: WebTopology) -> dict[str, Any]:
    """Return the entry of a layer or model."""
    config = entry["config"]
    name = str(config.get("name", entry.get("name"))) if isinstance(config, dict) else ""
    class_name = entry.get("registered_name") or entry["class_name"]
    module = str(entry.get("module"))
    if module.startswith(("keras.src.ops", "keras.ops")):
        report.unknown.append((name, f"layer for the op {entry['class_name']}"))
        return {"class_name": entry["class_name"], "config": config}
    if entry["class_name"] == "Sequential" and module == "keras":
        return {"class_name": "Sequential", "config": _sequential(config, report)}
    if isinstance(config, dict) and {"layers", "input_layers", "output_layers"} <= set(config):
        return {"class_name": "Model", "config": _functional(config, report)}
    if not module.startswith("keras") or class_name not in known.CLASSES:
        report.unknown.append((name, class_name))
        return {"class_name": class_name, "config": _plain(config, name, report)}
    shapes = entry.get("build_config") or {}
    shape = shapes.get("input_shape")
    report.differing += [(name, text) for text in known.problems(class_name, config, shape)]
    made = _layer(class_name, config, name, report)
    if class_name == "Concatenate" and shape and config["axis"] < -1:
        made["axis"] = config["axis"] + len(shape[0])
    return {"class_name": class_name, "config": made}


# --- layers -------------------------------------------------------------------------------------------------------------------


def _layer(class_name: str, config: dict[str, Any], name: str, report: WebTopology) -> dict[str, Any]:
    if class_name == "Bidirectional":
        config = _bidirectional(config)
    made = _plain(config, name, report)
    for key, plain in known.MUST_BE.get(class_name, {}).items():
        if key in made and made[key] not in plain:
            report.differing.append((name, f"{key}={made[key]!r}"))
    for key in ("activation", "recurrent_activation"):
        if key in made:
            made[key] = _activation(made[key], key, name, report)
    for old, new in known.RENAMED_KEYS.get(class_name, {}).items():
        if old in made:
            made[new] = made.pop(old)
    if class_name == "InputLayer":
        made["batch_input_shape"] = made.pop("batch_shape")
    for key in ("layer", "cell", "backward_layer"):
        if isinstance(made.get(key), dict):
            made[key] = _entry(config[key], report)
    if isinstance(config.get("cells"), list):
        made["cells"] = [_entry(c, report) for c in config["cells"]]
    return {k: v for k, v in made.items() if k not in known.DROPPED}


def _bidirectional(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config without a backward layer that is the forward one's mirror; TensorFlow.js prefixes the layer's name itself."""
    layer, backward = config["layer"], config.get("backward_layer")
    inner = {**layer["config"], "name": layer["config"]["name"].removeprefix("forward_")}
    made = {**config, "layer": {**layer, "config": inner}}
    if isinstance(backward, dict) and backward["class_name"] == layer["class_name"]:
        mirror = {**backward["config"], "name": layer["config"]["name"], "go_backwards": layer["config"].get("go_backwards")}
        if mirror == layer["config"]:
            made["backward_layer"] = None
    return made


def _activation(value: Any, key: str, name: str, report: WebTopology) -> Any:
    if not isinstance(value, str):
        if value is not None:
            report.differing.append((name, f"{key}={_short(value)}"))
        return value
    found = known.ACTIVATIONS.get(value)
    if found is None:
        report.differing.append((name, f"{key}={value!r}"))
        return value
    return found


def _short(value: Any) -> str:
    return repr(value.get("registered_name") or value.get("class_name") if isinstance(value, dict) else value)[:60]


def _plain(value: Any, name: str, report: WebTopology) -> Any:
    """Return a config without modules: {"class_name", "config"} for objects, dtypes and single names for what has one."""
    if isinstance(value, (list, tuple)):
        return [_plain(v, name, report) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value or "config" not in value:
        return {k: _plain(v, name, report) for k, v in value.items()}
    class_name, inner, module = value["class_name"], value["config"], str(value.get("module"))
    if class_name.endswith("DTypePolicy"):
        policy = inner.get("name", "float32")
        if policy not in known.DTYPES:
            report.differing.append((name, f"dtype={policy!r}"))
        return policy if policy in known.DTYPES else "float32"
    if class_name == "function":
        return inner if module == "builtins" else {k: value[k] for k in ("class_name", "config")}
    if module == "keras.regularizers":
        return _regularizer(class_name, inner, name, report)
    if module == "keras.initializers":
        class_name = known.INITIALIZERS.get(class_name, class_name)
        # The values come from the file, whatever the layer began with.
        return {"class_name": class_name, "config": inner} if class_name in known.INITIALIZERS.values() else known.ZEROS
    if module == "keras.constraints" and class_name not in known.CONSTRAINTS:
        report.differing.append((name, f"constraint {class_name}"))
        return None
    return {"class_name": value.get("registered_name") or class_name, "config": _plain(inner, name, report)}


def _regularizer(class_name: str, inner: dict[str, Any], name: str, report: WebTopology) -> Any:
    if class_name not in ("L1", "L2", "L1L2"):
        report.differing.append((name, f"regularizer {class_name}"))
        return None
    return {"class_name": "L1L2", "config": {k: float(inner.get(k) or 0.0) for k in ("l1", "l2")}}


# --- models -------------------------------------------------------------------------------------------------------------------


def _sequential(config: dict[str, Any], report: WebTopology) -> dict[str, Any]:
    """Return the config of a Sequential; the input's shape stands at the first layer."""
    layers, shape, dtype = list(config["layers"]), config.get("build_input_shape"), None
    if layers and layers[0]["class_name"] == "InputLayer":
        shape, dtype = layers[0]["config"]["batch_shape"], layers[0]["config"]["dtype"]
        layers = layers[1:]
    entries = [_entry(e, report) for e in layers]
    if entries and shape is not None:
        first = entries[0]
        # An Embedding takes whatever numbers, and its dtype is that of its weights.
        if "layers" in first["config"] or (dtype not in (None, "float32") and first["class_name"] != "Embedding"):
            inputs = {"batch_input_shape": shape, "dtype": dtype or "float32", "sparse": False, "name": f"{config['name']}_input"}
            entries.insert(0, {"class_name": "InputLayer", "config": inputs})
        else:
            first["config"]["batch_input_shape"] = shape
    return {"name": config["name"], "layers": entries}


def _functional(config: dict[str, Any], report: WebTopology) -> dict[str, Any]:
    inner = {e["name"] for e in config["layers"] if isinstance(e["config"], dict) and "layers" in e["config"]}
    config, layers = without_masks(config), []
    for e in config["layers"]:
        made = _entry(e, report)
        calls = [_call(call, inner, e["name"], report) for call in e["inbound_nodes"]]
        layers.append({"name": e["name"], **made, "inbound_nodes": calls})
    return {
        "name": config["name"], "layers": layers,
        "input_layers": _endpoints(config["input_layers"], inner, report, config["name"]),
        "output_layers": _endpoints(config["output_layers"], inner, report, config["name"]),
    }  # fmt: skip


def _reference(history: Any, inner: set[str]) -> list[Any]:
    name, node, index = history
    return [name, node + (name in inner), index]  # of an inner model, node 0 is its own making


def _endpoints(struct: Any, inner: set[str], report: WebTopology, name: str) -> list[Any]:
    if isinstance(struct, (list, tuple)) and len(struct) == 3 and isinstance(struct[0], str):
        return [_reference(struct, inner)]
    if isinstance(struct, dict):
        report.differing.append((name, "a dict of inputs or outputs"))
        struct = list(struct.values())
    return [r for s in struct for r in _endpoints(s, inner, report, name)]


def _call(call: Any, inner: set[str], name: str, report: WebTopology) -> Any:
    """Return [[layer, node, tensor, kwargs], ...] of a call."""
    args, kwargs = list(call["args"]), {k: v for k, v in call["kwargs"].items() if v is not None}
    first = args[0] if args else kwargs.pop("inputs", None)
    found = symbols(first)
    if isinstance(first, dict) and first.get("class_name") != "__keras_tensor__":
        report.differing.append((name, "a call with a dict"))
    if isinstance(first, (list, tuple)) and len(found) == 1:
        report.differing.append((name, "a call with a list of one"))
    if "initial_state" in kwargs:
        found += symbols(kwargs.pop("initial_state"))
    rest = [a for a in args[1:] if a is not None]
    lost = [k for k, v in kwargs.items() if symbols(v)] + [f"argument {i + 1}" for i, a in enumerate(rest)]
    if lost and not any(name == n for n, _ in report.unknown):
        report.differing.append((name, f"a call with {', '.join(lost)}"))
    plain = {k: v for k, v in kwargs.items() if not symbols(v) and k not in ("mask",)}
    return [[*_reference(s["config"]["keras_history"], inner), plain if i == 0 else {}] for i, s in enumerate(found)]
