"""Functional: a model made of a graph of layers and ops between symbolic tensors. Its inference plan is in `plan.py`."""

from __future__ import annotations

import warnings
from typing import Any

from .. import engine
from ..autodiff import keys_in_order, leaves, map_leaves
from ..errors import ArgumentError, ShapeError, message
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from ..symbolic import KerasTensor
from ..tensor import Operators, Tensor, as_tensor, op
from .functional_config import functional_from_config, functional_to_config
from .graph import Graph
from .model import Model, made_like_functional
from .plan import flat_plan


class Functional(Model):
    """The graph between `inputs` and `outputs`, each a KerasTensor or nested ones; what `Model(inputs, outputs)` gives."""

    _fixed_sizes = True  # whether inputs must have the declared sizes

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, trainable: bool = True, **kwargs: Any):
        Layer.__init__(self, name=name, **kwargs)
        self._start()
        self._connect(inputs, outputs)
        if not trainable:
            self.trainable = False

    def _connect(self, inputs: Any, outputs: Any) -> None:
        for what, value in (("inputs", inputs), ("outputs", outputs)):
            strange = [leaf for leaf in leaves(value) if not isinstance(leaf, KerasTensor)]
            if strange or not leaves(value):
                got = type(strange[0]).__name__ if strange else "none"
                raise ArgumentError(message("Model", f"symbolic tensors as {what}", got, "Make them by tw.Input and layers."))
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._nodes = Graph(leaves(inputs), leaves(outputs))
        names = [o.name for o in self._nodes.operations]
        double = {n for n in names if names.count(n) > 1}
        if double:
            raise ArgumentError(message("Model", "layers of different names", f"two named {sorted(double)[0]!r}", "Pass name= to one."))
        self._flat: Any = None
        self.built = True

    @property
    def graph(self) -> Graph:
        """The nodes between the inputs and the outputs."""
        return self._nodes

    @property
    def operations(self) -> list[Any]:
        """The layers and op calls, in Keras's order."""
        return list(self._nodes.operations)

    @property
    def _layers(self) -> list[Layer]:
        return [o for o in self._nodes.operations if isinstance(o, Layer)] + [m for m in super()._layers if m not in self._nodes.operations]

    def _has_layers(self) -> bool:
        return True

    @property
    def layers(self) -> list[Layer]:
        """The layers, InputLayers too, in Keras's order."""
        return [o for o in self._nodes.operations if isinstance(o, Layer)]

    # --- shapes ---

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._nodes.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._nodes.outputs

    @property
    def input(self) -> Any:
        """The symbolic input, nested as given."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """The symbolic output, nested as given."""
        return self._outputs_struct

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs' layers."""
        return [self._nodes.placeholders[id(t)].name for t in self._nodes.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the operations that give the outputs."""
        return [self._nodes.producer(t).operation.name for t in self._nodes.outputs]

    @property
    def input_shape(self) -> Any:
        """The shape of the input, nested as given."""
        return map_leaves(lambda t: t.shape, self._inputs_struct)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, nested as given."""
        return map_leaves(lambda t: t.shape, self._outputs_struct)

    # --- running ---

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the outputs, nested as the model's, for inputs nested as the model's (or flat, or by name)."""
        values = self._standardize(inputs)
        now = engine.state.get()
        if mask is None and not training and not now.training and not now.tapes and not now.unknown and now.autocast is None:
            plan = self._plan()
            if plan is not None and not any(isinstance(v, KerasTensor) for v in values):
                return self._nest(plan.run(values))
        if mask is not None:
            for t, m in zip(values, leaves(mask)):
                if m is not None:
                    t._keras_mask = as_tensor(m, self.name)
        return self._nest(self._run_nodes(values))

    def _run_nodes(self, values: list[Any]) -> list[Any]:
        """Run the graph through the layers' `__call__`."""
        known = {id(t): v for t, v in zip(self._nodes.inputs, values)}
        training = engine.state.get().training
        for node in self._nodes.nodes:
            if node.is_input or id(node.output_tensors[0]) in known:
                continue
            args = [map_leaves(lambda a: known[id(a)] if type(a) is KerasTensor else a, a) for a in node.args]
            kwargs = {k: map_leaves(lambda a: known[id(a)] if type(a) is KerasTensor else a, v) for k, v in node.kwargs.items()}
            if training is not None and "training" in kwargs:
                # As in Keras: what the whole model is called with overrides what was given while the graph was made.
                kwargs["training"] = training
            made = leaves(node.operation(*args, **kwargs))
            known.update((id(t), v) for t, v in zip(node.output_tensors, made))
        return [known[id(t)] for t in self._nodes.outputs]

    def _plan(self) -> Any:
        if self._flat is None:
            self._flat = flat_plan(self._nodes) or False
        return self._flat or None

    def _nest(self, flat: list[Any]) -> Any:
        remaining = iter(flat)
        return map_leaves(lambda _: next(remaining), self._outputs_struct)

    def _standardize(self, inputs: Any) -> list[Any]:
        """Return the input tensors in order, of the declared ranks and dtypes."""
        flat = self._flatten_inputs(inputs)
        if len(flat) != len(self._nodes.inputs):
            raise ArgumentError(message(self.name, f"{len(self._nodes.inputs)} input(s)", len(flat), f"The inputs are {self.input_names}."))
        return [self._fit_input(v, t, n) for v, t, n in zip(flat, self._nodes.inputs, self.input_names)]

    def _flatten_inputs(self, inputs: Any) -> list[Any]:
        struct = self._inputs_struct
        if isinstance(inputs, dict):
            if isinstance(struct, dict):
                missing = [k for k in struct if k not in inputs]
                if missing:
                    raise ArgumentError(message(self.name, f"inputs {list(struct)}", f"none for {missing}", "Add them to the dict."))
                if len(inputs) > len(struct):
                    self._warn_structure(inputs)
                return leaves({k: inputs[k] for k in struct})
            names = self.input_names
            missing = [n for n in names if n not in inputs]
            if missing:
                raise ArgumentError(message(self.name, f"inputs {names}", f"none for {missing}", "Name the dict's keys so."))
            return [inputs[n] for n in names]
        if isinstance(struct, dict) and len(struct) > 1:
            # A list can only stand for a dict whose keys are in the order in which its leaves are taken.
            if list(struct) != keys_in_order(struct):
                wanted = f"a dict of inputs {list(struct)}"
                raise ArgumentError(message(self.name, wanted, type(inputs).__name__, "Name the inputs: their order is not clear."))
            self._warn_structure(inputs)
        return leaves(inputs)

    def _warn_structure(self, inputs: Any) -> None:
        wanted, got = (map_leaves(lambda t: tuple(t.shape) if hasattr(t, "shape") else "?", s) for s in (self._inputs_struct, inputs))
        text = f"The structure of `inputs` doesn't match the expected structure: {self.name} takes {wanted}, got {got}"
        warnings.warn(text, stacklevel=3)

    def _fit_input(self, value: Any, t: KerasTensor, name: str) -> Any:
        if value is None:
            if not self._nodes.placeholders[id(t)].optional:
                raise ArgumentError(message(self.name, f"a value for the input {name!r}", "None", "Make it Input(..., optional=True)."))
            return None
        if not isinstance(value, (Tensor, KerasTensor)):
            value = as_tensor(value, name) if not isinstance(value, Operators) else value.value  # type: ignore[attr-defined]
        wanted, rank = t.shape, len(value.shape)
        if rank == len(wanted) + 1 and value.shape[-1] == 1:
            value = op("squeeze")(value, -1)
        elif rank == len(wanted) - 1 and wanted[-1] == 1:
            value = op("expand_dims")(value, -1)
        # As in Keras, the batch may differ from the declared one, and a Sequential's inputs need only the rank.
        sizes = zip(wanted[1:], value.shape[1:]) if self._fixed_sizes else ()
        if len(value.shape) != len(wanted) or any(w is not None and g is not None and w != g for w, g in sizes):
            raise ShapeError(message(self.name, f"shape {wanted} for input {name!r}", tuple(value.shape), "Reshape the data."))
        if value.dtype != t.dtype and t.dtype != "string" and value.dtype != "string":
            mask = getattr(value, "_keras_mask", None)
            value = op("cast")(value, t.dtype)
            if mask is not None:
                value._keras_mask = mask
        return value

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the symbolic outputs for symbolic inputs of this call."""
        return super().compute_output_spec(*args, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Do nothing: the layers are built when they are connected."""

    # --- configs ---

    def get_config(self) -> dict[str, Any]:
        """Return the graph as Keras writes it: layers, their calls, inputs and outputs."""
        return functional_to_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the model of a config in the form of Keras 3, Keras 2 or TensorFlow.js."""
        if not made_like_functional(cls):
            return super().from_config(config, custom_objects)
        return functional_from_config(cls, config, custom_objects)

    def get_build_config(self) -> dict[str, Any] | None:
        """Return nothing: the graph has the shapes."""
        return {"input_shape": None}


def input_layers(model: Functional) -> list[InputLayer]:
    """Return the InputLayers of a functional model in the order of its inputs."""
    return [model.graph.placeholders[id(t)] for t in model.graph.inputs]
