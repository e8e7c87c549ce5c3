"""GraphModel: a graph with TensorFlow.js's ways to call it. How it is found and read is in `loading.py`; how it runs in `running.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, DisposedError, DTypeError, ShapeError, message
from ..io.artifacts import ModelArtifacts
from ..io.calls import twins
from ..io.handlers import handler_of
from ..tensor import Tensor, as_tensor
from ..waiting import Waits
from .definition import Argument, Graph, Ref, parse_ref
from .running import Runner
from .tf_dtypes import own_dtype
from .writing import graph_artifacts


def _predicting(self: GraphModel, inputs: Any, **_: Any) -> Waits[Any]:
    """Return the outputs for inputs. TensorFlow.js's GraphModel.predict.

    `inputs`: a tensor or whatever becomes one, a list in the order of `inputs`, or a dict by their names. Returns the one output, a list in
    the order of `outputs`, or a dict where the model was written with one. Raises ArgumentError for inputs that are missing or not known,
    ShapeError and DTypeError for those that do not fit, before anything runs.
    """
    results = yield from self._executing(self._named(inputs, "predict"), [a.ref for a in self.graph.outputs])
    keys = self.graph.structured_keys
    if keys is not None and len(keys) == len(results):
        return dict(zip(keys, results, strict=True))
    return results[0] if len(results) == 1 else results


def _executing(self: GraphModel, inputs: Any, outputs: str | Sequence[str] | None = None) -> Waits[Any]:
    """Return the values of nodes by name, those of intermediate ones too. TensorFlow.js's GraphModel.execute.

    `inputs` as `predict` takes them, also by the names of nodes in the midst of the graph, which are then not computed; `outputs`: a name
    or a list of names such as "dense/Relu" or "split:1"; None: the model's outputs. Returns a tensor for one name, else a list.
    """
    names = [outputs] if isinstance(outputs, str) else outputs
    refs = [a.ref for a in self.graph.outputs] if names is None else [self._wanted(name) for name in names]
    results = yield from self._executing(self._named(inputs, "execute"), refs)
    return results[0] if len(results) == 1 and not isinstance(outputs, (list, tuple)) else results


def _saving(self: GraphModel, target: Any, quantization: Any = None) -> Waits[Any]:
    """Save the model as TensorFlow.js's graph model: model.json with shards of at most 4 MB. TensorFlow.js's GraphModel.save.

    `target`: a folder, a .json, a URL that `tw.io` knows, or a handler; `quantization`: "uint8", "uint16", "float16", or a dict of globs as
    `tw.io.encode_weights` takes it. Returns the SaveResult.
    """
    self._running()
    artifacts = yield from graph_artifacts(self.graph, quantization, self.metadata)
    return (yield from handler_of(os.fspath(target) if isinstance(target, os.PathLike) else target, saving=True).saving(artifacts))


class GraphModel:
    """A model that is a graph of ops with its weights. TensorFlow.js's GraphModel; made by `tw.load_graph_model` and `tw.convert`.

    `graph`: the graph; `artifacts`: what it was read from, without the weights, or None; `fused` as there. Models with control flow run by
    `predict` and `execute` as well; `predict_async` and `execute_async` do not block while they read from a GPU.
    """

    def __init__(self, graph: Graph, artifacts: ModelArtifacts | None = None, fused: bool = True):
        self.graph = graph
        self.artifacts = artifacts
        self._runner: Runner | None = Runner(graph, fused=fused)
        self._started = False

    predict, predict_async = twins(_predicting, "predict", __name__)
    execute, execute_async = twins(_executing, "execute", __name__)
    save, save_async = twins(_saving, "save", __name__)
    __call__ = predict

    # --- what it is ---

    @property
    def inputs(self) -> list[Argument]:
        """What the model takes: name, dtype, shape (None for unknown sizes), in order."""
        return list(self.graph.inputs)

    @property
    def outputs(self) -> list[Argument]:
        """What the model gives, in order."""
        return list(self.graph.outputs)

    @property
    def input_nodes(self) -> list[str]:
        """The names of the nodes that take inputs."""
        return [argument.ref.name for argument in self.graph.inputs]

    @property
    def output_nodes(self) -> list[str]:
        """The names of the nodes that give outputs."""
        return [str(argument.ref) for argument in self.graph.outputs]

    @property
    def weights(self) -> dict[str, Tensor]:
        """The tensors of the constants by the names of their nodes."""
        return {name: value for graph in self.graph.all_graphs() for name, value in graph.weights.items()}

    @property
    def metadata(self) -> Any:
        """The metadata that the model's maker stored, or None."""
        return self.artifacts.user_defined_metadata if self.artifacts else None

    @property
    def model_signature(self) -> Any:
        """The signature in the file, or None."""
        return self.artifacts.signature if self.artifacts else None

    @property
    def model_structured_output_keys(self) -> list[str] | None:
        """The keys of the dict that `predict` returns, or None."""
        return self.graph.structured_keys

    def __repr__(self) -> str:
        takes, gives = (", ".join(f"{a.name}: {a.dtype} {a.shape}" for a in part) for part in (self.graph.inputs, self.graph.outputs))
        return f"<GraphModel of {len(self.graph.nodes)} nodes, ({takes}) -> ({gives})>"

    # --- running ---

    def _executing(self, fed: dict[str, Any], refs: list[Ref]) -> Waits[list[Any]]:
        runner = self._running()
        if not self._started:
            yield from self._starting(runner)
        return (yield from runner.running({name: [value] for name, value in fed.items()}, refs))

    def _starting(self, runner: Runner) -> Waits[None]:
        """Run the graph that fills tables, once."""
        first = self.graph.initializer
        if first is not None:
            starter = Runner(first, runner.resources)
            values = yield from starter.running({}, [a.ref for a in first.outputs])
            for argument, value in zip(first.outputs, values, strict=True):
                if argument.name in self.graph.shared_resources:
                    runner.captured[self.graph.shared_resources[argument.name]] = value
        self._started = True

    def _running(self) -> Runner:
        if self._runner is None:
            raise DisposedError(message("graph model", "a model", "one that is disposed", "Load it again."))
        return self._runner

    def _wanted(self, name: str) -> Ref:
        for argument in self.graph.outputs:
            if argument.name == name and name not in self.graph.nodes:
                return argument.ref
        ref = parse_ref(name, self.graph.nodes)
        if ref.name not in self.graph.nodes:
            advice = f"Its outputs are {', '.join(map(repr, self.output_nodes))}."
            raise ArgumentError(message("execute", "outputs that are nodes of the graph", repr(name), advice))
        return ref

    def _named(self, inputs: Any, where: str) -> dict[str, Any]:
        """Return the checked tensors by the names of their nodes."""
        expected = self.graph.inputs
        if not isinstance(inputs, Mapping):
            several = isinstance(inputs, (list, tuple)) and (len(expected) != 1 or (len(inputs) == 1 and isinstance(inputs[0], Tensor)))
            values = list(inputs) if several else [inputs]
            if len(values) != len(expected):
                named = ", ".join(repr(a.name) for a in expected)
                raise ArgumentError(message(where, f"{len(expected)} inputs ({named})", f"{len(values)}", "Pass a list or a dict."))
            inputs = {a.name: value for a, value in zip(expected, values, strict=True)}
        known = {key: a for a in expected for key in (a.name, a.ref.name, str(a.ref), f"{a.ref.name}:0")}
        fed = {}
        for name, value in inputs.items():
            argument = known.get(name)
            if argument is None:
                ref = parse_ref(str(name), self.graph.nodes)
                if ref.name not in self.graph.nodes or ref.index:
                    takes = ", ".join(repr(a.name) for a in expected) or "none"
                    raise ArgumentError(message(where, "inputs that the model has", repr(name), f"It takes {takes}."))
                fed[ref.name] = as_tensor(value, where)
            else:
                fed[argument.ref.name] = _fitting(value, argument, where)
        return fed

    # --- its end ---

    def dispose(self) -> None:
        """Let the weights go; the model cannot run any more. Not needed: they go with the last reference to the model."""
        self._runner = None
        for graph in self.graph.all_graphs():
            graph.weights.clear()


def _fitting(value: Any, argument: Argument, where: str) -> Any:
    """Return a tensor of an argument's dtype and shape."""
    dtype = own_dtype(argument.dtype)
    told = f"{where}: input {argument.name!r}"
    given = not isinstance(value, Tensor) and (dtype is not None or isinstance(value, (list, tuple, bool, int, float, str)))
    x = as_tensor(value, where) if given else value
    if not isinstance(x, Tensor):
        return x
    if dtype is not None and x.dtype != dtype:
        if isinstance(value, Tensor) or (x.dtype, dtype) not in _HARMLESS:
            raise DTypeError(message(told, dtype, x.dtype, f"Cast it: tw.cast(x, {dtype!r})."))
        from ..ops import cast

        x = cast(x, dtype)
    shape = argument.shape
    if shape is not None and (len(shape) != len(x.shape) or any(a not in (None, b) for a, b in zip(shape, x.shape, strict=True))):
        raise ShapeError(message(told, f"shape {shape}", f"{x.shape}", "None stands for any size."))
    return x


# What plain Python values and NumPy arrays may be turned into.
_HARMLESS = {("int32", "float32"), ("bool", "float32"), ("bool", "int32"), ("uint8", "float32"), ("uint8", "int32"), ("int8", "int32")}
