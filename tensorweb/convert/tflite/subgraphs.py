"""A TFLite model's subgraphs become graphs: the first one, or a signature's, the model itself, and those that it calls its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import FormatError, message
from ...graph.definition import Argument, FunctionName, Graph, Ref
from .flatbuffers import File, Table
from .schema import BUILTIN_OPS
from .tensors import Constants, Info, describe
from .translate import CUSTOM, MOVES, TRANSLATIONS, Builder, Op, Unsupported

_SHOWN = 40  # ops that are named in an error


class Model:
    """A file's model while it is translated. `faults` collects what is not supported: op, why, where."""

    def __init__(self, file: File):
        self.file, self.root = file, file.root("Model")
        self.constants = Constants(file, self.root.buffers)
        self.functions: dict[str, Graph] = {}
        self.names: dict[int, FunctionName] = {}
        self.waiting: list[int] = []
        self.faults: list[str] = []
        self.variables: dict[str, Info] = {}  # what CALL_ONCE gives to variables, by name
        self.tables: set[str] = set()  # the hash tables that the graph uses
        self.imports: dict[str, list[str]] = {}  # the nodes of the initializer that fill each table
        self.conditions: set[int] = set()  # subgraphs that are conditions of loops
        self.depth = 0  # of what runs once
        self.graph = Graph(functions=self.functions)
        self.codes = [self._code(code) for code in self.root.operator_codes]
        links = sum(len(op.inputs) + len(op.outputs) for graph in self.root.subgraphs for op in graph.operators)
        if links > len(file.data):
            raise file.fault("ops with inputs of their own", f"{links} inputs")

    def _code(self, table: Table) -> str:
        number = max(table.builtin_code, table.deprecated_builtin_code)
        if not 0 <= number < len(BUILTIN_OPS):
            advice = "The file is newer than this library, or damaged."
            raise FormatError(message(self.file.where, "ops of TFLite", f"number {number}", advice))
        return f"CUSTOM {table.custom_code}" if BUILTIN_OPS[number] == "CUSTOM" else BUILTIN_OPS[number]

    def subgraph(self, number: int) -> Table:
        """Return a subgraph's table."""
        if not 0 <= number < len(self.root.subgraphs):
            raise self.file.fault(f"one of {len(self.root.subgraphs)} subgraphs", number)
        return self.root.subgraphs[number]

    def function(self, number: int) -> FunctionName:
        """Return the name of the function that a subgraph becomes; it is translated later."""
        if number not in self.names:
            self.subgraph(number)
            self.names[number] = FunctionName(f"subgraph_{number}")
            self.waiting.append(number)
        return self.names[number]

    def run_once(self, number: int) -> None:
        """Translate a subgraph that is to run before all else: it becomes part of the initializer."""
        if self.graph.initializer is None:
            self.graph.initializer = Graph(functions=self.functions)
        scope = Subgraph(self, number, self.graph.initializer, once=True)
        if self.depth or scope.table.inputs:
            raise self.file.fault("what runs once to be simple", f"subgraph {number}")
        self.depth += 1
        scope.translate(None)
        self.depth -= 1

    def _finish_initializer(self) -> None:
        """Let the initializer give the tables that the graph uses, filled, under the names of the nodes that do it.

        TensorFlow.js runs the nodes that the outputs are called by, and knows a table by its very handle, which any other op would copy.
        """
        first = self.graph.initializer
        if first is None or not self.tables:
            self.graph.initializer = None
            return
        for name in sorted(self.tables):
            if not self.imports.get(name):
                raise self.file.fault("tables that are filled", name)
            *before, last = self.imports[name]
            first.nodes[last].controls += before
            first.outputs.append(Argument(last, Ref(last), "resource", ()))
            self.graph.shared_resources[last] = name

    def translate(self, number: int, signature: Table | None) -> Graph:
        """Return the graph of the model; FormatError that names every op that is not supported."""
        Subgraph(self, number, self.graph).translate(signature)
        while self.waiting:
            each = self.waiting.pop()
            graph = self.functions[self.names[each]] = Graph(functions=self.functions)
            Subgraph(self, each, graph, inner=True).translate(None)
        if self.faults:
            more = f" and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
            where = "; ".join(self.faults[:_SHOWN]) + more
            raise FormatError(message(self.file.where, "ops that are supported", where, "docs/tflite.md lists those that are."))
        self._check_calls()
        self._finish_initializer()
        for graph in self.graph.all_graphs():
            graph.prune()
            graph.check()
        return self.graph

    def _check_calls(self) -> None:
        """Raise FormatError if functions call each other in a circle."""
        used = {name: _called(graph) for name, graph in self.functions.items()}
        while True:
            ends = [name for name, called in used.items() if not called & used.keys()]
            if not ends:
                break
            for name in ends:
                del used[name]
        if used:
            raise self.file.fault("subgraphs that do not call themselves", sorted(used)[0])


