"""docs/layers.md: the layers, how many stored cases of Keras check each and each of its options, and which names of Keras are not here.

`tools.document` writes the page; tests/test_document_layers.py fails where a name is missing without a reason, or a layer without a test.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# What Keras has and this library has not, by module, with the reason.
LEFT_OUT = {
    "layers": {
        "FlaxLayer": "wraps a module of Flax, which needs JAX",
        "JaxLayer": "wraps a function of JAX",
        "TFSMLayer": "runs a SavedModel of TensorFlow",
        "TorchModuleWrapper": "wraps a module of PyTorch",
    },
    "optimizers": {"legacy": "an empty module in Keras 3"},
    "callbacks": {"OrbaxCheckpoint": "writes the format of Orbax, a library of JAX"},
}
# Layers that stored cases of Keras do not show, with the test that does.
TESTED_ELSEWHERE = {
    "Backbone": "layers/test_tfjs_nlp.py", "BytePairTokenizer": "layers/test_tfjs_nlp.py",
    "ConvLSTM2DCell": "layers/test_tfjs_layers.py", "ConvLSTMCell": "layers/test_tfjs_layers.py",
    "GPT2Backbone": "layers/test_tfjs_nlp.py", "GPT2CausalLMPreprocessor": "layers/test_tfjs_nlp.py",
    "GPT2Preprocessor": "layers/test_tfjs_nlp.py", "GPT2Tokenizer": "layers/test_tfjs_nlp.py",
    "InputLayer": "layers/test_tfjs_layers.py", "Lambda": "layers/test_core_layers.py", "Layer": "layers/test_layer.py",
    "PipelineModel": "layers/test_tfjs_nlp.py",
    "PositionEmbedding": "layers/test_tfjs_nlp.py", "Preprocessor": "layers/test_tfjs_nlp.py",
    "RNNCell": "layers/test_tfjs_layers.py", "RandomWidth": "layers/test_tfjs_layers.py",
    "ReverseEmbedding": "layers/test_tfjs_nlp.py", "StartEndPacker": "layers/test_tfjs_nlp.py",
    "Task": "layers/test_tfjs_nlp.py", "Tokenizer": "layers/test_tfjs_nlp.py", "TransformerDecoder": "layers/test_tfjs_nlp.py",
    "ThresholdedReLU": "layers/test_core_layers.py", "WhitespaceSplitterTokenizer": "layers/test_tfjs_nlp.py",
    "Wrapper": "layers/test_core_layers.py",
}  # fmt: skip
_MODELS = ("Backbone", "GPT2Backbone", "PipelineModel", "Task")
# Config keys that are no options of the layer itself.
_BASE = {"name", "trainable", "dtype", "module", "class_name", "registered_name", "build_config"}


def keras_names() -> dict[str, list[str]]:
    """Return the stored public names of Keras by module."""
    return json.loads((ROOT / "tests/data/keras_names.json").read_text())


def layer_classes() -> dict[str, list[str]]:
    """Return the layers by their own names, each with its second names."""
    layers: Any = import_module("tensorweb.layers")
    found: dict[str, list[str]] = {}
    for name in sorted({*vars(layers), *_MODELS}):
        item = None if name.startswith("_") else getattr(layers, name)
        if inspect.isclass(item) and issubclass(item, layers.Layer):
            found.setdefault(item.__name__, [])
            if name != item.__name__:
                found[item.__name__].append(name)
    return found


def stored_cases() -> Iterator[dict[str, Any]]:
    """Yield every stored case of a layer: tests/layers/cases, calls on images, and what preprocessing layers learned."""
    for path in sorted((ROOT / "tests/layers/cases").glob("*.jsonl")):
        yield from map(json.loads, path.read_text().splitlines())
    yield from map(json.loads, (ROOT / "tests/data/image_calls.jsonl").read_text().splitlines())
    adapted = ROOT / "tests/data/keras_adapted.json"
    yield from json.loads(adapted.read_text())["adapted"]


def coverage() -> dict[str, tuple[int, dict[str, int]]]:
    """Return for each layer the number of its cases, and of different values of each option in them."""
    counts: dict[str, int] = {}
    values: dict[str, dict[str, set[str]]] = {}
    for case in stored_cases():
        name = case["layer"]
        counts[name] = counts.get(name, 0) + 1
        options = values.setdefault(name, {})
        for option, value in case["config"].items():
            if option not in _BASE:
                options.setdefault(option, set()).add(json.dumps(value, sort_keys=True))
    return {name: (n, {o: len(v) for o, v in sorted(values[name].items())}) for name, n in counts.items()}


def holes() -> dict[str, list[str]]:
    """Return the names of Keras that are not here, by module."""
    found = {}
    for house, names in keras_names().items():
        module = import_module(f"tensorweb.{house}")
        missing = [n for n in names if not hasattr(module, n)]
        if missing:
            found[house] = missing
    return found


def page() -> str:
    """Return docs/layers.md."""
    classes, covered = layer_classes(), coverage()
    cases = sum(n for name, (n, _) in covered.items() if name in classes)
    checked = sum(name in covered for name in classes)
    lines = [
        "# Layers", "",
        "Written by `python -m tools.document` from `tensorweb.layers` and the stored cases of Keras 3.15 in `tests/layers/cases`.",
        "A case holds a layer's config, weights, inputs, outputs, gradients to inputs and weights, masks and shapes, as real Keras made",
        "them; the tests replay them all. Beside each option stands how many different values of it the cases have.", "",
        f"{len(classes)} layers, {checked} of them with {cases} cases; the others are tested where their row says.", "",
        "| layer | cases | options: different values |", "|---|---|---|",
    ]  # fmt: skip
    for name, seconds in classes.items():
        also = f" (also {', '.join(f'`{s}`' for s in seconds)})" if seconds else ""
        if name in covered:
            count, options = covered[name]
            cells = [f"`{name}`{also}", str(count), ", ".join(f"{o} {n}" for o, n in options.items())]
        else:
            cells = [f"`{name}`{also}", "", f"tests/{TESTED_ELSEWHERE.get(name, '')}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "## Names of Keras that are not here", ""]
    houses = ", ".join(f"`keras.{h}` ({len(n)} names)" for h, n in keras_names().items())
    lines += [f"Compared: {houses}.", "", "| name | why |", "|---|---|"]
    for house, names in holes().items():
        lines += [f"| `{house}.{n}` | {LEFT_OUT.get(house, {}).get(n, '')} |" for n in names]
    return "\n".join(lines) + "\n"
