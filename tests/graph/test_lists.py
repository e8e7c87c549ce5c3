"""TensorArray and TensorList in graph models, against TensorFlow's stored answers; and what they refuse."""

import pytest

import tensorweb as tw
from tensorweb.errors import TensorWebError
from tensorweb.graph import Graph, Node
from tensorweb.graph.define import find_op
from tensorweb.graph.running import Runner, Step
from tensorweb.waiting import wait
from tests.graph import control_replay


@pytest.mark.parametrize("name", control_replay.names("lists"))
def test_tensorflows_answers(fast_backend, name):
    control_replay.check("lists", name)


def ran(op, *inputs, **attrs):
    """Return the outputs of one op."""
    runner = Runner(Graph(nodes={"it": Node("it", op, attrs=attrs)}))
    found = wait(runner.computing(Step(runner.graph.nodes["it"], find_op(op), ()), [_tensor(x) for x in inputs]))
    return found[0] if len(found) == 1 else found


def _tensor(value):
    return tw.tensor(value) if isinstance(value, (int, float, list)) else value


def reserved(count, shape=(2,), dtype="float32"):
    return ran("TensorListReserve", list(shape) if shape is not None else -1, count, element_dtype=dtype)


def array(size=2, **attrs):
    return ran("TensorArrayV3", size, **({"dtype": "float32", "element_shape": (2,)} | attrs))[0]


X, FLOW = [1.0, 2.0], 0.0


@pytest.mark.parametrize(
    "run",
    [
        lambda: reserved(-1),
        lambda: reserved((1 << 31) - 1),
        lambda: ran("TensorListSetItem", reserved(2), 2, X),
        lambda: ran("TensorListSetItem", reserved(2), -1, X),
        lambda: ran("TensorListSetItem", reserved(2), 0, [1.0, 2.0, 3.0]),
        lambda: ran("TensorListSetItem", reserved(2), 0, [1, 2]),
        lambda: ran("TensorListSetItem", reserved(2), (1 << 31) - 1, X, resize_if_index_out_of_bounds=True),
        lambda: ran("TensorListGetItem", reserved(2), 5, [2]),
        lambda: ran("TensorListGetItem", reserved(2, None), 0, -1),
        lambda: ran("TensorListGetItem", reserved(2), 0, [3]),
        lambda: ran("TensorListGetItem", tw.tensor(1.0), 0, [3]),
        lambda: ran("TensorListGetItem", reserved(2), 0, [2], element_dtype="string"),
        lambda: ran("TensorListStack", reserved(0, None), -1),
        lambda: ran("TensorListStack", reserved(3, None), -1),
        lambda: ran("TensorListStack", reserved(3), [2], num_elements=4),
        lambda: ran("TensorListGather", reserved(3), [0, 7], [2]),
        lambda: ran("TensorListResize", reserved(3), -2),
        lambda: ran("TensorListResize", reserved(3), (1 << 31) - 1),
        lambda: ran("TensorListPopBack", reserved(0), [2]),
        lambda: ran("TensorListPushBack", ran("EmptyTensorList", [2], 0, element_dtype="float32"), X),
        lambda: ran("TensorListFromTensor", 5.0, -1, element_dtype="float32"),
        lambda: ran("TensorListSplit", X, [-1], [1, 2], element_dtype="float32"),
        lambda: ran("TensorListSplit", X, [-1], [3, -1], element_dtype="float32"),
        lambda: ran("TensorListScatterV2", [X, X], [0, 9], [2], 3, element_dtype="float32"),
        lambda: ran("TensorListScatterV2", [X, X], [0], [2], 3, element_dtype="float32"),
        lambda: ran("TensorListScatterV2", [X], [0], [2], (1 << 31) - 1, element_dtype="float32"),
        lambda: ran("TensorListScatter", [X], [(1 << 31) - 2], [2], element_dtype="float32"),
        lambda: ran("TensorListConcatV2", reserved(2, None), -1, [1]),
        lambda: ran("TensorListConcatV2", ran("TensorListFromTensor", X, [], element_dtype="float32"), -1, [1]),
        lambda: array(-1),
        lambda: array((1 << 31) - 1),
        lambda: ran("TensorArrayWriteV3", array(), 2, X, FLOW),
        lambda: ran("TensorArrayWriteV3", array(dynamic_size=True), (1 << 31) - 1, X, FLOW),
        lambda: ran("TensorArrayWriteV3", array(), 0, 5.0, FLOW),
        lambda: ran("TensorArrayWriteV3", reserved(2), 0, X, FLOW),
        lambda: ran("TensorArrayReadV3", array(element_shape=None), 0, FLOW),
        lambda: ran("TensorArrayGatherV3", array(), [5], FLOW),
        lambda: ran("TensorArrayScatterV3", array(), [0, 1], [X], FLOW),
        lambda: ran("TensorArraySplitV3", array(), X, [3], FLOW),
    ],
)
def test_what_is_wrong_raises(run):
    with pytest.raises(TensorWebError):
        run()


def test_elements_are_written_once_and_read_once(fast_backend):
    made = array()
    ran("TensorArrayWriteV3", made, 0, X, FLOW)
    with pytest.raises(TensorWebError, match="Write each once"):
        ran("TensorArrayWriteV3", made, 0, X, FLOW)
    assert ran("TensorArrayReadV3", made, 0, FLOW).tolist() == X
    for op in ("TensorArrayReadV3", "TensorArrayWriteV3"):
        with pytest.raises(TensorWebError):
            ran(op, made, 0, *([X] if "Write" in op else []), FLOW)
    ran("TensorArrayCloseV3", made)
    with pytest.raises(TensorWebError, match="closed"):
        ran("TensorArraySizeV3", made, FLOW)


def test_a_list_is_a_value(fast_backend):
    """Setting, pushing and popping give new lists."""
    first = reserved(2)
    second = ran("TensorListSetItem", first, 0, X)
    assert ran("TensorListStack", first, [2]).tolist() == [[0, 0], [0, 0]] and ran("TensorListStack", second, [2]).tolist() == [X, [0, 0]]


def test_lists_of_lists(fast_backend):
    outer = ran("TensorListReserve", -1, 1, element_dtype="variant")
    outer = ran("TensorListSetItem", outer, 0, ran("TensorListFromTensor", [X, X], [2], element_dtype="float32"))
    inner = ran("TensorListGetItem", outer, 0, -1, element_dtype="variant")
    assert ran("TensorListStack", inner, [2]).tolist() == [X, X]