class Subgraph:
    """A subgraph while it is translated. `inner` ones are functions, whose quantised arguments are real numbers already; one that is to
    run `once` is part of the initializer."""

    def __init__(self, model: Model, number: int, graph: Graph, inner: bool = False, once: bool = False):
        self.model, self.number, self.graph, self.inner, self.once = model, number, graph, inner, once
        self.table = model.subgraph(number)
        self.constants = model.constants
        self.builder = Builder(graph)
        self._infos: dict[int, Info] = {}
        self._values: dict[int, Ref] = {}
        self._same: dict[int, int] = {}  # tensors that ops only unpack from constants
        self._computed: set[int] = set()  # the tensors that are inputs, or outputs of ops
        self._kept: dict[Any, Ref] = {}
        self._variables = {i for i, t in enumerate(self.table.tensors) if t.is_variable}

    # --- tensors ---

    def info(self, index: int) -> Info:
        """Return what the file says of a tensor."""
        if index not in self._infos:
            if not 0 <= index < len(self.table.tensors):
                raise self.model.file.fault(f"one of {len(self.table.tensors)} tensors", index)
            self._infos[index] = describe(self.table.tensors[index], f"subgraph {self.number}, tensor {index}")
        return self._infos[index]

    def constant_info(self, index: int) -> Info | None:
        """Return what the file says of the constant that a tensor is; None if it is computed."""
        index = self._same.get(index, index)
        info = self.info(index)
        return info if index not in self._computed and self.constants.is_constant(info) else None

    def value(self, index: int) -> Ref:
        """Return the node's output that a tensor is."""
        index = self._same.get(index, index)
        if index not in self._values:
            info = self.info(index)
            if self.constants.is_constant(info):
                self.builder.prefix = self.builder.prefix or "weights"
                self._values[index] = self.builder.const(self.constants.tensor(info))
            elif index in self._variables:  # a state that each run begins at zero
                self._values[index] = self.builder.emit("Fill", [s or 1 for s in info.shape], 0.0, T="float32")
            else:
                raise self.model.file.fault("tensors that an op before gives", f"tensor {index} of subgraph {self.number}")
        return self._values[index]

    def kept(self, key: Any, make: Callable[[], Ref]) -> Ref:
        """Return what was made for a key, or make it."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def unpacks(self, op: Op) -> bool:
        """Take the one output of an op for its constant input; return False if that is not constant."""
        index = op.index(0)
        if self.constant_info(index) is None:
            return False
        self._same[op.table.outputs[0]] = self._same.get(index, index)
        return True

    # --- ops ---

    def translate(self, signature: Table | None) -> None:
        """Fill the graph."""
        given, taken = _signature_names(signature)
        for index in self.table.inputs:
            self._add_input(index, given.get(index))
        for number, table in enumerate(self.table.operators):
            self._translate_op(number, table)
        for index in self.table.outputs:
            self._add_output(index, taken.get(index))

    def _add_input(self, index: int, name: str | None) -> None:
        info = self.info(index)
        if index in self._computed:
            raise self.model.file.fault("each input once", f"tensor {index}")
        self._computed.add(index)
        dtype = info.computed if self.inner else info.dtype
        self._variables.discard(index)
        hints: dict[str, Any] = {"_number": len(self.graph.inputs)} if self.inner else {}
        if info.grid and not self.inner:
            hints = {"_scale": info.grid.scales[0], "_zero_point": info.grid.zeros[0]}
        wanted = self.builder.name(name or info.name or f"input_{index}")
        ref = self.graph.add("Placeholder", wanted, dtype=dtype, shape=info.shape, **hints)
        self.graph.inputs.append(Argument(name or (wanted if self.inner else info.name or wanted), ref, dtype, info.shape))
        self.builder.prefix = wanted
        self._values[index] = self.builder.from_stored(ref, info.grid) if info.grid and not self.inner else ref

    def _add_output(self, index: int, name: str | None) -> None:
        info = self.info(index)
        ref, dtype = self.value(index), info.computed
        hints: dict[str, Any] = {}
        wanted = self.builder.name(name or info.name or f"output_{index}")
        if info.grid and not self.inner:
            self.builder.prefix = wanted
            ref, dtype = self.builder.to_stored(ref, info.grid), info.dtype
            hints = {"_scale": info.grid.scales[0], "_zero_point": info.grid.zeros[0]}
        if self.number in self.model.conditions and self.inner and info.shape:
            ref = self.builder.emit("Reshape", ref, [])
        if not self.inner:  # the output can be asked for by the model's name for it
            ref = self.graph.add("Identity", wanted, [ref], **hints)
        self.graph.outputs.append(Argument(name or info.name or wanted, ref, dtype, info.shape))

    def _translate_op(self, number: int, table: Table) -> None:
        kind = self.model.codes[table.opcode_index] if table.opcode_index < len(self.model.codes) else ""
        if not kind:
            raise self.model.file.fault(f"one of {len(self.model.codes)} kinds of ops", table.opcode_index)
        first = self.info(table.outputs[0]).name if table.outputs else ""
        self.builder.prefix = self.builder.name(first or kind.lower())
        where = f"subgraph {self.number}, op {number} ({first[:80]!r})"
        function = CUSTOM.get(kind[7:]) if kind.startswith("CUSTOM ") else TRANSLATIONS.get(kind)
        try:
            if function is None:
                raise Unsupported("")
            self._take(Op(self, table, kind), function)
        except Unsupported as why:
            self.model.faults.append(f"{kind}{f' with {why}' if str(why) else ''} at {where}")
            for index in table.outputs:  # so that the ops behind it are looked at as well
                self._values[index] = Ref("unsupported")
                self._computed.add(index)
        except FormatError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            advice = f"The file is damaged: {str(error)[:200]}"
            raise FormatError(message(f"tflite, {where}", f"a {kind} that fits its tensors", "another", advice)) from error

    def _take(self, op: Op, function: Callable[[Op], Any]) -> None:
        """Translate an op; its outputs become the values of tensors."""
        found = function(op)
        found = [found] if isinstance(found, Ref) else list(found or ())
        if op.kind in ("DEQUANTIZE", "DENSIFY") and not found:
            return
        if len(found) < len(op.table.outputs):
            raise self.model.file.fault(f"{len(found)} outputs of {op.kind}", len(op.table.outputs))
        for index, ref in zip(op.table.outputs, found):
            info = self.info(index)
            if index in self._computed or index in self._same:
                raise self.model.file.fault("tensors that one op gives", f"tensor {index} of subgraph {self.number}")
            if info.grid and not self._on_grid(op, info):
                ref = self.builder.snap(ref, info.grid)
            self._values[index] = ref
            self._computed.add(index)

    def _on_grid(self, op: Op, info: Info) -> bool:
        """Tell whether the values that an op gives lie on the output's grid, since it moved them only."""
        if op.kind not in MOVES:
            return False
        grids = {self.info(i).grid for i in op.table.inputs if i >= 0} - {None}
        return grids == {info.grid}


def _signature_names(signature: Table | None) -> tuple[dict[int, str], dict[int, str]]:
    """Return what a signature calls inputs and outputs, by the tensors' numbers."""
    if signature is None:
        return {}, {}
    return {each.tensor_index: each.name for each in signature.inputs}, {each.tensor_index: each.name for each in signature.outputs}


def _called(graph: Graph) -> set[str]:
    """Return the names of the functions that a graph's nodes call."""
    return {str(v) for node in graph.nodes.values() for v in node.attrs.values() if isinstance(v, FunctionName)}
