"""What handlers save and load: a model's topology, weights and descriptions, and the JSON of `model.json`. No files, no networks."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import ArgumentError, ConversionError, FormatError, message
from ..tensor import Tensor
from ..waiting import Call, Waits
from . import jsons
from .buffers import CompositeArrayBuffer
from .calls import twins
from .manifest import get_weight_specs
from .weights import decode_weights, decode_weights_stream


@dataclass
class ModelArtifacts:
    """A model as data. TensorFlow.js's io.ModelArtifacts.

    `model_topology`: JSON values; `weight_specs` and `weight_data` (bytes, or a list of buffers that are read as one): as
    `tw.io.encode_weights` returns them; `get_weight_stream`: a function that returns an iterator over the bytes, in place of
    `weight_data`; the others are JSON values that travel with the model.
    """

    model_topology: Any = None
    weight_specs: list[dict[str, Any]] | None = None
    weight_data: Any = None
    training_config: dict[str, Any] | None = None
    format: str | None = None
    generated_by: str | None = None
    converted_by: str | None = None
    signature: dict[str, Any] | None = None
    user_defined_metadata: dict[str, Any] | None = None
    model_initializer: Any = None
    initializer_signature: dict[str, Any] | None = None
    get_weight_stream: Callable[[], Iterable[bytes]] | None = field(default=None, repr=False)

    def buffer(self) -> CompositeArrayBuffer:
        """Return all bytes of the weights, reading the stream if there is one."""
        if self.weight_data is None and self.get_weight_stream is not None:
            return CompositeArrayBuffer(list(self.get_weight_stream()))
        return CompositeArrayBuffer(self.weight_data)

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name; raise FormatError where data and specs do not fit."""
        if self.weight_data is None and self.get_weight_stream is not None:
            return decode_weights_stream(self.get_weight_stream(), self.weight_specs or [])
        return decode_weights(self.weight_data, self.weight_specs or [])


@dataclass
class ModelArtifactsInfo:
    """When a model was saved, and the bytes of its parts. TensorFlow.js's io.ModelArtifactsInfo."""

    date_saved: datetime.datetime
    model_topology_type: str = "JSON"
    model_topology_bytes: int = 0
    weight_specs_bytes: int = 0
    weight_data_bytes: int = 0


@dataclass
class SaveResult:
    """What a save gives: the model's sizes, and a server's responses. TensorFlow.js's io.SaveResult."""

    model_artifacts_info: ModelArtifactsInfo | None = None
    responses: list[Any] | None = None
    errors: list[Any] | None = None


# The keys of model.json by field; the first four are always written.
KEYS = {
    "model_topology": "modelTopology", "format": "format", "generated_by": "generatedBy", "converted_by": "convertedBy",
    "signature": "signature", "user_defined_metadata": "userDefinedMetadata", "model_initializer": "modelInitializer",
    "initializer_signature": "initializerSignature", "training_config": "trainingConfig",
}  # fmt: skip
_OBJECTS = ("signature", "user_defined_metadata", "initializer_signature", "training_config")
_TEXTS = ("format", "generated_by", "converted_by")


def check_artifacts(artifacts: Any, where: str) -> ModelArtifacts:
    """Return artifacts (or a dict of their fields) of a model that can be saved; raise where they are none."""
    if isinstance(artifacts, dict):
        known = {f.name for f in fields(ModelArtifacts)}
        if unknown := sorted(set(artifacts) - known):
            raise ArgumentError(message(where, f"fields among {', '.join(sorted(known))}", unknown, "Correct the names."))
        return ModelArtifacts(**artifacts)
    if not isinstance(artifacts, ModelArtifacts):
        raise ConversionError(message(where, "ModelArtifacts", type(artifacts).__name__, "Make them by tw.io.ModelArtifacts(...)."))
    return artifacts


