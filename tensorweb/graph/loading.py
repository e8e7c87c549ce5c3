"""load_graph_model: from a path, URL or handler to a GraphModel. The formats' parts are read by `tw.io`; the graph by `parsing.py`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ..errors import FormatError, message
from ..io.artifacts import ModelArtifacts
from ..io.calls import twins
from ..io.fetching import is_http_scheme
from ..io.handlers import handler_of
from ..io.weights import decoding_stream
from ..tensor import Tensor
from ..waiting import Waits
from .model import GraphModel
from .parsing import parse_graph_model

_TF_HUB_FILE = "/model.json?tfjs-format=file"


def _loading_graph_model(source: Any, *, from_tf_hub: bool = False, fused: bool = True, **options: Any) -> Waits[GraphModel]:
    """Load a TensorFlow.js graph model. TensorFlow.js's loadGraphModel.

    `source`: the path of a model.json or of its folder, an http(s):// or other URL that `tw.io` knows, a handler, or ModelArtifacts;
    `from_tf_hub`: the URL is that of a TF-Hub module; `fused`: chains of convolution or product, bias and activation run as one op where
    nobody asks for what is between; further options as `tw.io.http` takes them: `headers`, `on_progress`, `stream_weights`,
    `weight_path_prefix`, ... Raises ArgumentError if there is no file, FormatError where it is damaged, is no graph model, or has ops that
    are not known (at the first call, which names them).

    >>> import tensorweb as tw
    >>> node = {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}}
    >>> double = {"name": "y", "op": "AddV2", "input": ["x", "x"]}
    >>> artifacts = tw.io.ModelArtifacts(model_topology={"node": [node, double]}, weight_specs=[], weight_data=b"")
    >>> tw.load_graph_model(artifacts).predict([1.0, 2.0]).tolist()
    [2.0, 4.0]
    """
    place = os.fspath(source) if isinstance(source, os.PathLike) else source
    if isinstance(place, str):
        if from_tf_hub:
            place = place.rstrip("/") + _TF_HUB_FILE
        elif not is_http_scheme(place) and "://" not in place and os.path.isdir(place):
            place = os.path.join(place, "model.json")
        options.setdefault("stream_weights", True)  # so that bytes and tensors are not all there at once
    artifacts = place if isinstance(place, ModelArtifacts) else (yield from handler_of(place, **options).loading())
    _check_kind(artifacts)
    if artifacts.weight_data is None and artifacts.get_weight_stream is not None:
        weights = yield from decoding_stream(artifacts.get_weight_stream(), artifacts.weight_specs or [])
    else:
        weights = artifacts.tensors()
    return _model_of(artifacts, weights, fused)


def _check_kind(artifacts: ModelArtifacts) -> None:
    if artifacts.format == "layers-model" or (isinstance(artifacts.model_topology, dict) and "model_config" in artifacts.model_topology):
        raise FormatError(message("load_graph_model", "a graph model", "a layers model", "Load it by tw.saving.load_model."))


def _model_of(artifacts: ModelArtifacts, weights: dict[str, Tensor], fused: bool) -> GraphModel:
    graph = parse_graph_model(
        artifacts.model_topology, weights, artifacts.signature, artifacts.model_initializer, artifacts.initializer_signature,
        artifacts.user_defined_metadata,
    )  # fmt: skip
    artifacts = replace(artifacts, weight_specs=None, weight_data=None, get_weight_stream=None)  # the tensors have the bytes now
    return GraphModel(graph, artifacts, fused)


load_graph_model, load_graph_model_async = twins(_loading_graph_model, "load_graph_model", __name__)
