"""Writes tests/data/onnx_models.json.gz: small whole models, inputs, and what ONNX Runtime gives. Needs onnx, onnxruntime, torch, skl2onnx.

    python -m tests.convert.onnx.generate_models [FOLDER]

PyTorch's exports and those of scikit-learn need packages that may be in different environments: with a FOLDER the part that can be made is
written there, and what is there already is taken in.
"""

import base64
import gzip
import io
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from tests.convert.onnx.generate_onnx import stored

TARGET = Path(__file__).parents[2] / "data" / "onnx_models.json.gz"
F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def info(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def graph_model(nodes, inputs, outputs, initializers=(), opset=17, functions=(), more=()):
    """Return a model's bytes."""
    graph = helper.make_graph(nodes, "g", inputs, outputs, [numpy_helper.from_array(np.array(v), k) for k, v in dict(initializers).items()])
    opsets = [helper.make_opsetid("", opset), *more]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions)).SerializeToString()


def branches():
    """Return a model of an If within another."""
    node = helper.make_node
    then = helper.make_graph([node("Mul", ["x", "two"], ["a"]), node("Add", ["a", "k"], ["r"])], "then", [], [info("r", F, [2, 3])],
                             [numpy_helper.from_array(np.float32(5), "k")])  # fmt: skip
    inner = helper.make_graph([node("Neg", ["x"], ["n1"])], "i", [], [info("n1", F, None)])
    other = helper.make_graph([node("Sub", ["x", "y"], ["n2"])], "j", [], [info("n2", F, None)])
    nested = helper.make_graph([node("If", ["second"], ["q"], then_branch=inner, else_branch=other)], "else", [], [info("q", F, None)])
    return graph_model(
        [node("Add", ["x", "x"], ["y"]), node("If", ["c"], ["z"], then_branch=then, else_branch=nested)],
        [info("x", F, ["a", 3]), info("c", B, []), info("second", B, [])], [info("z", F, None)], {"two": np.float32(2)},
    )  # fmt: skip


def loops():
    """Return a model of a Loop that ends early, and one whose value grows."""
    node = helper.make_node
    body = helper.make_graph(
        [node("Add", ["v", "x"], ["v2"]), node("ReduceSum", ["v2"], ["s"], keepdims=0), node("Less", ["s", "limit"], ["again"]),
         node("Identity", ["v2"], ["step"])],
        "body", [info("i", I, []), info("go", B, []), info("v", F, [2, 3])],
        [info("again", B, []), info("v2", F, [2, 3]), info("step", F, [2, 3])],
    )  # fmt: skip
    loop = graph_model([node("Loop", ["m", "", "x"], ["last", "steps"], body=body)], [info("m", I, []), info("x", F, [2, 3])],
                       [info("last", F, None), info("steps", F, None)], {"limit": np.float32(80)})  # fmt: skip
    grows = helper.make_graph(
        [node("Concat", ["v", "x"], ["v2"], axis=0), node("Cast", ["i"], ["f"], to=F), node("Identity", ["go"], ["again"])],
        "body", [info("i", I, []), info("go", B, []), info("v", F, None)], [info("again", B, []), info("v2", F, None), info("f", F, [])],
    )  # fmt: skip
    growing = graph_model([node("Loop", ["m", "yes", "x"], ["last", "numbers"], body=grows)], [info("m", I, []), info("x", F, ["n", 3])],
                          [info("last", F, None), info("numbers", F, None)], {"yes": np.array(True)})  # fmt: skip
    return loop, growing


