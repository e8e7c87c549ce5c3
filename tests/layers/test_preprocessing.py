"""What preprocessing layers learn, keep and load, as Keras has it (generate/adapted.py), and their use in models and datasets."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tests.layers.replay import config_differences

STORED = json.loads((Path(__file__).parents[1] / "data" / "keras_adapted.json").read_text())
L = tw.layers


def close(got, want):
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(close(g, w) for g, w in zip(got, want))
    return got == want or (isinstance(want, (int, float)) and abs(got - want) <= 2e-5 * max(1.0, abs(want)))


def given(case):
    dataset = tw.data.Dataset.from_tensor_slices(case["data"])
    return {"list": case["data"], "array": tw.tensor(case["data"]), "batches": dataset.batch(2), "elements": dataset}[case["how"]]


def revive(class_name, config):
    whole = {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}
    return tw.saving.deserialize_keras_object(whole)


@pytest.mark.parametrize("name", sorted({c["layer"] for c in STORED["adapted"]}))
def test_adapt_as_keras(name, tmp_path):
    for number, case in enumerate(c for c in STORED["adapted"] if c["layer"] == name):
        layer = revive(name, case["config"])
        label = (case["config"], case["how"])
        layer.adapt(given(case))
        inputs = tw.tensor(case["inputs"])
        out = layer(inputs).tolist()
        if "vocabulary" in case:
            assert layer.get_vocabulary() == case["vocabulary"], label
            assert layer.get_vocabulary(include_special_tokens=False) == case["own"] and layer.vocabulary_size() == case["size"]
        if "boundaries" in case:
            assert close(layer.bin_boundaries, case["boundaries"]), label
        if "weights" in case:
            got = {w.name: w.value.tolist() for w in layer.weights}
            assert list(got) == list(case["weights"]) and all(close(got[k], v) for k, v in case["weights"].items()), label
        assert close(out, case["out"]), (label, out, case["out"])
        if "assets" in case:
            check_state(layer, case, tmp_path / str(number), out)


def check_state(layer, case, folder, out):
    folder.mkdir()
    layer.save_assets(folder)
    assert {p.name: p.read_text() for p in folder.iterdir()} == case["assets"]
    store = {}
    layer.save_own_variables(store)
    assert store.keys() == case["store"].keys() and all(close(store[k].tolist(), v) for k, v in case["store"].items())
    again = type(layer).from_config(layer.get_config())
    again.load_own_variables(store)
    again.load_assets(folder)
    assert again(tw.tensor(case["inputs"])).tolist() == out and again.get_vocabulary() == layer.get_vocabulary()


@pytest.mark.parametrize("number", range(len(STORED["spaces"])))
def test_feature_space_as_keras(number, tmp_path):
    case, columns = STORED["spaces"][number], STORED["columns"]
    space = tw.utils.FeatureSpace(
        STORED["kinds"], output_mode=case["mode"], crosses=case["crosses"], crossing_dim=7, hashing_dim=4, num_discretization_bins=3,
        name="space",
    )  # fmt: skip
    with pytest.raises(ValueError, match="adapt"):
        space({k: v[:3] for k, v in columns.items()})
    space.adapt(tw.data.Dataset.from_tensor_slices(columns))
    few = {k: v[:3] for k, v in columns.items()}
    out = space(few)
    plain = {k: v.tolist() for k, v in out.items()} if case["mode"] == "dict" else out.tolist()
    wanted = case["out"]
    assert all(close(plain[k], v) for k, v in wanted.items()) if case["mode"] == "dict" else close(plain, wanted)
    config = json.loads(json.dumps(tw.saving.serialize_keras_object(space)))
    assert not config_differences(config["config"], case["config"]["config"])
    assert {k: config[k] for k in ("module", "class_name")} == {k: case["config"][k] for k in ("module", "class_name")}
    path = str(tmp_path / "space.keras")
    space.save(path)
    again = tw.saving.load_model(path)(few)
    assert {k: v.tolist() for k, v in again.items()} == plain if case["mode"] == "dict" else again.tolist() == plain


def test_feature_space_in_models_and_datasets():
    columns = STORED["columns"]
    space = tw.utils.FeatureSpace({k: STORED["kinds"][k] for k in ("a", "s", "i")}, crosses=[("s", "i")], crossing_dim=5)
    data = {k: columns[k] for k in ("a", "s", "i")}
    space.adapt(data)
    whole = space(data)
    assert space({k: v[0] for k, v in data.items()}).tolist() == whole[0].tolist()
    model = tw.Model(space.get_inputs(), space.get_encoded_features())
    raw = {k: tw.expand_dims(tw.tensor(v), -1) for k, v in data.items()}
    assert model.predict(raw, verbose=0).tolist() == whole.tolist()
    batches = list(tw.data.Dataset.from_tensor_slices(data).batch(2).map(space))
    assert tw.concatenate(batches, axis=0).tolist() == whole.tolist()
    for wrong, text in (({"a": [1.0]}, "columns"), ([1.0], "dict")):
        with pytest.raises(ValueError, match=text):
            space(wrong)


def test_layers_of_ones_own_in_a_feature_space():
    space = tw.utils.FeatureSpace({
        "text": tw.utils.FeatureSpace.feature("string", L.TextVectorization(output_mode="count"), "float"),
        "size": tw.utils.FeatureSpace.feature("float32", L.Rescaling(2.0), "float"),
    })  # fmt: skip
    data = {"text": ["b a b", "a b"], "size": [1.0, 3.0]}
    space.adapt(data)
    assert space(data).tolist() == [[2.0, 0.0, 2.0, 1.0], [6.0, 0.0, 1.0, 1.0]]
    integers = tw.utils.FeatureSpace({"i": tw.utils.FeatureSpace.integer_hashed(4, output_mode="int")})
    with pytest.raises(ValueError, match="dict"):
        integers({"i": [1]})


def test_words_in_models(tmp_path):
    for options in ({"output_sequence_length": 4}, {"output_mode": "multi_hot"}, {"output_mode": "tf_idf"}, {}):
        layer = L.TextVectorization(**options)
        layer.adapt(["a b a", "b c"])
        text = tw.Input((1,), dtype="string")
        numbers = layer(text)
        x = L.Dense(2)(numbers) if "output_mode" in options else L.GlobalAveragePooling1D()(L.Embedding(9, 3)(numbers))
        model = tw.Model(text, x)
        raw = tw.tensor([["a c"], ["b"], [""]])
        want = model(raw).tolist()
        assert close(model.predict(raw, verbose=0).tolist(), want)
        model.save(str(tmp_path / "model.keras"))
        assert tw.saving.load_model(str(tmp_path / "model.keras"))(raw).tolist() == want
    sequential = tw.Sequential([L.StringLookup(vocabulary=["a", "b"], output_mode="one_hot"), L.Dense(3)])
    assert sequential(tw.tensor(["a", "q"])).shape == (2, 3)
    # A layer that learns by update_state is no metric.
    sequential.compile("sgd", "mse")
    assert list(sequential.fit(tw.tensor(["a", "q"]), tw.zeros((2, 3)), verbose=0).history) == ["loss"]


def test_in_models_of_ones_own():
    class Words(tw.Model):
        def __init__(self):
            super().__init__()
            self.lookup, self.embedding = L.StringLookup(vocabulary=["a", "b"]), L.Embedding(4, 3)

        def call(self, inputs):
            return self.embedding(self.lookup(inputs))

    assert Words()(tw.Input((5,), dtype="string")).shape == (None, 5, 3) and Words()(tw.tensor([["a", "z"]])).shape == (1, 2, 3)


def test_gradient_through_normalization():
    layer = L.Normalization(mean=[1.0, 3.0], variance=[4.0, 9.0])
    x = tw.tensor([[5.0, 0.0]])
    with tw.GradientTape() as tape:
        tape.watch(x)
        total = tw.sum(layer(x))
    assert close(tape.gradient(total, x).tolist(), [[0.5, 1 / 3]])


def test_in_datasets():
    texts = tw.data.Dataset.from_tensor_slices(["a b", "c", "b a c"]).batch(2)
    layer = L.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    mapped = texts.map(layer)
    assert mapped.element_spec.shape[-1] == 3 and mapped.element_spec.dtype == "int32"
    assert [x.tolist() for x in mapped] == [[[2, 3, 0], [1, 0, 0]], [[3, 2, 1]]]
    hashed = tw.data.Dataset.from_tensor_slices(["a", "b"]).map(L.Hashing(5))
    assert [x.item() for x in hashed] == L.Hashing(5)(["a", "b"]).tolist()
    pairs = tw.data.Dataset.from_tensor_slices((["a", "b"], [1, 2])).map(lambda s, i: L.HashedCrossing(7)((s, i)))
    assert [x.item() for x in pairs] == L.HashedCrossing(7)((tw.tensor(["a", "b"]), tw.tensor([1, 2]))).tolist()


def test_functions_of_ones_own():
    layer = L.TextVectorization(
        vocabulary=["a", "b"], standardize=lambda x: tw.strings.static_regex_replace(x, "x", "a"),
        split=lambda x: [s.split(",") for s in x.tolist()],
    )  # fmt: skip
    assert layer(["x,b", "b"]).tolist() == [[2, 3], [3, 0]]
    dense = L.TextVectorization(vocabulary=["a", "b"], standardize=None, split=lambda x: tw.stack([x, x], axis=-1))
    assert dense(["a", "b"]).tolist() == [[2, 2], [3, 3]]


def test_steps_and_generators():
    layer = L.StringLookup()
    layer.adapt((tw.tensor([[w]]) for w in "abc"), steps=2)
    assert sorted(layer.get_vocabulary(False)) == ["a", "b"]
    bins = L.Discretization(num_bins=2)
    bins.adapt([tw.tensor([1.0, 2.0]), tw.tensor([30.0, 40.0])], steps=1)
    assert bins.bin_boundaries[0] <= 2
    normal = L.Normalization()
    normal.adapt([tw.tensor([[1.0], [3.0]]), tw.tensor([[5.0]])])
    assert close(normal.mean.tolist(), [[3.0]]) and close(normal.variance.tolist(), [[8 / 3]])


def test_vocabulary_of_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\n", encoding="utf-8")
    layer = L.StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"] and layer.get_config()["vocabulary"] is None
    config = {**layer.get_config(), "vocabulary": str(path)}
    with pytest.raises(ValueError, match="safe_mode"):
        revive("StringLookup", config)
    loose = {"module": "keras.layers", "class_name": "StringLookup", "config": config, "registered_name": None}
    assert tw.saving.deserialize_keras_object(loose, safe_mode=False).vocabulary_size() == 3


WRONG = [
    (lambda: L.StringLookup(max_tokens=1), "max_tokens"),
    (lambda: L.StringLookup(num_oov_indices=-1), "num_oov_indices"),
    (lambda: L.StringLookup(pad_to_max_tokens=True), "max_tokens"),
    (lambda: L.StringLookup(output_mode="other"), "output_mode"),
    (lambda: L.StringLookup(invert=True, output_mode="count"), "invert"),
    (lambda: L.StringLookup(output_mode="count", sparse=True), "sparse"),
    (lambda: L.StringLookup(vocabulary=[]), "vocabulary"),
    (lambda: L.StringLookup(vocabulary=["a", "a"]), "repeated"),
    (lambda: L.StringLookup(vocabulary=["a", "m"], mask_token="m"), "mask"),
    (lambda: L.StringLookup(vocabulary=["a", "[UNK]"], invert=True), "out-of-vocabulary"),
    (lambda: L.StringLookup(vocabulary=["a", "b", "c"], max_tokens=2), "max_tokens"),
    (lambda: L.StringLookup(vocabulary=["a"], idf_weights=[1.0]), "idf_weights"),
    (lambda: L.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights"),
    (lambda: L.StringLookup(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1.0, 2.0]), "idf_weights"),
    (lambda: L.StringLookup(vocabulary="/no/such/file"), "file"),
    (lambda: L.StringLookup(vocabulary=["a"], salt="x"), "salt"),
    (lambda: L.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), "num_oov_indices"),
    (lambda: L.StringLookup(vocabulary=["a"])([1]), "strings"),
    (lambda: L.StringLookup(vocabulary=["a"]).adapt(["b"]), "vocabulary"),
    (lambda: L.IntegerLookup(vocabulary_dtype="int32"), "int64"),
    (lambda: L.IntegerLookup(vocabulary=[1], salt=3), "farmhash"),
    (lambda: L.TextVectorization(standardize="other"), "standardize"),
    (lambda: L.TextVectorization(split="other"), "split"),
    (lambda: L.TextVectorization(ngrams="2"), "ngrams"),
    (lambda: L.TextVectorization(ragged=True), "ragged"),
    (lambda: L.TextVectorization(output_mode="count", sparse=True), "sparse"),
    (lambda: L.TextVectorization(output_mode="count", output_sequence_length=3), "output_sequence_length"),
    (lambda: L.TextVectorization(vocabulary=["a"])(tw.tensor([["a", "b"]])), "shape"),
    (lambda: L.Hashing(0), "num_bins"),
    (lambda: L.Hashing(3, output_mode="other"), "output_mode"),
    (lambda: L.Hashing(3, dtype="float32"), "dtype"),
    (lambda: L.Hashing(3, salt=[1, 2, 3]), "salt"),
    (lambda: L.HashedCrossing(3, output_mode="count"), "output_mode"),
    (lambda: L.HashedCrossing(3)(tw.tensor(["a"])), "list"),
    (lambda: L.HashedCrossing(3)([tw.tensor(["a"]), tw.tensor([1.5])]), "integers"),
    (lambda: L.HashedCrossing(3)([tw.tensor(["a"]), tw.tensor([1, 2])]), "shape"),
    (lambda: L.CategoryEncoding(), "num_tokens"),
    (lambda: L.CategoryEncoding(0), "num_tokens"),
    (lambda: L.CategoryEncoding(3, output_mode="int"), "output_mode"),
    (lambda: L.CategoryEncoding(3, sparse=True), "sparse"),
    (lambda: L.CategoryEncoding(3)(tw.tensor([1]), count_weights=tw.tensor([1.0])), "count_weights"),
    (lambda: L.Discretization(), "num_bins"),
    (lambda: L.Discretization([1.0], num_bins=2), "num_bins"),
    (lambda: L.Discretization(num_bins=-1), "num_bins"),
    (lambda: L.Discretization(num_bins=2)(tw.tensor([1.0])), "adapt"),
    (lambda: L.Discretization([1.0]).adapt(tw.tensor([1.0])), "num_bins"),
    (lambda: L.Normalization(mean=1.0), "variance"),
    (lambda: L.Normalization(mean=[1.0], variance=[1.0, 2.0]), "shape"),
    (lambda: L.Normalization(axis=None, mean=[1.0], variance=[1.0]), "rank"),
    (lambda: L.Normalization(axis=3).build((None, 2)), "axes"),
    (lambda: L.Normalization().build((None, None)), "known size"),
    (lambda: L.Normalization().adapt([1.0, 2.0]), "batches"),
    (lambda: L.Normalization().adapt([]), "batch"),
    (lambda: tw.utils.FeatureSpace({}), "features"),
    (lambda: tw.utils.FeatureSpace({"a": "other"}), "one of"),
    (lambda: tw.utils.FeatureSpace({"a": "float"}, output_mode="list"), "output_mode"),
    (lambda: tw.utils.FeatureSpace({"a": "float"}, crosses=[("a", "b")]), "names"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments(number):
    function, text = WRONG[number]
    with pytest.raises((ValueError, TypeError), match=text):
        function()


def test_no_vocabulary_yet():
    with pytest.raises(RuntimeError, match="vocabulary"):
        L.StringLookup(output_mode="count")(["a"])
    layer = L.StringLookup(output_mode="count")
    layer.adapt([["a"], ["b"]])
    with pytest.raises(RuntimeError, match="before"):
        layer.set_vocabulary(["x", "y", "z"])
