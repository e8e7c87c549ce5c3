"""Writes tests/data/saved_models/: small SavedModels and frozen graphs as TensorFlow writes them, zipped, with what TensorFlow computes.

Run: python tests/convert/generate_saved_models.py [name ...]. Needs TensorFlow 2 with Keras 3.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
import keras
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
TARGET = Path(__file__).parents[1] / "data" / "saved_models"
MODELS = {}


def model(function):
    """Register what writes a model into a folder and returns {signature: inputs by name, or these and the outputs}."""
    MODELS[function.__name__] = function
    return function


def values(*shape, dtype="float32"):
    return np.sin(np.arange(np.prod(shape)) + 1).reshape(shape).astype(dtype)


def randomized(net):
    net.set_weights([np.abs(np.cos(np.arange(w.size) + i)).reshape(w.shape) * 0.5 for i, w in enumerate(net.get_weights())])
    return net


@model
def keras_cnn(folder):
    L = keras.layers
    net = keras.Sequential([
        keras.Input((8, 8, 2)), L.Conv2D(3, 3, activation="relu"), L.BatchNormalization(), L.DepthwiseConv2D(2, padding="same"),
        L.LeakyReLU(), L.MaxPooling2D(), L.Dropout(0.5), L.Flatten(), L.Dense(4, activation="softmax"),
    ])  # fmt: skip
    randomized(net).export(folder, verbose=False)
    return {None: {"keras_tensor": values(2, 8, 8, 2)}}


@model
def keras_recurrent(folder):
    L = keras.layers
    x, other = keras.Input((5, 3), name="steps"), keras.Input((4,), name="extra")
    joined = L.Concatenate()([L.Bidirectional(L.LSTM(3))(x), L.GRU(2)(x), L.SimpleRNN(2, unroll=True)(x), other])
    outputs = {"probability": L.Dense(1, activation="sigmoid")(joined), "features": joined}
    randomized(keras.Model([x, other], outputs)).export(folder, verbose=False)
    return {None: {"steps": values(2, 5, 3), "extra": values(2, 4)}}


class Signatures(tf.Module):
    """Variables of several dtypes, one of them shared, and two signatures."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(values(3, 2), name="w")
        self.half = tf.Variable(values(2, dtype="float16"), name="half")
        self.numbers = tf.Variable(np.array([3, -7, 2**31 - 1]), name="numbers")
        self.words = tf.Variable(["a", "hä", ""], name="words")
        self.calls = tf.Variable(0, name="calls")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def serving(self, x):
        self.calls.assign_add(1)  # nobody reads it
        return {"sum": x @ self.w + tf.cast(self.half, tf.float32), "numbers": self.numbers}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32, "place"), tf.TensorSpec([2], tf.float32, "scale")])
    def pick(self, place, scale):
        return {"row": self.w[place] * scale, "word": self.words[place], "gathered": tf.gather(self.w, [place, 0])}


@model
def signatures(folder):
    module = Signatures()
    tf.saved_model.save(module, folder, {"serving_default": module.serving, "pick": module.pick})
    return {"serving_default": {"x": values(2, 3)}, "pick": {"place": np.int32(1), "scale": values(2)}}


class Tables(tf.Module):
    def __init__(self):
        super().__init__()
        path, pairs = "words.txt", "pairs.csv"
        Path(path).write_text("cat\ndog\r\nhorse\n")
        Path(pairs).write_text("one;1.5\ntwo;2.5\n")
        whole, line = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        file = tf.lookup.TextFileInitializer
        self.by_line = tf.lookup.StaticHashTable(file(path, tf.string, whole, tf.int64, line), -1)
        self.by_column = tf.lookup.StaticHashTable(file(pairs, tf.string, 0, tf.float32, 1, delimiter=";"), 0.0)
        self.constant = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([5, 7], ["five", "seven"], tf.int64), "none")
        self.changed = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -5)
        self.changed.insert(tf.constant(["dog", "cow"]), tf.constant([10, 20], tf.int64))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "words"), tf.TensorSpec([None], tf.int64, "numbers")])
    def look_up(self, words, numbers):
        return {
            "lines": self.by_line.lookup(words), "columns": self.by_column.lookup(words), "texts": self.constant.lookup(numbers),
            "changed": self.changed.lookup(words), "size": self.by_line.size(),
        }  # fmt: skip


@model
def tables(folder):
    with tempfile.TemporaryDirectory() as other, contextlib.chdir(other):  # files without folders: their paths are stored
        module = Tables()
        tf.saved_model.save(module, folder, module.look_up)
    return {None: {"words": np.array(["dog", "two", "fly", "cow", "horse"], object), "numbers": np.array([7, 6, 5])}}


