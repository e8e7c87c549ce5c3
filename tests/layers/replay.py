"""Replays layer cases on the current backend: config, weights, outputs, gradients, masks, shapes, and the way through a config.

`python -m tests.layers.replay [--backend NAME] [--block-numpy] [--small] [SUBJECT...]` prints the failures and a count a subject.
Plain Python: it runs where NumPy cannot be imported too.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.oracle.replay import decode, differences, encoded_leaves, flatten, main, weighted_sum

CASES = Path(__file__).parent / "cases"
# Relative to the largest magnitude of what is compared; references are computed in float64.
TOLERANCE = {"out": 1e-5, "grads": 1e-4, "after": 1e-5}
# What Keras writes for its quantisation and LoRA, which this library has not.
NOT_OURS = {"quantization_config", "lora_rank", "lora_alpha", "gptq_unpacked_column_size"}


def load(subject):
    """Return the cases of a subject."""
    return [json.loads(line) for line in (CASES / f"{subject}.jsonl").read_text().splitlines()]


def subjects():
    """Return the subjects that have cases."""
    return sorted(p.stem for p in CASES.glob("*.jsonl"))


def make(tw, case):
    """Return the layer of a case, built, with its weights."""
    config = {"module": "keras.layers", "class_name": case["layer"], "config": case["config"], "registered_name": None}
    layer = tw.saving.deserialize_keras_object(config)
    if case["build"]:
        layer.build_from_config(case["build"])
    if case["weights"]:
        layer.set_weights([decode(w, tw, []) for w in case["weights"]])
    return layer


def normal(config):
    """Return a config in the form in which JSON has it, without what is not ours."""
    if isinstance(config, dict):
        return {
            k: normal(v)
            for k, v in config.items()
            if k not in NOT_OURS and k not in ("build_config", "registered_name", "shared_object_id")
        }
    if isinstance(config, (list, tuple)):
        return [normal(v) for v in config]
    return float(f"{config:.6g}") if isinstance(config, float) else config


def config_differences(mine, theirs):
    """Return what differs between two configs, as texts."""
    mine, theirs = normal(mine), normal(theirs)
    wrong = [f"config has no {k!r}" for k in theirs if k not in mine] + [f"config has {k!r} too" for k in mine if k not in theirs]
    return wrong + [f"config {k!r}: {mine[k]!r}, Keras {theirs[k]!r}" for k in theirs if k in mine and mine[k] != theirs[k]]


def run(tw, layer, case, gradients=True):
    """Return (outputs, gradients) of a case's call."""
    made = []
    args = [decode(a, tw, made) for a in case["args"]]
    kwargs = {k: decode(v, tw, made) for k, v in case["kwargs"].items()}
    if "training" in case:
        kwargs["training"] = case["training"]
    if "masks" in case:
        masks = flatten(decode(case["masks"], tw, []), tw)
        for t, m in zip(flatten(args[0], tw), masks):
            if m is not None:
                t._keras_mask = m
    if "grads" not in case or not gradients:
        return layer(*args, **kwargs), None
    with tw.GradientTape() as tape:
        tape.watch(made)
        outputs = layer(*args, **kwargs)
        total = weighted_sum(outputs, tw)
    return outputs, tape.gradient(total, [*made, *layer.trainable_weights], unconnected_gradients="zero")


def compare(part, got, want, tolerance):
    """Return what differs between results and encoded ones."""
    wants, gots = encoded_leaves(want), list(got)
    if len(gots) != len(wants):
        return [f"{part}: {len(gots)} results, expected {len(wants)}"]
    found = [differences(g, w, tolerance) if w is not None else None for g, w in zip(gots, wants)]
    return [f"{part}[{i}]: {d}" for i, d in enumerate(found) if d]


def check(case, tw):
    """Return a list of what is wrong with one case, empty if nothing."""
    try:
        layer = make(tw, case)
        tolerance = {k: case.get("tolerance", v) for k, v in TOLERANCE.items()}
        names = [w.path.split("/", 1)[-1] for w in layer.weights]
        wrong = [] if names == case["names"] else [f"weights {names}, Keras {case['names']}"]
        if "skip_config" not in case:
            wrong += config_differences(tw.saving.serialize_keras_object(layer)["config"], case["config"])
        outputs, grads = run(tw, layer, case)
        flat = flatten(outputs, tw)
        wrong += compare("out", flat, case["out"], tolerance["out"])
        if grads is not None:
            wrong += compare("grads", grads, case["grads"], tolerance["grads"])
        masks = [getattr(t, "_keras_mask", None) for t in flat]
        if any(m is not None for m in masks) or "out_masks" in case:
            wrong += compare("mask", [m for m in masks if m is not None], [m for m in case.get("out_masks", []) if m is not None], 0)
        if "after" in case:
            wrong += compare("after", [w.value for w in layer.weights], case["after"], tolerance["after"])
        return wrong + _shape(layer, case) + _again(tw, layer, case, outputs)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def _shape(layer, case):
    if not case.get("shape"):
        return []
    given, want = case["shape"]
    got = json.loads(json.dumps(layer.compute_output_shape(_tuples(given))))
    return [] if got == want else [f"compute_output_shape {got}, Keras {want}"]


def _tuples(shape):
    if isinstance(shape, dict):
        return {k: _tuples(v) for k, v in shape.items()}
    return [_tuples(s) for s in shape] if shape and isinstance(shape[0], (list, dict)) else tuple(shape)


def _again(tw, layer, case, outputs):
    """A layer made anew from the config, with the same weights, gives the same outputs."""
    if "training" in case and "after" in case:
        return []
    again = type(layer).from_config(layer.get_config())
    if case["build"]:
        again.build_from_config(layer.get_build_config())
    if case["weights"]:
        again.set_weights([decode(w, tw, []) for w in case["weights"]])
    # With a tape as the first time: without one, more is fused, and rounded once less.
    second, _ = run(tw, again, case, gradients="grads" in case)
    same = all(a.tolist() == b.tolist() or str(a.tolist()) == str(b.tolist()) for a, b in zip(flatten(outputs, tw), flatten(second, tw)))
    return [] if same else ["made anew from its config, the layer gives something else"]


def label(case):
    """Return a short text that tells which case it is."""
    config = {
        k: v for k, v in case["config"].items() if k not in ("name", "trainable", "dtype") and not isinstance(v, dict) and v is not None
    }
    return f"{case['layer']}({json.dumps(config)[:300]}, training={case.get('training')})"


def smallest(cases):
    """Return for each layer its smallest case."""
    chosen = {}
    for case in cases:
        size = ("grads" not in case, len(json.dumps(case)))
        if case["layer"] not in chosen or size < chosen[case["layer"]][0]:
            chosen[case["layer"]] = (size, case)
    return [case for _, case in chosen.values()]


if __name__ == "__main__":
    main(load, subjects, smallest, check, label, "layer")
