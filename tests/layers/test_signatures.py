"""Every argument of Keras's classes, methods and functions exists here, in the same order and with the same default."""

import inspect
import json
from pathlib import Path

import pytest

import tensorweb as tw

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_signatures.json").read_text())

# Whole names that do not exist here, with the reason.
_QUANTIZED = "weights are quantized when a file is written, see save_model(quantization=)"
LEFT_OUT: dict[str, str] = {
    "layers.JaxLayer": "wraps JAX", "layers.FlaxLayer": "wraps JAX", "layers.TorchModuleWrapper": "wraps PyTorch",
    "layers.TFSMLayer": "runs a TensorFlow SavedModel", "callbacks.OrbaxCheckpoint": "wraps Orbax, a library for JAX",
    "saving.KerasFileEditor": "a tool for files, not for programs",
    **{
        f"{owner}.{name}": reason
        for owner in ("layers.Layer", "models.Model", "models.Sequential")
        for name, reason in (
            ("add_metric", "only raises in Keras"), ("quantize", _QUANTIZED), ("quantized_build", _QUANTIZED),
            ("quantized_call", _QUANTIZED), ("rematerialized_call", "what the tape keeps is decided by each op's derivative"),
            ("export", "to TensorFlow's SavedModel, ONNX and the like"), ("get_quantization_layer_structure", _QUANTIZED),
            ("loss", "deprecated in Keras, an attribute of compiled models; see compute_loss"),
        )
        if f"{owner}.{name}" in KERAS
    },
}  # fmt: skip
# Differences of single arguments: (name, argument) with the reason.
_ADAPTERS = "no low-rank adapters, no quantized training; taken as None only"
DIFFERENT: dict[tuple[str, str], str] = {
    **{
        (f"layers.{name}", argument): _ADAPTERS
        for name, arguments in (
            ("Dense", "lora_rank lora_alpha quantization_config"), ("Embedding", "lora_rank lora_alpha quantization_config"),
            ("EinsumDense", "lora_rank lora_alpha gptq_unpacked_column_size quantization_config"),
        )
        for argument in arguments.split()
    },
    **{
        (name, "max_shard_size"): "weights of one model are one file"
        for name in ("models.Model.save_weights", "models.Sequential.save_weights", "saving.save_weights")
    },
    **{
        (f"{house}.deserialize_keras_object", "safe_mode"): "None, that of the load under way, which is True outside of one"
        for house in ("utils", "saving")
    },
}  # fmt: skip


def find(name):
    found = tw
    for part in name.split("."):
        found = getattr(found, part)
    return found


def parameters(name):
    """Return the parameters of one of ours by name; *args and **kwargs stand for those of the class's bases."""
    value = find(name)
    if not inspect.isclass(value):
        return {k: p for k, p in inspect.signature(value).parameters.items() if k != "self"}
    found: dict = {}
    for cls in value.__mro__:
        if "__init__" not in vars(cls):
            continue
        own = [p for p in inspect.signature(cls.__init__).parameters.values() if p.name != "self"]
        for p in own:
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                found.setdefault(p.name, p)
        if not any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in own):
            break
    else:
        found["kwargs"] = None
    return found


def same_default(theirs, p):
    """Tell whether two defaults mean the same: 1 and (1, 1) do for sizes; an object is shown by its address."""
    mine = listed(p.default)
    several = isinstance(theirs, list) and isinstance(mine, int) and theirs == [mine] * len(theirs)
    return theirs == mine or several or (isinstance(theirs, str) and theirs.startswith("<"))


def listed(value):
    return [listed(v) for v in value] if isinstance(value, (tuple, list)) else value


def differences(name):
    """Return what differs from Keras's parameters, as texts by argument."""
    theirs, ours, found = KERAS[name], parameters(name), {}
    order = [k for k in ours if k in {t[0] for t in theirs}]
    positional = [t[0] for t in theirs if t[1] == "POSITIONAL_OR_KEYWORD" and t[0] in ours]
    for key, kind, *default in theirs:
        if kind.startswith("VAR"):
            continue
        if key not in ours:
            found[key] = "missing"
        elif default and (ours[key].default is inspect.Parameter.empty or not same_default(default[0], ours[key])):
            found[key] = f"default {ours[key].default!r}, not {default[0]!r}"
    if [k for k in order if k in positional] != positional:
        found["order"] = f"{order}, not {positional}"
    return found


def test_every_name_exists():
    missing = []
    for name in KERAS:
        try:
            find(name)
        except AttributeError:
            missing.append(name)
    assert sorted(missing) == sorted(LEFT_OUT)


@pytest.mark.parametrize("module", sorted({name.partition(".")[0] for name in KERAS}))
def test_every_argument_as_in_keras(module):
    found = {}
    for name in KERAS:
        if name.startswith(f"{module}.") and name not in LEFT_OUT:
            for key, text in differences(name).items():
                if (name, key) not in DIFFERENT:
                    found[f"{name}({key})"] = text
    assert not found


def test_the_table_names_real_differences():
    assert not [f"{name}({key})" for name, key in DIFFERENT if key not in differences(name)]