def scans_and_others():
    """Return models of a Scan, of functions, of sequences."""
    node = helper.make_node
    step = helper.make_graph([node("Add", ["s", "e"], ["t"]), node("Mul", ["t", "two"], ["o"])], "body",
                             [info("s", F, [2]), info("e", F, [2])], [info("t", F, [2]), info("o", F, [2])])  # fmt: skip
    scans = graph_model(
        [node("Scan", ["s0", "x"], ["s1", "o"], body=step, num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[1],
              scan_input_directions=[1])],
        [info("s0", F, [2]), info("x", F, [2, "n"])], [info("s1", F, None), info("o", F, None)], {"two": np.float32(2)},
    )  # fmt: skip
    function = helper.make_function("own", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["t"]), node("LeakyRelu", ["t"], ["b"])],
                                    [helper.make_opsetid("", 17)])  # fmt: skip
    called = graph_model([node("Twice", ["x"], ["y"], domain="own"), node("Twice", ["y"], ["z"], domain="own")], [info("x", F, [3])],
                         [info("z", F, None)], functions=[function], more=[helper.make_opsetid("own", 1)])  # fmt: skip
    listed = graph_model(
        [node("SplitToSequence", ["x", "two"], ["s"], axis=1), node("SequenceAt", ["s", "one"], ["a"]),
         node("SequenceConstruct", ["x", "x"], ["t"]), node("SequenceInsert", ["t", "x"], ["u"]),
         node("SequenceErase", ["u", "one"], ["v"]), node("SequenceLength", ["v"], ["n"]),
         node("ConcatFromSequence", ["v"], ["w"], axis=0), node("ConcatFromSequence", ["u"], ["p"], axis=1, new_axis=1),
         node("SequenceEmpty", [], ["e"]), node("SequenceInsert", ["e", "a"], ["f"]), node("ConcatFromSequence", ["f"], ["q"], axis=0)],
        [info("x", F, [2, 3])], [info("n", I, []), *(info(k, F, None) for k in "awpq")], {"two": np.int64(2), "one": np.int64(1)},
    )  # fmt: skip
    return scans, called, listed


def control_flow():
    """Return models with If, Loop, Scan, sequences and functions: name -> (model, list of inputs)."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    loop, growing = loops()
    scans, called, listed = scans_and_others()
    flags = [np.array(v) for v in (True, False)]
    return {
        "if": (branches(), [[x, a, b] for a in flags for b in flags]),
        "loop": (loop, [[np.array(n, np.int64), x] for n in (0, 3, 100)]),
        "growing": (growing, [[np.array(3, np.int64), x]]),
        "scan": (scans, [[np.zeros(2, np.float32), x]]),
        "sequences": (listed, [[x]]),
        "function": (called, [[np.array([-1, 0, 2], np.float32)]]),
    }


def torch_classes():
    """Return a small CNN and an LSTM."""
    import torch
    from torch import nn

    class Cnn(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
            self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.BatchNorm2d(8), nn.Hardswish(), nn.Conv2d(8, 8, 1))
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Sigmoid())
            self.up = nn.ConvTranspose2d(8, 4, 2, 2)
            self.head = nn.Linear(12, 5)

        def forward(self, x):
            a = self.first(x)
            a = a + self.deep(a)
            a = a * self.gate(a)
            b = nn.functional.interpolate(self.up(nn.functional.max_pool2d(a, 2)), scale_factor=1.0, mode="nearest")
            c = torch.cat([a, b], 1)
            return torch.softmax(self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(c, 1), 1)), -1)

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.lstm, self.gru = nn.Embedding(20, 6), nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True), nn.GRU(10, 4)

        def forward(self, tokens):
            out, _ = self.lstm(self.words(tokens))
            return self.gru(out.transpose(0, 1))[0][-1]

    return Cnn, Lstm


def from_torch():
    """Return PyTorch's exports: a small CNN, a block of a transformer, an LSTM."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)  # it cannot be exported

    Cnn, Lstm = torch_classes()
    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0, activation="gelu")
    rng = np.random.default_rng(0)
    image, tokens, words = (
        rng.standard_normal((2, 3, 16, 16)).astype(np.float32), rng.integers(0, 20, (2, 7)),
        rng.standard_normal((2, 5, 8)).astype(np.float32),
    )  # fmt: skip
    found = {}
    for name, model, x in (("cnn", Cnn(), image), ("lstm", Lstm(), tokens), ("transformer", block, words)):
        for dynamo in (False, True):
            if dynamo and name == "lstm":
                continue
            file = io.BytesIO()
            model.eval()
            try:
                options = {} if dynamo else {"dynamic_axes": {"x": {0: "batch"}}}
                torch.onnx.export(model, (torch.tensor(x),), file, input_names=["x"], dynamo=dynamo, **options)
            except Exception as error:
                print(f"torch {name} dynamo={dynamo}: {error}"[:200])
                continue
            found[f"torch-{name}" + ("-dynamo" if dynamo else "")] = file.getvalue(), [[x]]
    return found


