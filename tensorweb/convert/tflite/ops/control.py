"""Branches, loops, what runs once before all else, hash tables and variables."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..schema import DTYPES
from ..translate import Op, Unsupported, translates


@translates("IF")
def if_(op: Op) -> list[Ref]:
    condition = op.emit("Reshape", op.x(0), [])
    branches = {"then_branch": op.function(op.options.then_subgraph_index), "else_branch": op.function(op.options.else_subgraph_index)}
    given = [op.info(i).computed for i in range(1, len(op.table.inputs))]
    found = [op.result(i).computed for i in range(len(op.table.outputs))]
    return op.outputs(op.emit("StatelessIf", condition, *op.inputs(1), Tcond="bool", Tin=given, Tout=found, **branches))


@translates("WHILE")
def while_(op: Op) -> list[Ref]:
    """The condition's result may be a vector of one element, which counts as a scalar."""
    parts = {"cond": op.function(op.options.cond_subgraph_index), "body": op.function(op.options.body_subgraph_index)}
    op.scope.model.conditions.add(op.options.cond_subgraph_index)
    return op.outputs(op.emit("StatelessWhile", *op.inputs(), T=[op.info(i).computed for i in range(len(op.table.inputs))], **parts))


@translates("CALL_ONCE")
def call_once(op: Op) -> list[Ref]:
    op.scope.model.run_once(op.options.init_subgraph_index)
    return []


# --- hash tables ------------------------------------------------------------------------------------------------------------


@translates("HASHTABLE")
def hashtable(op: Op) -> Ref:
    """A table is made and filled by the initializer; the graph gets it as a placeholder, both by the table's number."""
    options, model, graph = op.options, op.scope.model, op.builder.graph
    name = f"hashtable_{options.table_id}"
    if op.scope.inner:
        raise Unsupported("a table that only a function uses")
    if name in graph.nodes:
        return Ref(name)
    if op.scope.once:
        dtypes: dict[str, Any] = {"key_dtype": DTYPES[options.key_dtype], "value_dtype": DTYPES[options.value_dtype]}
        return graph.add("HashTableV2", name, shared_name=name.encode(), container=b"", use_node_name_sharing=True, **dtypes)
    model.tables.add(name)
    return graph.add("Placeholder", name, dtype="resource", shape=())


@translates("HASHTABLE_IMPORT")
def hashtable_import(op: Op) -> list[Ref]:
    if not op.scope.once:
        raise Unsupported("a table that is filled while the model runs")
    table = op.x(0)
    done = op.emit("LookupTableImportV2", table, op.x(1), op.x(2))
    op.scope.model.imports.setdefault(table.name, []).append(done.name)
    return []


@translates("HASHTABLE_FIND")
def hashtable_find(op: Op) -> Ref:
    default = op.emit("Reshape", op.x(2), []) if op.rank(2) else op.x(2)
    return op.emit("LookupTableFindV2", op.x(0), op.x(1), default)


@translates("HASHTABLE_SIZE")
def hashtable_size(op: Op) -> Ref:
    return op.emit("Reshape", op.emit("LookupTableSizeV2", op.x(0)), [1])


# --- variables --------------------------------------------------------------------------------------------------------------


@translates("VAR_HANDLE")
def var_handle(op: Op) -> Ref:
    """A name only: what stands for the variable is no node."""
    return Ref(f"variable {op.options.container}/{op.options.shared_name}")


@translates("ASSIGN_VARIABLE")
def assign_variable(op: Op) -> list[Ref]:
    info = op.scope.constant_info(op.index(1))
    if not op.scope.once or info is None:
        raise Unsupported("a variable that changes while the model runs")
    op.scope.model.variables[op.x(0).name] = info
    return []


@translates("READ_VARIABLE")
def read_variable(op: Op) -> Ref:
    info = op.scope.model.variables.get(op.x(0).name)
    if info is None:
        raise Unsupported("a variable that has no value at the start")
    return op.builder.const(op.scope.constants.tensor(info))
