"""Files as such: signatures, sizes that are not known, what is quantised, ops that are not supported, sparse weights, and hostile files."""

import base64
import math
import random
import struct
import time

import pytest

import tensorweb as tw
from tensorweb.convert.tflite import read_tflite
from tensorweb.convert.tflite.flatbuffers import File
from tensorweb.convert.tflite.schema import SCHEMA
from tensorweb.convert.tflite.tensors import _unpacked, sparse_places
from tensorweb.errors import ArgumentError, FormatError, TensorWebError
from tensorweb.graph.definition import Graph
from tensorweb.graph.running import Runner
from tensorweb.waiting import wait
from tools.document_tflite import PATH, markdown

from .test_tflite_ops import CASES, DATA

FUZZED = 1500


def model(name):
    """Return the bytes of a stored model."""
    return base64.b64decode(CASES[name]["model"] if name in CASES else DATA["files"][name])


def test_the_list_of_ops_is_current():
    assert PATH.read_text() == markdown(), "run python -m tools.document_tflite"


# --- what a graph tells -----------------------------------------------------------------------------------------------------


def test_quantised_inputs_and_outputs_tell_scale_and_zero_point():
    graph = read_tflite(model("converted images, uint8"))
    taken, given = graph.inputs[0], graph.outputs[0]
    assert taken.dtype == given.dtype == "uint8"
    for argument in (taken, given):
        about = graph.nodes[argument.ref.name].attrs
        assert 0 < about["_scale"] < 1 and 0 <= about["_zero_point"] <= 255


def test_signature(tmp_path):
    data = model("signature")
    graph = read_tflite(data, "twice")
    assert [a.name for a in graph.inputs] == ["x"] and [a.name for a in graph.outputs] == ["doubled"]
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    assert [a.name for a in read_tflite(path).outputs] == ["doubled"]
    with pytest.raises(ArgumentError, match="twice"):
        read_tflite(data, "thrice")


def test_unknown_batch_takes_any():
    graph = read_tflite(model("any batch"))
    assert graph.inputs[0].shape == (None, 4)
    assert wait(Runner(graph).calling([tw.ones((3, 4))]))[0].shape == (3, 2)


def test_all_ops_that_are_not_supported_are_named():
    with pytest.raises(FormatError, match=r"CUSTOM Mystery at subgraph 0, op 0 .*; SVDF at subgraph 0, op 2"):
        read_tflite(model("not supported"))


def test_integers_of_four_bits():
    assert list(_unpacked(memoryview(b"\x8f\x07")).cast("b")) == [-1, -8, 7, 0]


# --- MediaPipe's face mesh --------------------------------------------------------------------------------------------------


def call(name, *inputs):
    """Return the first output of a stored model, as lists."""
    return wait(Runner(read_tflite(model(name))).calling([tw.tensor(x, dtype="float32") for x in inputs]))[0].tolist()


def test_landmarks_are_moved_by_a_matrix():
    """x' = 2 x + y + 5, y' = -x + 7; z stays."""
    matrix = [[[2, 1, 9, 5], [-1, 0, 9, 7], [0, 0, 1, 0], [0, 0, 0, 1]]]
    assert call("TransformLandmarks", [[[1, 2, 3], [-1, 0, 4]]], matrix) == [[[9, 6, 3], [3, 8, 4]]]


@pytest.mark.parametrize("turn", [0.0, 0.5, math.pi / 2, -2.0])
def test_landmarks_give_the_box_around_them(turn):
    """A box of 6 x 2 with a corner at the origin, and the one that stands opposite, are turned; so is what the matrix gives."""

    def turned(x, y):
        return [x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)]

    points = [[*turned(x, y), 1.0] for x, y in ((0, 0), (6, 0), (99, 99), (3, 2))]
    matrix = call("Landmarks2TransformMatrix", [points])[0]
    for (x, y), wanted in {(0, 0): turned(0, 0), (8, 0): turned(6, 0), (0, 4): turned(0, 2), (4, 2): turned(3, 1)}.items():
        assert [row[0] * x + row[1] * y + row[3] for row in matrix[:2]] == pytest.approx(wanted, abs=1e-5)
    assert matrix[2:] == [[0, 0, 1, 0], [0, 0, 0, 1]]


def test_pixels_are_read_between_others_and_zero_beyond():
    picture = [[[[float(10 * y + x)] for x in range(4)] for y in range(3)]]
    shifted = call("TransformTensorBilinear", picture, [[[1, 0, 0, 0.5], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]]])
    assert [[v[0] for v in row] for row in shifted[0]] == [[10.5, 11.5, 12.5], [20.5, 21.5, 22.5]]
    beyond = call("TransformTensorBilinear", picture, [[[1, 0, 0, -0.5], [0, 1, 0, 1.5], [0, 0, 1, 0], [0, 0, 0, 1]]])
    assert [[v[0] for v in row] for row in beyond[0]] == [[0, 15.5, 16.5], [0, 0, 0]]


# --- sparse weights ---------------------------------------------------------------------------------------------------------