def from_sklearn():
    """Return scikit-learn's exports."""
    from skl2onnx import to_onnx
    from sklearn.datasets import load_iris
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()), "binary": (LogisticRegression(), y > 0),
        "linear": (LinearRegression(), x[:, 0]), "tree": DecisionTreeClassifier(max_depth=4),
        "forest": RandomForestClassifier(4, max_depth=4, random_state=0), "normalizer": make_pipeline(Normalizer(), LogisticRegression()),
        "regressor": (RandomForestRegressor(3, max_depth=3, random_state=0), x[:, 0]),
        "boosting": (GradientBoostingClassifier(n_estimators=3, random_state=0), y > 0),
        "names": (LogisticRegression(), np.array(["a", "b", "c"])[y]), "mlp": MLPClassifier((6,), max_iter=50, random_state=0),
    }  # fmt: skip
    found = {}
    for name, model in models.items():
        model, target = model if isinstance(model, tuple) else (model, y)
        model.fit(x, target.astype(int) if target.dtype == bool else target)
        for plain in (True, False) if name == "tree" else (True,):
            options = {"zipmap": False} if plain and hasattr(model, "classes_") else None
            data = to_onnx(model, x[:1], options=options).SerializeToString()
            found[f"sklearn-{name}" + ("" if plain else "-zipmap")] = data, [[x[::10]]]
    return found


def made(folder):
    """Return all models; those that cannot be made here are taken from the folder."""
    found = control_flow()
    for make in (from_torch, from_sklearn):
        try:
            found.update(make())
        except ImportError as error:
            print(f"{make.__name__}: {error}")
    if folder:
        for name, (data, inputs) in found.items():
            arrays = {f"x{i}_{j}": x for i, row in enumerate(inputs) for j, x in enumerate(row)}
            np.savez(Path(folder) / f"{name}.npz", model=np.frombuffer(data, np.uint8), **arrays)
        for path in sorted(Path(folder).glob("*.npz")):
            if path.stem not in found:
                with np.load(path) as file:
                    rows = {}
                    for key in sorted(k for k in file.files if k != "model"):
                        rows.setdefault(key.split("_")[0], []).append(file[key])
                    found[path.stem] = file["model"].tobytes(), list(rows.values())
    return found


def smaller(data):
    """Return a model without its documentation."""
    model = onnx.load_from_string(data)
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.metadata_props[:]
    return model.SerializeToString()


def run(folder=None):
    """Run all models and write the file."""
    cases = []
    for name, (data, rows) in made(folder).items():
        data = smaller(data)
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        for inputs in rows:
            outputs = session.run(None, {a.name: x for a, x in zip(session.get_inputs(), inputs)})
            tables = [np.array([[row[k] for k in sorted(row)] for row in y], np.float32) if isinstance(y, list) else y for y in outputs]
            cases.append({"name": name, "model": base64.b64encode(data).decode(), "tolerance": 1e-5, "inputs": list(map(stored, inputs)),
                          "outputs": list(map(stored, tables))})  # fmt: skip
    TARGET.write_bytes(gzip.compress(json.dumps({"onnxruntime": onnxruntime.__version__, "cases": cases}).encode(), 9, mtime=0))
    print(f"{len(cases)} cases of {len({c['name'] for c in cases})} models, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    run(*sys.argv[1:])