@model
def keras_text(folder):
    L = keras.layers
    lookup = L.StringLookup(vocabulary=["red", "green", "blue"])
    numbers = L.IntegerLookup(vocabulary=[10, 20, 30], output_mode="one_hot")
    a, b = keras.Input((2,), dtype="string", name="a"), keras.Input((1,), dtype="int64", name="b")
    embedded = L.Flatten()(L.Embedding(4, 3)(lookup(a)))
    randomized(keras.Model([a, b], L.Concatenate()([embedded, numbers(b)]))).export(folder, verbose=False)
    return {None: {"a": np.array([["blue", "red"], ["pink", "green"]], object), "b": np.array([[20], [11]])}}


def write_v1(folder, session, inputs, outputs, name="serving_default", **options):
    builder = v1.saved_model.Builder(folder)
    signature = v1.saved_model.predict_signature_def(inputs, outputs)
    builder.add_meta_graph_and_variables(session, ["serve"], {name: signature}, **options)
    builder.save()


@model
def v1_variables(folder):
    """Reference variables, one of them in slices, resources, a table with an asset, branches and loops of TensorFlow 1."""
    with tf.Graph().as_default(), v1.Session() as session, tempfile.TemporaryDirectory() as other, contextlib.chdir(other):
        v1.disable_control_flow_v2()
        x = v1.placeholder(tf.float32, [None, 6], "x")
        words = v1.placeholder(tf.string, [None], "words")
        old = v1.get_variable("old", initializer=values(6, 4), use_resource=False)
        initial = [values(2, 5), values(1, 5), -values(1, 5)]
        slices = v1.get_variable("slices", [4, 5], partitioner=v1.fixed_size_partitioner(3), use_resource=True)
        path = "vocabulary.txt"
        Path(path).write_text("up\ndown\n")
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, tf.constant(path))
        table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
            v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)[0], tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER), 1)  # fmt: skip
        hidden = tf.nn.relu(x @ old)
        y = tf.matmul(hidden, tf.concat(list(slices), 0), name="y")
        chosen = v1.cond(tf.reduce_sum(x) > 0, lambda: y * 2, lambda: y - 1)
        looped = v1.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 0.5 + 1), [0, chosen])[1]
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        session.run([part.assign(value) for part, value in zip(slices, initial, strict=True)])
        outputs = {"looped": looped, "ids": table.lookup(words)}
        assets = v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
        write_v1(folder, session, {"x": x, "words": words}, outputs, main_op=v1.tables_initializer(), assets_collection=assets)
        v1.enable_control_flow_v2()
    return {None: {"x": values(2, 6), "words": np.array(["down", "up"], object)}}


@model
def hub_module(folder):
    """TF-Hub's first format, as its library up to 0.12 wrote it: no saver, no tags, assets in a collection, a file beside it."""
    from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

    os.makedirs(os.path.join(folder, "assets"))
    Path(folder, "assets", "words.txt").write_text("a\nb\nc\n")
    Path(folder, "tfhub_module.pb").write_bytes(b"\x08\x03")
    with tf.Graph().as_default(), v1.Session() as session:
        words, x = v1.placeholder(tf.string, [None], "words"), v1.placeholder(tf.float32, [None, 3], "x")
        table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
            os.path.join(folder, "assets", "words.txt"), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER), 1)  # fmt: skip
        vectors = v1.get_variable("vectors", initializer=values(4, 3), use_resource=False)
        w = v1.get_variable("w", initializer=values(3, 2), use_resource=True)
        gathered = tf.gather(vectors, table.lookup(words))
        signatures = {"default": ({"words": words}, {"default": gathered}), "double": ({"x": x}, {"y": x @ w})}
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, os.path.join(folder, "variables", "variables"), write_meta_graph=False, write_state=False)
        saved = saved_model_pb2.SavedModel(saved_model_schema_version=1)
        meta = saved.meta_graphs.add()
        meta.graph_def.CopyFrom(session.graph.as_graph_def())
        for name, (inputs, outputs) in signatures.items():
            meta.signature_def[name].CopyFrom(v1.saved_model.predict_signature_def(inputs, outputs))
        path = next(n for n in meta.graph_def.node if n.op == "Const" and n.attr["value"].tensor.string_val[:1] not in ([], [b""]))
        path.attr["value"].tensor.string_val[0] = b"SAVEDMODEL-ASSET"
        asset = meta_graph_pb2.AssetFileDef(filename="words.txt")
        asset.tensor_info.name = f"{path.name}:0"
        meta.collection_def["saved_model_assets"].any_list.value.add().Pack(asset)
        Path(folder, "saved_model.pb").write_bytes(saved.SerializeToString())
        told = {}
        for name, fed in (("default", {"words": np.array(["c", "zz", "a"], object)}), ("double", {"x": values(2, 3)})):
            session.run(v1.tables_initializer())
            told[name] = fed, session.run(signatures[name][1], {signatures[name][0][k]: v for k, v in fed.items()})
    return told


