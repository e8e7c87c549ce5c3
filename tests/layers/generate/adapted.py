"""What preprocessing layers learn by `adapt`, and FeatureSpace.

`python -m tests.layers.generate adapted` writes tests/data/keras_adapted.json.
The tests state the same programs; what they learn from and what Keras made of it stands in the file.
"""

import json
import tempfile
from pathlib import Path

from tests.layers.generate.common import keras, np, tf

L = keras.layers
DATA = Path(__file__).parents[2] / "data"
learnt = []
documents = ["the cat sat", "the Dog!  sat on the cat", "a b c a", "", "Zebra cat É é", "b a"]


def plain(x):
    x = np.asarray(x)
    if x.ndim:
        return [plain(v) for v in x]
    if isinstance(x.item(), bytes):
        return x.item().decode()
    return float(f"{x.item():.9g}") if x.dtype.kind == "f" else x.item()


def learned(layer, data, inputs, how):
    made, config = layer, json.loads(json.dumps(layer.get_config()))
    dataset = tf.data.Dataset.from_tensor_slices(np.array(data))
    given = {"list": data, "array": np.array(data), "batches": dataset.batch(2), "elements": dataset}[how]
    made.adapt(given)
    case = {"layer": type(layer).__name__, "config": config, "data": data, "how": how}
    case["inputs"], case["out"] = inputs, plain(made(np.array(inputs)))
    if hasattr(made, "get_vocabulary"):
        case["vocabulary"] = plain(np.array(made.get_vocabulary()))
        case["size"], case["own"] = made.vocabulary_size(), plain(np.array(made.get_vocabulary(include_special_tokens=False)))
        with tempfile.TemporaryDirectory() as folder:
            made.save_assets(folder)
            case["assets"] = {p.name: p.read_text() for p in Path(folder).iterdir()}
        store = {}
        made.save_own_variables(store)
        case["store"] = {k: plain(v) for k, v in store.items()}
    if isinstance(layer, L.Discretization):
        case["boundaries"] = plain(made.bin_boundaries)
    if isinstance(layer, L.Normalization):
        case["weights"] = {w.name: plain(w.numpy()) for w in made.weights}
    learnt.append(case)


for mode in ("int", "multi_hot", "count", "tf_idf"):
    for how in ("list", "array", "batches", "elements"):
        learned(L.TextVectorization(output_mode=mode), documents, documents, how)
    padded = {"max_tokens": 20, "pad_to_max_tokens": mode != "int"}
    for options in ({"max_tokens": 5}, padded, {"ngrams": 2}, {"split": "character"}, {"standardize": None}):
        learned(L.TextVectorization(output_mode=mode, **options), documents, documents, "list")
    words = [["a", "b", "a"], ["c", "zz", "b"], ["", "[UNK]", "a"], ["é", "Z", "z"]]
    for options in ({}, {"mask_token": ""}, {"num_oov_indices": 2}, {"max_tokens": 4}, padded | {"max_tokens": 12}):
        for how in ("list", "batches"):
            learned(L.StringLookup(output_mode=mode, **options), words, [["a", "q", ""]], how)
    numbers = [[3, 5, 3], [7, 5, 100], [0, -1, 3], [8, 9, 10]]
    for options in ({}, {"mask_token": 0}, {"num_oov_indices": 3}, {"max_tokens": 4}):
        for how in ("list", "array", "batches"):
            learned(L.IntegerLookup(output_mode=mode, **options), numbers, [[3, 99, 0]], how)
learned(L.StringLookup(invert=True, vocabulary=None), [["a"], ["b"], ["a"]], [[1, 2, 0]], "list")

rng = np.random.default_rng(5)
normal = [float(f"{v:.6g}") for v in rng.normal(size=230)]
for bins in (2, 3, 10):
    for epsilon in (0.01, 0.1):
        for how in ("array", "batches"):
            for mode in ("int", "one_hot"):
                layer = L.Discretization(num_bins=bins, epsilon=epsilon, output_mode=mode)
                learned(layer, np.reshape(normal, (-1, 5)).tolist(), [[-1.0, 0.0, 0.3]], how)
learned(L.Discretization(num_bins=3), [1.0, 2.0, 2.0, 3.0, 9.0], [[1.5, 2.0, 20.0]], "array")
learned(L.Discretization(num_bins=4), [5.0], [[1.5, 2.0, 20.0]], "array")

table = np.reshape(normal[:96], (4, 3, 4, 2)).tolist()
for axis in (-1, None, (1, 3), 2, (1, 2, 3)):
    for how in ("array", "batches"):
        for invert in (False, True):
            learned(L.Normalization(axis=axis, invert=invert), table, table[:1], how)
learned(L.Normalization(axis=None), [1.0, 2.0, 5.0, 2.0], [4.0], "elements")
learned(L.Normalization(axis=-1), [[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]], [[4.0, 9.0]], "elements")

space = keras.utils.FeatureSpace
columns = {
    "a": [1.0, 2.0, 3.0, 4.5, 0.5], "n": [1.0, 2.0, 3.0, 6.0, 9.0], "d": [0.1, 0.5, 0.2, 0.9, 0.7], "s": ["x", "y", "x", "z", "x"],
    "i": [3, 4, 3, 9, 4], "h": ["q", "r", "s", "t", "q"], "k": [1, 2, 3, 40, 5], "r": [1.0, 2.0, 3.0, 4.0, 5.0],
}  # fmt: skip
KINDS = {
    "a": "float", "n": "float_normalized", "d": "float_discretized", "s": "string_categorical", "i": "integer_categorical",
    "h": "string_hashed", "k": "integer_hashed", "r": "float_rescaled",
}  # fmt: skip
spaces = []
for mode in ("concat", "dict"):
    for crosses in (None, [["s", "i"], ["i", "h"]]):
        made = space(KINDS, output_mode=mode, crosses=crosses, crossing_dim=7, hashing_dim=4, num_discretization_bins=3, name="space")
        made.adapt(tf.data.Dataset.from_tensor_slices(columns))
        out = made({k: np.array(v[:3]) for k, v in columns.items()})
        out = {k: plain(v) for k, v in out.items()} if mode == "dict" else plain(out)
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(made)))
        spaces.append({"mode": mode, "crosses": crosses, "out": out, "config": config})


def main():
    """Write the file."""
    text = json.dumps({"adapted": learnt, "columns": columns, "kinds": KINDS, "spaces": spaces}, separators=(",", ":"))
    (DATA / "keras_adapted.json").write_text(text + "\n")
    print(f"{len(learnt)} cases, {len(text) // 1024} KB")
