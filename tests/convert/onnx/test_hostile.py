"""Files that are no ONNX models, or damaged or hostile ones: FormatError, soon, and nothing outside the model's folder is opened."""

import base64
import contextlib
import random
import time

import pytest

from tensorweb.convert.onnx import read_onnx
from tensorweb.convert.onnx.schema import SCHEMA
from tensorweb.convert.protobuf import encode
from tensorweb.errors import FormatError, TensorWebError

from .replay import run, stored

SEEDS = 3000


def info(name, shape=(2, 3), kind=1):
    dims = [{"dim_value": d} if isinstance(d, int) else {"dim_param": d} for d in shape]
    return {"name": name, "type": {"tensor_type": {"elem_type": kind, "shape": {"dim": dims}}}}


def attribute(name, kind, **value):
    return {"name": name, "type": kind, **value}


def node(op, inputs, outputs, *attributes, domain=""):
    return {"op_type": op, "input": inputs, "output": outputs, "name": f"n_{outputs[0]}", "attribute": list(attributes), "domain": domain}


def model(nodes, tensors=(), inputs=("x",), outputs=("y",), opset=17, shape=(2, 3), **more):
    ends = {"input": [info(n, shape) for n in inputs], "output": [info(n, shape) for n in outputs]}
    graph = {"node": list(nodes), "initializer": list(tensors), **ends}
    opsets = [{"version": opset}] if opset else []
    return encode(SCHEMA, "ModelProto", {"ir_version": 8, "graph": graph, "opset_import": opsets, **more})


def tensor(name="w", dims=(2, 3), kind=1, **values):
    return {"name": name, "dims": list(dims), "data_type": kind, **values}


