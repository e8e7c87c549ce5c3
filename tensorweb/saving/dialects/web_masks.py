"""Masks in graphs: Keras 3 writes down the ops that make them, TensorFlow.js makes them itself as its layers do."""

from __future__ import annotations

from typing import Any

_MAKING = ("NotEqual", "Any")


def symbols(value: Any) -> list[dict[str, Any]]:
    """Return the symbolic tensors among nested arguments of a call in a config."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value]
        return [s for v in value.values() for s in symbols(v)]
    return [s for v in value for s in symbols(v)] if isinstance(value, (list, tuple)) else []


def _sources(value: Any) -> set[tuple[Any, ...]]:
    return {tuple(s["config"]["keras_history"]) for s in symbols(value)}


def _makes_mask(entry: dict[str, Any]) -> bool:
    return entry["class_name"] == "Masking" or (entry["class_name"] == "Embedding" and bool(entry["config"].get("mask_zero")))


def without_masks(config: dict[str, Any]) -> dict[str, Any]:
    """Return a functional model's config without the masks that its Embedding and Masking layers make by themselves."""
    layers = config["layers"]
    inputs = {h for e in layers if _makes_mask(e) for call in e["inbound_nodes"] for h in _sources(call["args"])}
    made: set[str] = set()
    for e in layers:
        if str(e.get("module")).startswith("keras.src.ops") and e["class_name"] in _MAKING:
            sources = {h for call in e["inbound_nodes"] for h in _sources(call["args"])}
            if all(h in inputs or h[0] in made for h in sources):
                made.add(e["name"])
    if not made:
        return config
    kept = [e if e["name"] in made else {**e, "inbound_nodes": [_without(call, made) for call in e["inbound_nodes"]]} for e in layers]
    used = {h[0] for e in kept if e["name"] not in made for call in e["inbound_nodes"] for h in _sources([call["args"], call["kwargs"]])}
    # What makes a mask that something else uses, too, stays.
    if used & made:
        return config
    return {**config, "layers": [e for e in kept if e["name"] not in made]}


def _without(call: dict[str, Any], made: set[str]) -> dict[str, Any]:
    mask = call["kwargs"].get("mask")
    if mask is None or not all(h[0] in made for h in _sources(mask)):
        return call
    return {**call, "kwargs": {k: v for k, v in call["kwargs"].items() if k != "mask"}}
