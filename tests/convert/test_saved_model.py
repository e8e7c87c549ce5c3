"""SavedModels and frozen graphs as TensorFlow writes them, read without it: they compute what TensorFlow does."""

import subprocess
import sys
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.convert.protobuf import decode, encode
from tensorweb.convert.tensorflow import read_frozen_graph, read_saved_model, signature_names, sorted_table
from tensorweb.convert.tensorflow.bundle import Bundle
from tensorweb.convert.tensorflow.schema import SCHEMA
from tensorweb.errors import ArgumentError, FormatError
from tensorweb.graph.model import GraphModel
from tests.convert.saved_models import NAMES, differences, tensor_of, unpack


def read(folder, signature):
    return read_frozen_graph(folder / "frozen.pb") if signature == "frozen" else read_saved_model(folder, signature)


def results_of(graph, case):
    found = GraphModel(graph).execute({k: tensor_of(v) for k, v in case["inputs"].items()}, [str(a.ref) for a in graph.outputs])
    return dict(zip([a.name for a in graph.outputs], found, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_models_compute_what_tensorflow_does(name, tmp_path, fast_backend):
    folder, cases = unpack(name, tmp_path)
    for case in cases:
        graph = read(folder, case["signature"])
        assert {a.name for a in graph.inputs} == set(case["inputs"])
        assert {a.name for a in graph.outputs} == set(case["outputs"])
        for output, difference in differences(results_of(graph, case), case):
            assert difference < 1e-5, (name, output, difference)


# --- signatures and tags ---


def test_signatures_are_found_by_name(tmp_path):
    folder, _ = unpack("signatures", tmp_path)
    assert signature_names(folder) == ["pick", "serving_default"]
    assert [a.name for a in read_saved_model(folder, "pick").inputs] == ["place", "scale"]
    assert read_saved_model(folder / "saved_model.pb").structured_keys == ["numbers", "sum"]
    with pytest.raises(ArgumentError, match="'pick', 'serving_default'"):
        read_saved_model(folder, "other")
    with pytest.raises(ArgumentError, match="'serve'"):
        read_saved_model(folder, tags=["train"])
    with pytest.raises(ArgumentError, match=r"saved_model\.pb"):
        read_saved_model(tmp_path)


def test_without_signatures_the_functions_of_the_root_are_read(tmp_path):
    folder, _ = unpack("no_signature", tmp_path)
    assert signature_names(folder) == ["__call__", "loop", "step"]
    assert len(read_saved_model(folder).outputs) == 2
    assert [a.shape for a in read_saved_model(folder, "loop").inputs] == [(None, 3), ()]
    with pytest.raises(ArgumentError, match="'loop', 'step'"):
        read_saved_model(folder, "w")


def test_of_several_graphs_that_for_serving_is_read(tmp_path):
    folder, _ = unpack("v1_variables", tmp_path)
    model = decode(SCHEMA, "SavedModel", (folder / "saved_model.pb").read_bytes())
    train = decode(SCHEMA, "MetaGraphDef", encode(SCHEMA, "MetaGraphDef", model.meta_graphs[0]))
    train.meta_info_def.tags, train.signature_def = ["train"], {"only": train.signature_def["serving_default"]}
    model.meta_graphs.insert(0, train)
    (folder / "saved_model.pb").write_bytes(encode(SCHEMA, "SavedModel", model))
    assert signature_names(folder) == ["serving_default"]
    assert signature_names(folder, ["train"]) == ["only"]
    assert [a.name for a in read_saved_model(folder, tags=["train"]).inputs] == ["x", "words"]
    model.meta_graphs[1].meta_info_def.tags = []  # as modules of TF-Hub for TensorFlow 1 have it
    model.meta_graphs[1].signature_def = dict.fromkeys(("default", "other"), model.meta_graphs[1].signature_def["serving_default"])
    (folder / "saved_model.pb").write_bytes(encode(SCHEMA, "SavedModel", model))
    assert [a.name for a in read_saved_model(folder).inputs] == ["x", "words"]


def test_inputs_and_outputs_of_a_frozen_graph_can_be_told(tmp_path):
    folder, cases = unpack("frozen", tmp_path)
    graph = read_frozen_graph(folder / "frozen.pb", outputs=["Identity_1"])
    assert [a.name for a in graph.inputs] == ["x", "n"]
    found = GraphModel(graph).execute({k: tensor_of(v) for k, v in cases[0]["inputs"].items()})
    assert max(abs(a - b) for a, b in zip(tw.reshape(found, -1).tolist(), cases[0]["outputs"]["Identity_1"]["v"], strict=True)) < 1e-5
    inner = next(node.inputs[0] for node in graph.nodes.values() if node.name == "Identity_1")
    graph = read_frozen_graph(folder / "frozen.pb", inputs=[str(inner)], outputs=["Identity_1"])
    assert len(graph.nodes) == 2
    assert GraphModel(graph).predict([1.0, 2.0]).tolist() == [1.0, 2.0]
    with pytest.raises(ArgumentError, match="names of nodes"):
        read_frozen_graph(folder / "frozen.pb", outputs=["missing"])


# --- checkpoints ---


def test_slices_of_a_partitioned_variable(tmp_path):
    folder, _ = unpack("v1_variables", tmp_path)
    bundle = Bundle(folder / "variables" / "variables")
    whole = bundle.tensor("slices")
    assert whole.shape == (4, 5)
    for spec, part in {"4 5 0,2:-": whole[0:2], "4 5 1,3:2,2": whole[1:4, 2:4], "4 5 -:-": whole, "4 5 3,1:0,5": whole[3:4]}.items():
        assert bundle.tensor("slices", spec).tolist() == part.tolist()
    assert bundle.tensor("old", "6 4 2,3:1,2").tolist() == bundle.tensor("old")[2:5, 1:3].tolist()
    for spec in ("4 5 0,2", "4 5 0,9:-", "5 4 -:-", "x", "4 5 -:-:-", " "):
        with pytest.raises(FormatError):
            bundle.tensor("slices", spec)
    with pytest.raises(FormatError, match="a tensor 'missing'"):
        bundle.tensor("missing")


def damage(file, change):
    data = bytearray(file.read_bytes())
    change(data)
    file.write_bytes(data)


def flip(place):
    def change(data):
        data[place] ^= 1

    return change


def cut(data):
    del data[1000:]


@pytest.mark.parametrize("file, change, told", [
    ("index", flip(3), "checksum"), ("index", cut, "the end of a table"), ("index", flip(-1), "the end of a table"),
    ("data-00000-of-00001", flip(1300), "checksum"), ("data-00000-of-00001", cut, "cut short"),
])  # fmt: skip
def test_damaged_checkpoints_are_refused(file, change, told, tmp_path):
    folder, _ = unpack("keras_cnn", tmp_path)
    damage(folder / "variables" / f"variables.{file}", change)
    with pytest.raises(FormatError, match=told):
        read_saved_model(folder)


def test_compressed_blocks_are_told(tmp_path):
    folder, _ = unpack("keras_cnn", tmp_path)
    index = folder / "variables" / "variables.index"
    _, about = next(sorted_table._entries(index_block(index.read_bytes()), "index"))
    size = sorted_table._handle(sorted_table.Reader(memoryview(about), "index"))[1]
    data = bytearray(index.read_bytes())
    data[size] = 1
    index.write_bytes(data)
    with pytest.raises(FormatError, match="compressed"):
        read_saved_model(folder)


def index_block(data):
    footer = sorted_table.Reader(memoryview(data)[-48:-8], "index")
    sorted_table._handle(footer)
    return sorted_table._block(memoryview(data), *sorted_table._handle(footer), "index")


def test_missing_files_are_told(tmp_path):
    folder, _ = unpack("keras_cnn", tmp_path)
    (folder / "variables" / "variables.data-00000-of-00001").unlink()
    with pytest.raises(FormatError, match=r"variables\.data-00000-of-00001"):
        read_saved_model(folder)
    (folder / "variables" / "variables.index").unlink()
    with pytest.raises(FormatError, match="variable"):
        read_saved_model(folder)


SCRIPT = """
import sys, tempfile
from pathlib import Path
sys.modules["numpy"] = None
from tests.convert.test_saved_model import differences, read, results_of, unpack
for name in ("v1_variables", "constants", "tables"):
    folder, cases = unpack(name, Path(tempfile.mkdtemp()))
    for case in cases:
        assert max(d for _, d in differences(results_of(read(folder, case["signature"]), case), case)) < 1e-5, name
print("done")
"""


def test_models_are_read_without_numpy():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "done", done.stderr