class Sparse:
    """What the file says of a sparse tensor: levels of (format, size, segments, indices)."""

    def __init__(self, order, blocks, *levels):
        self.traversal_order, self.block_map = order, blocks
        self.dim_metadata = [Level(*level) for level in levels]


class Level:
    def __init__(self, size, segments=None, indices=None):
        self.format, self.dense_size = int(segments is not None), size
        self.array_segments, self.array_indices = (None if v is None else Values(v) for v in (segments, indices))


class Values:
    def __init__(self, values):
        self.values = values


def test_sparse_rows():
    """[[0, a, 0], [b, 0, c]] by compressed rows."""
    assert sparse_places(Sparse((0, 1), (), (2,), (0, [0, 1, 3], [1, 0, 2])), (2, 3), "t") == [1, 3, 5]


def test_sparse_columns_first():
    assert sparse_places(Sparse((1, 0), (), (3,), (0, [0, 1, 2, 3], [1, 0, 1])), (2, 3), "t") == [3, 1, 5]


def test_sparse_blocks():
    """A 4 x 4 matrix of blocks of 2 x 2, of which two are stored."""
    about = Sparse((0, 1, 2, 3), (0, 1), (2,), (0, [0, 1, 2], [1, 0]), (2,), (2,))
    assert sparse_places(about, (4, 4), "t") == [2, 3, 6, 7, 8, 9, 12, 13]


@pytest.mark.parametrize(
    "about",
    [
        Sparse((0, 1), (), (2,), (0, [0, 1, 9], [1, 0, 2])),
        Sparse((0, 1), (), (2,), (0, [0, 3, 1], [1, 0, 2])),
        Sparse((0, 0), (), (2,), (3,)),
        Sparse((0, 1), (), (2**31 - 1,), (2**31 - 1,)),
        Sparse((0, 1), (), (2,), (0, [0, 1, 3], [1, 0, 7])),
        Sparse((0, 1), (9,), (2,), (3,), (1,)),
        Sparse((0, 1), (), (-2,), (3,)),
    ],
)
def test_sparse_tensors_that_do_not_fit(about):
    with pytest.raises(FormatError):
        sparse_places(about, (2, 3), "t")


# --- hostile files ----------------------------------------------------------------------------------------------------------


def assert_fails_soon(data):
    """Check that a file gives FormatError, within seconds."""
    begin = time.monotonic()
    with pytest.raises(FormatError):
        read_tflite(data)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x00" * 100, b"\x08\x00\x00\x00TFL3", b"\xff\xff\xff\xffTFL3" + b"\xff" * 64])
def test_no_such_file(data):
    assert_fails_soon(data)


def test_every_truncation():
    data = model("CONV_2D")
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(FormatError):
            read_tflite(data[:end])


def places(data):
    """Return where a file's vectors and scalars of its first tensor stand: (shape's length, type, buffer's data)."""
    file = File(memoryview(data), SCHEMA, "test")
    table = file.root("Model").subgraphs[0].tensors[0]
    fields = SCHEMA.tables["Tensor"]
    shape = table._places[fields["shape"].number]
    return shape + struct.unpack_from("<I", data, shape)[0]


@pytest.mark.parametrize("count", [2**31, 2**32 - 1, 10**6])
def test_vector_of_too_many_elements(count):
    data = bytearray(model("ADD"))
    struct.pack_into("<I", data, places(data), count)
    assert_fails_soon(bytes(data))


def test_shape_of_2_to_the_40_elements():
    data = bytearray(model("CONV_2D"))
    place = places(data) + 4
    struct.pack_into("<4i", data, place, 1 << 10, 1 << 10, 1 << 10, 1 << 10)
    assert_fails_soon(bytes(data))


def test_offset_that_leads_to_itself():
    data = bytearray(model("ADD"))
    for bad in (0, 2**32 - 1, len(data)):
        struct.pack_into("<I", data, 0, bad)
        assert_fails_soon(bytes(data))


@pytest.mark.parametrize("name", ["calls itself", "reads what comes later", "written twice"])
def test_cycles(name):
    assert_fails_soon(model(name))


def test_fuzz():
    """Bytes of files changed at random give a graph or FormatError, and nothing else."""
    random.seed(11)
    names = ["converted images, int8", "converted GRU, float", "HASHTABLE_FIND", "UNIDIRECTIONAL_SEQUENCE_LSTM", "DENSIFY"]
    names.append("TFLite_Detection_PostProcess, by box")
    graphs, begin = 0, time.monotonic()
    for number in range(FUZZED):
        data = bytearray(model(names[number % len(names)]))
        for _ in range(random.choice((1, 1, 2, 8, 40))):
            place = random.randrange(len(data) - 4)
            if random.random() < 0.5:
                data[place] = random.randrange(256)
            else:
                struct.pack_into("<I", data, place, random.choice((0, 1, 2**31, 2**32 - 1, len(data), random.randrange(2**32))))
        try:
            graphs += isinstance(read_tflite(bytes(data)), Graph)
        except TensorWebError as error:
            assert isinstance(error, FormatError), error
    print(f"{FUZZED} files fuzzed in {time.monotonic() - begin:.1f} s, {graphs} of them still models")
    assert time.monotonic() - begin < 60