class Constants(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
    def __call__(self, x):
        """Has constants of all dtypes, and slices to the end written with the largest integer."""
        kinds = ["float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "int64"]
        sums = [tf.cast(tf.constant([[1, 2, 3, 4]], kind), tf.float32) for kind in kinds]
        more = tf.cast(tf.constant([[1.5, -2, 3, 1e30]], tf.bfloat16), tf.float32) + tf.fill([1, 4], 0.25) + tf.constant(7.0, shape=(1, 4))
        rest = tf.strided_slice(x, tf.constant([0, 1], tf.int64), tf.constant([2**62, 2**63 - 1]), tf.constant([1, 1], tf.int64))
        return {
            "sum": x + tf.add_n(sums), "more": more, "rest": rest, "texts": tf.constant([["a", "hä"], ["", "d\nd"]]),
            "truth": tf.constant([True, False]), "empty": tf.constant(np.zeros((0, 3)), tf.float32), "same": tf.constant("x", shape=(3,)),
            "complex": tf.math.real(tf.constant([1 + 2j, 3 - 4j], tf.complex64)),
        }  # fmt: skip


@model
def constants(folder):
    module = Constants()
    tf.saved_model.save(module, folder, {"serving_default": module.__call__})
    return {None: {"x": values(3, 4)}}


class Control(tf.Module):
    """Loops and branches that read variables and call functions, which call functions."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(values(3, 3), name="w")
        self.b = tf.Variable(values(3), name="b")

    @tf.function
    def step(self, x):
        return tf.tanh(x @ self.w + self.b)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x"), tf.TensorSpec([], tf.int32, "n")])
    def loop(self, x, n):
        for _ in tf.range(n):
            x = self.step(x) if tf.reduce_sum(x) > 0 else self.step(self.step(x)) - self.b
        return x, tf.map_fn(lambda row: tf.reduce_max(row) + self.b, x)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x"), tf.TensorSpec([], tf.int32, "n")])
    def __call__(self, x, n):
        x, parts = self.loop(x, n)
        return tf.switch_case(n % 3, [lambda: x, lambda: x + self.w[0], lambda: x * 2]), parts


@model
def control(folder):
    module = Control()
    tf.saved_model.save(module, folder, module.__call__)
    return {None: {"x": values(4, 3), "n": np.int32(3)}}


@model
def no_signature(folder):
    tf.saved_model.save(Control(), folder, signatures=None)
    return {"__call__": {"x": values(4, 3), "n": np.int32(2)}}


@model
def frozen(folder):
    """A GraphDef with nothing but constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    module = Control()
    graph = convert_variables_to_constants_v2(module.loop.get_concrete_function(), lower_control_flow=False).graph
    tf.io.write_graph(graph, folder, "frozen.pb", as_text=False)
    return {"frozen": {"x": values(4, 3), "n": np.int32(4)}}


# --- what TensorFlow says ---


def run(folder, signature, inputs):
    if signature == "__call__":
        found = tf.saved_model.load(folder)(*map(tf.constant, inputs.values()))
        return {f"output_{i}": v.numpy() for i, v in enumerate(found)}
    with tf.Graph().as_default(), v1.Session() as session:
        if signature == "frozen":
            v1.import_graph_def(v1.GraphDef.FromString((Path(folder) / "frozen.pb").read_bytes()), name="")
            return session.run({"Identity": "Identity:0", "Identity_1": "Identity_1:0"}, {f"{k}:0": v for k, v in inputs.items()})
        found = v1.saved_model.load(session, ["serve"], folder).signature_def[signature or "serving_default"]
        return session.run({k: t.name for k, t in found.outputs.items()}, {found.inputs[k].name: v for k, v in inputs.items()})


def as_json(tensors):
    return {name: described(value) for name, value in tensors.items()}


def described(value):
    value = np.asarray(value)
    flat = value.reshape(-1)
    if value.dtype.kind in "OSU":
        return {"shape": value.shape, "dtype": "string", "v": [v.decode() if isinstance(v, bytes) else str(v) for v in flat]}
    kind = {"f": "float32", "i": "int32", "b": "bool"}[value.dtype.kind]
    return {"shape": value.shape, "dtype": kind, "v": [float(f"{v:.9g}") for v in flat] if kind == "float32" else flat.tolist()}


def write(name):
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "model")
        signature_inputs = MODELS[name](folder)
        told = {s: x if isinstance(x, tuple) else (x, run(folder, s, x)) for s, x in signature_inputs.items()}
        cases = [{"signature": s, "inputs": as_json(x), "outputs": as_json(y)} for s, (x, y) in told.items()]
        shutil.rmtree(os.path.join(folder, "assets.extra"), ignore_errors=True)
        with zipfile.ZipFile(TARGET / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            add(archive, "cases.json", json.dumps(cases).encode())
            for file in sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.name != "fingerprint.pb"):
                add(archive, f"model/{file.relative_to(folder)}", file.read_bytes())


def add(archive, name, data):
    archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)  # no time, so that nothing changes in vain


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for each in sys.argv[1:] or MODELS:
        write(each)
        print(each, (TARGET / f"{each}.zip").stat().st_size, flush=True)