ADD = [node("Add", ["x", "w"], ["y"])]
HOSTILE = {
    "empty": b"", "text": b"this is no model" * 20, "zeros": bytes(1000), "overlong varint": b"\x08" + b"\xff" * 20,
    "no graph": encode(SCHEMA, "ModelProto", {"ir_version": 8}),
    "no outputs": model([], outputs=()),
    "old opset": model([node("Relu", ["x"], ["y"])], opset=5),
    "reads nothing": model([node("Relu", ["nowhere"], ["y"])]),
    "a cycle": model([node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]),
    "reads itself": model([node("Relu", ["y"], ["y"])]),
    "output of none": model([node("Relu", ["x"], ["z"])]),
    "too few bytes": model(ADD, [tensor(raw_data=bytes(20))]),
    "too many numbers": model(ADD, [tensor(float_data=[1.0] * 7)]),
    "wrong kind of numbers": model(ADD, [tensor(int32_data=[1] * 6)]),
    "2^40 elements": model(ADD, [tensor(dims=(2**20, 2**20), raw_data=b"")]),
    "many dimensions": model(ADD, [tensor(dims=(1,) * 99, raw_data=bytes(4))]),
    "negative size": model(ADD, [tensor(dims=(-2, 3), raw_data=bytes(4))]),
    "dtype": model(ADD, [tensor(kind=99, raw_data=bytes(24))]),
    "attribute of another type": model([node("Concat", ["x", "x"], ["y"], attribute("axis", 3, s=b"one"))]),
    "perm": model([node("Transpose", ["x"], ["y"], attribute("perm", 7, ints=[0, 7]))]),
    "strides": model([node("MaxPool", ["x"], ["y"], attribute("kernel_shape", 7, ints=[0]), attribute("strides", 7, ints=[0]))]),
    "no inputs": model([node("Conv", [], ["y"])]),
    "many inputs": model([node("Relu", ["x"] * 9, ["y"])]),
    "groups": model([node("Conv", ["x", "w"], ["y"], attribute("group", 2, i=-1))], [tensor(dims=(1, 1, 1, 1), raw_data=bytes(4))]),
    "body": model([node("Loop", ["", "", "x"], ["y"], attribute("body", 5, g={"node": [node("Relu", ["x"], ["q"])]}))]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name):
    start = time.monotonic()
    with pytest.raises(FormatError):
        read_onnx(HOSTILE[name])
    assert time.monotonic() - start < 2


def test_all_that_is_missing_is_told_at_once():
    nodes = [node("Relu", ["x"], ["a"]), node("Det", ["a"], ["b"]), node("Own", ["b"], ["c"], domain="my"), node("Whatever", ["c"], ["y"])]
    inner = node("If", ["x"], ["d"], attribute("then_branch", 5, g={"node": [node("Inside", [], ["r"])], "output": [info("r")]}))
    with pytest.raises(FormatError) as error:
        read_onnx(model([*nodes, inner]))
    for part in ("Det (node 'n_b'", "my.Own", "Whatever", "Inside (node 'n_r' in then_branch of 'n_d'"):
        assert part in str(error.value)


def test_nested_graphs():
    graph = {"node": [node("Relu", ["x"], ["r"])], "output": [info("r")]}
    small = graph
    for _ in range(60):
        branches = attribute("then_branch", 5, g=graph), attribute("else_branch", 5, g=small)
        graph = {"node": [node("If", ["c"], ["r"], *branches)], "output": [info("r")]}
    with pytest.raises(FormatError):
        read_onnx(model([*graph["node"], node("Relu", ["r"], ["y"])], inputs=("x", "c")))


def test_functions_that_call_themselves_and_that_grow():
    own = [{"version": 17}, {"domain": "f", "version": 1}]
    calls = [node("F", ["a"], ["b"], domain="f"), node("F", ["b"], ["c"], domain="f")]
    function = {"name": "F", "domain": "f", "input": ["a"], "output": ["c"], "node": calls, "opset_import": own}
    with pytest.raises(FormatError):
        read_onnx(model([node("F", ["x"], ["y"], domain="f")], functions=[function]))
    chain = []
    for i in range(30):
        body = [node(f"F{i + 1}", ["a"], ["b"], domain="f"), node(f"F{i + 1}", ["b"], ["c"], domain="f")]
        body = body if i < 29 else [node("Relu", ["a"], ["c"])]
        chain.append({"name": f"F{i}", "domain": "f", "input": ["a"], "output": ["c"], "node": body, "opset_import": own})
    start = time.monotonic()
    with pytest.raises(FormatError):
        read_onnx(model([node("F0", ["x"], ["y"], domain="f")], functions=chain))
    assert time.monotonic() - start < 30


def external(location, **more):
    entries = [{"key": "location", "value": location}, *({"key": k, "value": v} for k, v in more.items())]
    return model(ADD, [tensor(external_data=entries, data_location=1)])


def test_external_data(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(24))
    (folder / "data.bin").write_bytes(bytes(8) + b"\x00\x00\x80\x3f" * 6)
    (folder / "link").symlink_to(tmp_path / "secret")
    path = folder / "m.onnx"
    path.write_bytes(external("data.bin", offset="8", length="24"))
    (weight,) = read_onnx(path).weights.values()
    assert weight.tolist() == [[1.0] * 3] * 2
    for location in ("../secret", str(tmp_path / "secret"), "link", "", ".", "missing", "a\x00b"):
        path.write_bytes(external(location))
        with pytest.raises(FormatError):
            read_onnx(path)
    for more in ({"offset": "-8"}, {"offset": "9"}, {"length": str(2**40)}, {"offset": "x"}, {"length": "-1"}):
        path.write_bytes(external("data.bin", **more))
        with pytest.raises(FormatError):
            read_onnx(path)
    with pytest.raises(FormatError):
        read_onnx(external("data.bin"))


def test_fuzz(capsys):
    models = [base64.b64decode(case["model"]) for name in ("onnx_ops.json.gz", "onnx_models.json.gz") for case in stored(name)["cases"]]
    models = [m for m in models if len(m) < 4000]
    read = 0
    start = time.monotonic()
    for seed in range(SEEDS):
        chance = random.Random(seed)
        data = bytearray(chance.choice(models))
        if chance.random() < 0.3:
            del data[chance.randrange(1, len(data)) :]
        for _ in range(chance.choice((0, 1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_onnx(bytes(data))
            read += 1
        except FormatError:
            pass
    with capsys.disabled():
        print(f"\nONNX: {SEEDS} damaged models, {read} could be read, {time.monotonic() - start:.1f} s")


def test_a_damaged_model_that_runs_raises_only_our_errors(backend):
    cases = [c for c in stored("onnx_ops.json.gz")["cases"] if len(c["model"]) < 3000]
    for seed in range(100):
        chance = random.Random(seed)
        entry = chance.choice(cases)
        data = bytearray(base64.b64decode(entry["model"]))
        data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(TensorWebError):
            run(bytes(data), entry["inputs"])
