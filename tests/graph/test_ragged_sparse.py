"""Ragged and sparse tensors in graph models, against TensorFlow's stored answers; and what is refused."""

import pytest

import tensorweb as tw
from tensorweb.errors import TensorWebError
from tests.graph import control_replay
from tests.graph.json_graphs import model, node, placeholder, text

HUGE = (1 << 31) - 1


@pytest.mark.parametrize("name", control_replay.names("ragged"))
def test_tensorflows_answers_ragged(fast_backend, name):
    control_replay.check("ragged", name)


@pytest.mark.parametrize("name", control_replay.names("sparse"))
def test_tensorflows_answers_sparse(fast_backend, name):
    control_replay.check("sparse", name)


def ran(op, *values, **attrs):
    inputs = {f"in{i}": value for i, value in enumerate(values)}
    nodes = [placeholder(name, tw.tensor(value).dtype) for name, value in inputs.items()]
    return model([*nodes, node(op, "y", *inputs, **attrs)]).execute(inputs, "y")


def types(*names):
    return {"row_partition_types": {"list": {"s": [text(name)["s"] for name in names]}}}


@pytest.mark.parametrize(
    "run",
    [
        lambda: ran("RaggedRange", [0], [3], [0]),
        lambda: ran("RaggedRange", [0], [HUGE], [1]),
        lambda: ran("RaggedRange", [0.0], [float("nan")], [1.0]),
        lambda: ran("RaggedGather", [0, 2], [1.0, 2.0], [1]),
        lambda: ran("RaggedGather", [0, 3], [1.0, 2.0], [0]),
        lambda: ran("RaggedTensorToTensor", [HUGE, HUGE], [1.0], 0.0, [0, 1], **types("ROW_SPLITS")),
        lambda: ran("RaggedTensorToTensor", [-1, -1], [1.0], 0.0, HUGE, [0], **types("FIRST_DIM_SIZE", "VALUE_ROWIDS")),
        lambda: ran("RaggedTensorToTensor", [-1, -1], [1.0], 0.0, [0, 5], **types("ROW_SPLITS")),
        lambda: ran("RaggedTensorToTensor", [-1, -1], [1.0], 0.0, [0, 1], **types("NOTHING")),
        lambda: ran("SparseFillEmptyRows", [[0, 1]], [1.0], [HUGE, 2], 0.0),
        lambda: ran("SparseFillEmptyRows", [[5, 1]], [1.0], [2, 2], 0.0),
        lambda: ran("SparseFillEmptyRows", [[-1, 1]], [1.0], [2, 2], 0.0),
        lambda: ran("SparseReshape", [[0, 1]], [2, 2], [3, -1]),
        lambda: ran("SparseSegmentSum", [[1.0]], [5], [0]),
        lambda: ran("SparseSegmentSum", [[1.0]], [-1], [0]),
        lambda: ran("SparseSegmentMean", [[1.0], [2.0]], [0, 1], [1, 0]),
        lambda: ran("SparseSegmentMean", [[1.0], [2.0]], [0, 1], [0, HUGE]),
        lambda: ran("SparseSegmentSum", 1.0, [0], [0]),
    ],
)
def test_what_is_wrong_raises(run):
    with pytest.raises(TensorWebError):
        run()
