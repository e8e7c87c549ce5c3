"""TensorFlow.js layers-models: ModelArtifacts from and to models. Where they are kept is the handlers' business (io/)."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError, message
from ..io.artifacts import ModelArtifacts
from ..io.buffers import CompositeArrayBuffer
from ..io.manifest import check_path, check_specs
from ..io.weights import decode_weight, encoding_weights, spans_of
from ..serialization import serialize_keras_object
from ..waiting import Waits
from .assets import collect_assets, restore_assets
from .dialects import model_of, to_web
from .matching import assign_all
from .optimizer_state import load_slots, named_slots
from .training import compile_by
from .web_training import to_web_training
from .web_weights import matched, weight_names

FORMAT = "layers-model"
MAX_ASSET_BYTES = 2**30


def _version() -> str:
    from .. import __version__

    return f"TensorWeb {__version__}"


# --- saving -------------------------------------------------------------------------------------------------------------------


def artifacts_of(
    model: Any, quantization: Any = None, include_optimizer: bool = False, trainable_only: bool = False
) -> Waits[ModelArtifacts]:
    """Return a model's artifacts. One warning names what TensorFlow.js does not read as it is here.

    Such a model has its whole config, and the files of its layers, in `user_defined_metadata` too.
    """
    web = to_web(model)
    if (text := web.warning()) is not None:
        warnings.warn(text, stacklevel=6)
    named = weight_names(model)
    if trainable_only:
        kept = {id(v) for v in model.trainable_weights}
        named = [(name, v) for name, v in named if id(v) in kept]
    buffers, specs = yield from encoding_weights({name: v.value for name, v in named}, None, quantization)
    topology = {**web.topology, "keras_version": "2.15.0", "backend": "tensorweb"}
    artifacts = ModelArtifacts(topology, specs, buffers, None, FORMAT, _version(), None)
    own: dict[str, Any] = {}
    if not web.faithful:
        own["config"] = {k: v for k, v in serialize_keras_object(model).items() if k != "compile_config"}
    if assets := collect_assets(model):
        own["assets"] = {path: base64.b64encode(data).decode() for path, data in assets.items()}
    if include_optimizer:
        if model.optimizer is None:
            raise ArgumentError(message("save", "a compiled model for include_optimizer=True", "one that is not", "Compile it first."))
        artifacts.training_config, exact = to_web_training(model)
        if exact is not None:
            own["compile_config"] = exact
        names = {id(v): name for name, v in weight_names(model)}
        slots = named_slots(model.optimizer, [names[id(v)] for v in model.trainable_variables])
        more, more_specs = yield from encoding_weights(slots, "optimizer", None)
        buffers.extend(more)
        specs.extend(more_specs)
    artifacts.user_defined_metadata = {"tensorweb": own} if own else None
    return artifacts


# --- loading ------------------------------------------------------------------------------------------------------------------


def model_of_artifacts(
    artifacts: ModelArtifacts, custom_objects: dict[str, Any] | None, compile: bool, safe_mode: bool, strict: bool = True
) -> Any:
    """Return the model of artifacts, its weights checked before any is assigned."""
    if isinstance(artifacts.model_topology, (bytes, bytearray, memoryview)) or artifacts.model_topology is None:
        got = "none" if artifacts.model_topology is None else "bytes"
        raise FormatError(message("load_model", "a topology of JSON values", got, "This is no layers model."))
    if artifacts.format not in (None, FORMAT) and "node" in artifacts.model_topology:
        raise FormatError(message("load_model", "a layers model", f"a {artifacts.format}", "Graph models are loaded by another function."))
    own = _own(artifacts)
    config = own.get("config") if isinstance(own.get("config"), dict) else artifacts.model_topology
    model = model_of(config, custom_objects, safe_mode)
    if artifacts.weight_specs is not None:
        _load(model, artifacts, strict)
    if own.get("assets"):
        _load_assets(model, own["assets"])
    if compile:
        training = artifacts.training_config or artifacts.model_topology.get("training_config")
        if isinstance(own.get("compile_config"), dict):
            model.compile_from_config(own["compile_config"])
        elif training is not None:
            compile_by(model, training)
        if model.compiled and model.optimizer is not None:
            _load_optimizer(model, artifacts)
    return model


def _own(artifacts: ModelArtifacts) -> dict[str, Any]:
    metadata = artifacts.user_defined_metadata
    found = metadata.get("tensorweb") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


class _Entry:
    """A weight in artifacts: its shape now, its value when it is read."""

    def __init__(self, spec: Any, data: CompositeArrayBuffer, span: tuple[int, int]):
        self.spec, self.shape, self._data, self._span = spec, spec.shape, data, span

    def read(self) -> Any:
        """Return the tensor."""
        return decode_weight(self._data.slice(*self._span), self.spec)


def _entries(artifacts: ModelArtifacts, group: str | None) -> list[tuple[str, _Entry]]:
    """Return (name, entry) of the weights of a group: "optimizer", or None for the model's."""
    whole, specs = artifacts.buffer(), artifacts.weight_specs or []
    checked = check_specs(specs)
    spans = spans_of(whole, checked)
    rows = zip(specs, checked, spans)
    return [(c.name, _Entry(c, whole, span)) for raw, c, span in rows if (raw.get("group") == "optimizer") == (group is not None)]


def _load(model: Any, artifacts: ModelArtifacts, strict: bool = True) -> None:
    entries = _entries(artifacts, None)
    if not model.built and entries:
        raise FormatError(message("load_model", "a topology with the input's shape", "none", "The weights need a built model."))
    assign_all(matched(model, entries, strict), lambda e: e.read(), "load_model")


def _load_optimizer(model: Any, artifacts: ModelArtifacts) -> None:
    entries = _entries(artifacts, "optimizer") if artifacts.weight_specs else []
    if entries:
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        load_slots(model.optimizer, entries, lambda e: e.read(), tfjs=True)


def _load_assets(model: Any, assets: Any) -> None:
    if not isinstance(assets, dict) or not all(isinstance(v, str) for v in assets.values()):
        raise FormatError(message("load_model", "assets by path", type(assets).__name__, "The file is damaged."))
    with tempfile.TemporaryDirectory() as folder:
        for path, text in assets.items():
            target = Path(folder, *check_path(path, "assets").split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.write_bytes(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                raise FormatError(message(f"asset {path[:80]!r}", "base64", "other text", "The file is damaged.")) from None
        restore_assets(model, os.fspath(folder), assets)


def load_artifact_weights(model: Any, artifacts: ModelArtifacts, strict: bool = True) -> None:
    """Give a model the weights of artifacts, whatever their topology."""
    _load(model, artifacts, strict)