def model_json(artifacts: ModelArtifacts, manifest: list[dict[str, Any]] | None) -> str:
    """Return the text of model.json, without a manifest if that is None; raise ArgumentError for a topology that JSON cannot hold."""
    if isinstance(artifacts.model_topology, (bytes, bytearray, memoryview)):
        raise ArgumentError(message("save", "a topology of JSON values", "bytes", "Binary topologies are not saved."))
    values = {key: getattr(artifacts, name) for name, key in KEYS.items()}
    kept = {k: v for i, (k, v) in enumerate(values.items()) if v is not None or i < 4}
    first = dict(list(kept.items())[:4])
    rest = {k: v for k, v in kept.items() if k not in first}
    middle = {} if manifest is None else {"weightsManifest": manifest}
    return jsons.dumps({**first, **middle, **rest}, "model.json")


def parse_model_json(data: Any, where: str) -> dict[str, Any]:
    """Return the parsed model.json, its fields of the right kinds; raise FormatError."""
    return check_model_json(jsons.parse_object(data, where), where)


def check_model_json(value: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the values of a model.json if they are of the right kinds; raise FormatError."""
    if value.get("modelTopology") is None and value.get("weightsManifest") is None:
        got = ", ".join(list(value)[:10]) or "an empty object"
        raise FormatError(message(where, "`modelTopology` or `weightsManifest`", got[:200], "This is no model.json of TensorFlow.js."))
    for name in (*_OBJECTS, *_TEXTS):
        jsons.field(value, KEYS[name], str if name in _TEXTS else dict, where, None)
    jsons.field(value, "weightsManifest", list, where, None)
    return value


def get_model_artifacts_for_json_sync(model_json: dict[str, Any], weight_specs: Any = None, weight_data: Any = None) -> ModelArtifacts:
    """Return the artifacts of a parsed model.json and its weights. TensorFlow.js's io.getModelArtifactsForJSONSync.

    Raises FormatError where the JSON has a manifest and the weights are missing.

    >>> import tensorweb as tw
    >>> tw.io.get_model_artifacts_for_json_sync({"modelTopology": {"class_name": "Model"}}).model_topology
    {'class_name': 'Model'}
    """
    artifacts = ModelArtifacts(**{name: model_json.get(key) for name, key in KEYS.items()})
    if model_json.get("weightsManifest") is not None:
        for value, what in ((weight_specs, "weight_specs"), (weight_data, "weight_data")):
            if value is None:
                raise FormatError(message("get_model_artifacts_for_json", what, "None", "The JSON has a manifest: pass its weights."))
        artifacts.weight_specs, artifacts.weight_data = weight_specs, weight_data
    return artifacts


def _artifacts_for_json(model_json: dict[str, Any], load_weights: Callable[[list], Any]) -> Waits[ModelArtifacts]:
    """Return the artifacts of a parsed model.json, whose weights `load_weights(manifest)` returns as (specs, data).

    TensorFlow.js's io.getModelArtifactsForJSON.
    """
    specs = data = None
    if model_json.get("weightsManifest") is not None:
        specs, data = yield Call(load_weights, model_json["weightsManifest"])
    return get_model_artifacts_for_json_sync(model_json, specs, data)


get_model_artifacts_for_json, get_model_artifacts_for_json_async = twins(_artifacts_for_json, "get_model_artifacts_for_json", __name__)


def get_model_artifacts_info_for_json(model_artifacts: ModelArtifacts) -> ModelArtifactsInfo:
    """Return the sizes of a model's parts. TensorFlow.js's io.getModelArtifactsInfoForJSON.

    >>> import tensorweb as tw
    >>> tw.io.get_model_artifacts_info_for_json(tw.io.ModelArtifacts(weight_data=b"1234")).weight_data_bytes
    4
    """
    artifacts = check_artifacts(model_artifacts, "get_model_artifacts_info_for_json")
    if isinstance(artifacts.model_topology, (bytes, bytearray, memoryview)):
        raise ArgumentError(message("get_model_artifacts_info_for_json", "a topology of JSON values", "bytes", "Pass JSON values."))
    sizes = [
        0 if v is None else len(jsons.dumps(v, "model", separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
        for v in (artifacts.model_topology, artifacts.weight_specs)
    ]
    now = datetime.datetime.now(datetime.UTC)
    return ModelArtifactsInfo(now, "JSON", sizes[0], sizes[1], CompositeArrayBuffer(artifacts.weight_data).byte_length)


def specs_of(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the specs of all weights in a parsed model.json."""
    return get_weight_specs(parsed.get("weightsManifest") or [])
