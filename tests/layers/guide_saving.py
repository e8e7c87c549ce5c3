"""Programs of the guides on saving and serialization, and on preprocessing layers and structured data."""

import json
import os

import numpy as np

from .guide_programs import convert, dataset, fails, fill, integers, normal, numbers, paths, plain, program


@program
def custom_objects_three_ways(keras, folder):
    """Registered, in a scope, and passed to load_model; names in the file."""
    layers = keras.layers

    @keras.saving.register_keras_serializable(package="MyLayers")
    class CustomLayer(keras.layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    @keras.saving.register_keras_serializable(package="my_package", name="custom_fn")
    def custom_fn(x):
        return x**2

    class Other(keras.layers.Layer):
        def __init__(self, sublayer, activation=None, **kwargs):
            super().__init__(**kwargs)
            self.sublayer, self.activation = sublayer, keras.activations.get(activation)

        def call(self, x):
            return self.activation(self.sublayer(x))

        def get_config(self):
            config = {
                "sublayer": keras.saving.serialize_keras_object(self.sublayer),
                "activation": keras.activations.serialize(self.activation),
            }
            return {**super().get_config(), **config}

        @classmethod
        def from_config(cls, config):
            config["sublayer"] = keras.saving.deserialize_keras_object(config.pop("sublayer"))
            return cls(**config)

    inputs = keras.Input((4,))
    x = CustomLayer(2.0)(inputs)
    x = layers.Dense(3, activation=custom_fn)(x)
    x = Other(layers.Dense(2, name="inside"), "relu", name="other")(x)
    model = fill(keras.Model(inputs, x))
    data = normal(2, 4)
    model.save(f"{folder}/m.keras")
    out = {"y": plain(model(data)), "paths": paths(model)}
    out["unknown"] = bool(fails(keras.saving.load_model, f"{folder}/m.keras"))
    out["argument"] = plain(keras.saving.load_model(f"{folder}/m.keras", custom_objects={"Other": Other})(data))
    with keras.saving.custom_object_scope({"Other": Other}):
        out["scope"] = plain(keras.saving.load_model(f"{folder}/m.keras")(data))
        out["config"] = plain(keras.Model.from_config(model.get_config()).count_params())
        out["clone"] = keras.models.clone_model(model).count_params()
    out["names"] = [
        keras.saving.get_registered_name(CustomLayer),
        keras.saving.get_registered_name(custom_fn),
        keras.saving.get_registered_name(Other),
        keras.saving.get_registered_object("MyLayers>CustomLayer") is CustomLayer,
    ]
    text = json.loads(model.to_json())
    out["json"] = [[v["module"], v["class_name"], v["registered_name"]] for v in text["config"]["layers"]]
    out["dense"] = keras.saving.serialize_keras_object(model.layers[2])["config"]["activation"]
    keras.saving.get_custom_objects().clear()
    return out


@program
def own_saving_methods(keras, folder):
    """save_own_variables, save_assets, get_build_config, get_compile_config and their counterparts."""
    ops = keras.ops

    @keras.saving.register_keras_serializable(package="guide2")
    class LayerWithCustomVariables(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units, self.dense = units, keras.layers.Dense(units)
            self.my_variables = keras.Variable(
                np.random.default_rng(0).random(units).astype("float32"), name="my_variables", dtype="float32"
            )

        def get_config(self):
            return {**super().get_config(), "units": self.units}

        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["variables"] = self.my_variables.numpy()

        def load_own_variables(self, store):
            found = {k: store[k] for k in store.keys()}  # noqa: SIM118  (HDF5 groups in Keras)
            self.my_variables.assign(found.pop("variables"))
            super().load_own_variables(found)

        def call(self, inputs):
            return self.dense(inputs) * self.my_variables

    @keras.saving.register_keras_serializable(package="guide2")
    class LayerWithCustomAssets(keras.layers.Layer):
        def __init__(self, vocab=None, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.vocab = vocab

        def save_assets(self, inner_path):
            with open(os.path.join(inner_path, "vocabulary.txt"), "w") as f:
                f.write(self.vocab)

        def load_assets(self, inner_path):
            with open(os.path.join(inner_path, "vocabulary.txt")) as f:
                self.vocab = f.read().replace("<unk>", "little")

        def call(self, inputs):
            return inputs

    @keras.saving.register_keras_serializable(package="guide2")
    class LayerWithCustomBuild(keras.layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def call(self, inputs, training=None):
            return ops.matmul(inputs, self.w) + self.b

        def get_config(self):
            return dict(units=self.units, **super().get_config())

        def build(self, input_shape, layer_init):
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer=layer_init, trainable=True)
            self.b = self.add_weight(shape=(self.units,), initializer=layer_init, trainable=True)
            self.layer_init = layer_init

        def get_build_config(self):
            return {"layer_init": self.layer_init, "input_shape": (None, 3)}

        def build_from_config(self, config):
            self.build(config["input_shape"], config["layer_init"])

    @keras.saving.register_keras_serializable(package="guide2")
    class SmallModel(keras.Model):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.units, self.dense = units, keras.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

        def compile(self, optimizer, my_loss, my_metrics):
            super().compile()
            self.my_optimizer, self.my_loss, self.my_metrics = optimizer, my_loss, my_metrics

        def get_compile_config(self):
            serialize = keras.saving.serialize_keras_object
            return {
                "my_optimizer": serialize(self.my_optimizer),
                "my_loss": serialize(self.my_loss),
                "my_metrics": serialize(self.my_metrics),
            }

        def compile_from_config(self, config):
            load = keras.utils.deserialize_keras_object
            self.compile(load(config["my_optimizer"]), load(config["my_loss"]), load(config["my_metrics"]))

    out = {}
    model = keras.Sequential([keras.Input((4,)), LayerWithCustomVariables(3)])
    model.save(f"{folder}/a.keras")
    loaded = keras.models.load_model(f"{folder}/a.keras")
    x = normal(2, 4)
    out["variables"] = [
        bool(np.allclose(model.layers[0].my_variables.numpy(), loaded.layers[0].my_variables.numpy())),
        bool(np.allclose(model(x), loaded(x))),
    ]
    model = keras.Sequential([keras.Input((3,)), LayerWithCustomAssets(vocab="a <unk> dog")])
    model.save(f"{folder}/b.keras")
    loaded = keras.models.load_model(f"{folder}/b.keras")
    out["assets"] = loaded.layers[0].vocab
    custom = LayerWithCustomBuild(units=2)
    custom.build(input_shape=(None, 3), layer_init="ones")
    model = keras.Sequential([custom, keras.layers.Dense(1, kernel_initializer="ones")])
    model.build((None, 3))
    model.save(f"{folder}/c.keras")
    loaded = keras.models.load_model(f"{folder}/c.keras")
    out["build"] = [loaded.layers[0].layer_init, loaded.layers[0].built, plain(loaded(normal(1, 3)))]
    model = SmallModel(3)
    model.compile(keras.optimizers.SGD(0.3), keras.losses.MeanAbsoluteError(), [keras.metrics.Accuracy()])
    y = model(x)
    model.save(f"{folder}/d.keras")
    loaded = keras.models.load_model(f"{folder}/d.keras")
    out["compile"] = [
        type(loaded.my_optimizer).__name__,
        float(loaded.my_optimizer.learning_rate),
        type(loaded.my_loss).__name__,
        bool(np.allclose(y, loaded(x))),
    ]
    keras.saving.get_custom_objects().clear()
    return out


@program
def weights_files(keras, folder):
    """Weights by topology between models, skip_mismatch, in memory, and for whole nested subclasses."""
    layers = keras.layers
    out = {}
    inputs = keras.Input(shape=(7,), name="digits")
    x = layers.Dense(6, activation="relu", name="dense_1")(inputs)
    functional = keras.Model(inputs, layers.Dense(3, name="predictions")(layers.Dense(6, name="dense_2")(x)), name="3_layer_mlp")

    class SubclassedModel(keras.Model):
        def __init__(self, output_dim, name=None):
            super().__init__(name=name)
            self.output_dim = output_dim
            self.dense_1 = layers.Dense(6, activation="relu", name="dense_1")
            self.dense_2 = layers.Dense(6, name="dense_2")
            self.dense_3 = layers.Dense(output_dim, name="predictions")

        def call(self, inputs):
            return self.dense_3(self.dense_2(self.dense_1(inputs)))

        def get_config(self):
            return {"output_dim": self.output_dim, "name": self.name}

    fill(functional)
    sub = SubclassedModel(3)
    sub(np.ones((1, 7)))
    sub.set_weights(functional.get_weights())
    data = normal(2, 7)
    out["same"] = [plain(functional(data)), plain(sub(data))]
    functional.save_weights(f"{folder}/f.weights.h5")
    sub.save_weights(f"{folder}/s.weights.h5")
    other = SubclassedModel(3)
    other(np.ones((1, 7)))
    other.load_weights(f"{folder}/s.weights.h5")
    out["sub"] = plain(other(data))
    again = keras.models.clone_model(functional)
    again.load_weights(f"{folder}/f.weights.h5")
    out["clone"] = plain(again(data))
    extracted = keras.Model(functional.input, functional.layers[-2].output)
    model = keras.Sequential(
        [
            keras.Input((7,)),
            *[layers.Dense(6, activation=a, name=n) for a, n in (("relu", "dense_1"), (None, "dense_2"))],
            layers.Dense(5, name="predictions"),
        ]
    )
    out["mismatch"] = fails(model.load_weights, f"{folder}/f.weights.h5")
    model.load_weights(f"{folder}/f.weights.h5", skip_mismatch=True)
    out["skipped"] = bool(np.allclose(model.layers[0].kernel, functional.layers[1].kernel))
    extracted.save_weights(f"{folder}/e.weights.h5")
    out["files"] = [
        fails(functional.save_weights, f"{folder}/wrong.h5"),
        missing(functional.load_weights, f"{folder}/none.weights.h5"),
        fails(keras.models.load_model, f"{folder}/no.keras"),
    ]
    functional.compile("adam", keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError(name="mae")])
    functional.fit(data, np.ones((2, 3)), verbose=0)
    functional.save(f"{folder}/x.keras")
    functional.save(f"{folder}/x.h5")
    loaded = [
        keras.models.load_model(f"{folder}/x.keras"),
        keras.models.load_model(f"{folder}/x.h5"),
        keras.models.load_model(f"{folder}/x.keras", compile=False),
    ]
    out["loaded"] = [[m.compiled, plain(m(data))] for m in loaded]
    out["state"] = [
        int(loaded[0].optimizer.iterations),
        len(loaded[0].optimizer.variables),
        numbers(loaded[0].fit(data, np.ones((2, 3)), verbose=0)),
    ]
    out["whole"] = plain(keras.models.clone_model(functional).get_weights()[0].shape)
    another = keras.models.clone_model(functional)
    another.load_weights(f"{folder}/x.keras")
    out["from_keras"] = bool(np.allclose(another(data), functional(data)))
    return out


def missing(load, path):
    """Tell whether loading raises that there is no file."""
    try:
        load(path)
    except FileNotFoundError:
        return True
    return False


@program
def configs(keras, folder):
    """Configs of layers, losses, optimizers and initializers; to_json; in memory cloning."""
    layers = keras.layers
    layer = layers.Dense(3, activation="relu", kernel_regularizer="l2", name="d")
    config = keras.layers.serialize(layer) if hasattr(keras.layers, "serialize") else keras.saving.serialize_keras_object(layer)
    made = layers.deserialize(config)
    model = keras.Sequential([keras.Input((32,), name="in"), layers.Dense(1, name="out")], name="s")
    text = model.to_json()
    return without_quantization(
        {
            "layer": config,
            "made": [made.units, made.name, made.activation.__name__],
            "sequential": model.get_config(),
            "json": json.loads(text),
            "from_json": [v.name for v in keras.models.model_from_json(text).layers],
            "optimizer": keras.optimizers.serialize(keras.optimizers.Adam(0.5)),
            "loss": keras.losses.serialize(keras.losses.Huber(0.5)),
            "metric": keras.metrics.serialize(keras.metrics.AUC(num_thresholds=3))["config"]["num_thresholds"],
            "initializer": keras.initializers.serialize(keras.initializers.HeNormal(seed=3)),
            "constraint": keras.constraints.serialize(keras.constraints.MaxNorm(2)),
            "functional": keras.Model(model.inputs, model.outputs[0] * 2 + 1, name="f").get_config(),
            "regularizer": keras.regularizers.serialize(keras.regularizers.L1L2(0.1, 0.2)),
            "schedule": keras.optimizers.schedules.serialize(keras.optimizers.schedules.PolynomialDecay(0.1, 10)),
            "activation": keras.activations.serialize(keras.activations.gelu),
            "bidirectional": keras.saving.serialize_keras_object(layers.Bidirectional(layers.GRU(2, name="g"), name="b")),
            "dtype": keras.dtype_policies.serialize(keras.DTypePolicy("mixed_float16")),
        }
    )


def without_quantization(config):
    """Return a config without the keys of quantization, which TensorWeb does not have."""
    if isinstance(config, dict):
        return {k: without_quantization(v) for k, v in config.items() if k != "quantization_config"}
    return [without_quantization(v) for v in config] if isinstance(config, (list, tuple)) else config


@program
def text_classification(keras, folder):
    """TextVectorization adapted on a dataset, a 1D convnet, an end to end model on strings, saved."""
    layers = keras.layers
    texts = [
        "the movie was <br /> great, great!",
        "an awful film",
        "I loved the acting",
        "the film was bad",
        "bad bad acting",
        "great film I loved it",
    ]
    labels = np.array([1, 0, 1, 0, 0, 1], "float32")

    vectorize = layers.TextVectorization(max_tokens=20, output_mode="int", output_sequence_length=8, name="vec")
    raw = dataset(keras).from_tensor_slices((texts, labels)).batch(2)
    vectorize.adapt(raw.map(lambda x, y: x))
    out = {"vocabulary": vectorize.get_vocabulary(), "ids": plain(vectorize(convert(keras, texts[:2])))}
    train = raw.map(lambda x, y: (vectorize(x), y))
    inputs = keras.Input(shape=(None,), dtype="int64")
    x = layers.Embedding(20, 6)(inputs)
    x = layers.Dropout(0.0)(x)
    x = layers.Conv1D(5, 3, padding="valid", activation="relu", strides=2)(x)
    x = layers.GlobalMaxPooling1D()(x)
    x = layers.Dense(4, activation="relu")(x)
    model = fill(keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="predictions")(x)))
    model.compile(loss="binary_crossentropy", optimizer="sgd", metrics=["accuracy"])
    out["history"] = numbers(model.fit(train, epochs=3, verbose=0))
    strings = keras.Input(shape=(1,), dtype="string")
    end = keras.Model(strings, model(vectorize(strings)))
    end.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    out["end"] = end.evaluate(raw, verbose=0)
    out["predict"] = plain(end.predict(convert(keras, [["great movie"], ["bad"]]), verbose=0))
    end.save(f"{folder}/t.keras")
    out["loaded"] = plain(keras.models.load_model(f"{folder}/t.keras")(convert(keras, [["great movie"], ["bad"]])))
    for mode, options in (
        ("multi_hot", {}),
        ("tf_idf", {}),
        ("count", {"ngrams": 2}),
        ("int", {"split": "character", "standardize": "lower"}),
    ):
        layer = layers.TextVectorization(output_mode=mode, **options)
        layer.adapt(texts)
        out[mode] = [plain(layer(convert(keras, texts[:2]))), layer.vocabulary_size()]
    return out


@program
def preprocessing(keras, folder):
    """Normalization, lookups, hashing, crossing, discretization and images, in models and in Dataset.map."""
    layers = keras.layers
    out = {}
    data = np.array([[0.1, 0.2, 0.3], [0.8, 0.9, 1.0], [1.5, 1.6, 1.7]], "float32")
    layer = layers.Normalization()
    layer.adapt(data)
    out["normal"] = [plain(layer(data)), plain(layer.mean), plain(layer.variance)]
    vocab = ["a", "b", "c", "d"]
    lookup = layers.StringLookup(vocabulary=vocab)
    out["lookup"] = plain(lookup(convert(keras, [["a", "c", "d"], ["d", "z", "b"]])))
    out["inverse"] = plain(layers.StringLookup(vocabulary=vocab, invert=True)(lookup(convert(keras, ["a", "z"]))))
    values = np.array([[10], [20], [20], [10], [30], [0]])
    index = layers.IntegerLookup()
    index.adapt(values)
    encoder = layers.CategoryEncoding(num_tokens=index.vocabulary_size())
    out["integers"] = [plain(encoder(index(np.array([[10], [20], [50], [60], [0]])))), index.get_vocabulary()]
    hasher = layers.Hashing(num_bins=64, salt=1337)
    out["hash"] = [plain(hasher(integers(100000, 5, 1))), plain(layers.Hashing(8)(convert(keras, ["x", "yy"])))]
    out["bins"] = plain(layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])(data))
    cross = layers.HashedCrossing(num_bins=5, output_mode="one_hot")
    out["cross"] = plain(cross((convert(keras, ["A", "B"]), convert(keras, [101, 102]))))
    dataset_of = dataset(keras).from_tensor_slices(data).batch(2).map(layer)
    out["map"] = [plain(b) for b in dataset_of]
    images = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32") * 255
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Resizing(6, 6),
            layers.CenterCrop(4, 4),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    out["images"] = plain(model(images))
    augment = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.2),
            layers.RandomContrast(0.1),
            layers.RandomTranslation(0.1, 0.1),
        ]
    )
    out["augment"] = [
        plain(augment(images, training=False)[0, 0, 0]),
        list(augment(images, training=True).shape),
        bool(np.allclose(augment(images, training=True), images)),
    ]
    mapped = dataset(keras).from_tensor_slices((images, [0, 1])).batch(2).map(lambda x, y: (augment(x, training=True), y)).prefetch(1)
    out["mapped"] = [list(b[0].shape) for b in mapped]
    return out


@program
def feature_space(keras, folder):
    """FeatureSpace: adapt, map, encoded and raw models, crosses, saving."""
    rng = np.random.default_rng(1)
    data = {
        "float_1": rng.random(12).astype("float32"),
        "float_2": rng.random(12).astype("float32"),
        "string_1": np.array(["a", "b", "c"] * 4),
        "string_2": np.array(["x", "y"] * 6),
        "int_1": rng.integers(0, 5, 12),
        "int_2": rng.integers(0, 100, 12),
    }
    FeatureSpace = keras.utils.FeatureSpace
    space = FeatureSpace(
        features={
            "float_1": FeatureSpace.float_normalized(),
            "float_2": "float_discretized",
            "string_1": FeatureSpace.string_categorical(num_oov_indices=0),
            "string_2": "string_categorical",
            "int_1": FeatureSpace.integer_categorical(num_oov_indices=1),
            "int_2": FeatureSpace.integer_hashed(num_bins=4),
        },
        crosses=[FeatureSpace.cross(feature_names=("string_1", "string_2"), crossing_dim=5)],
        output_mode="concat",
    )
    ds = dataset(keras).from_tensor_slices(data)
    space.adapt(ds)
    vector = space({k: v[:3] for k, v in data.items()})
    out = {"vector": plain(vector), "inputs": sorted(space.get_inputs())}
    labels = integers(2, 12).astype("float32")
    train = dataset(keras).from_tensor_slices((data, labels)).batch(4).map(lambda x, y: (space(x), y))
    encoded = space.get_encoded_features()
    model = fill(keras.Model(encoded, keras.layers.Dense(1, activation="sigmoid")(encoded)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    out["history"] = numbers(model.fit(train, epochs=2, verbose=0))
    raw = keras.Model(space.get_inputs(), model(encoded))
    out["raw"] = plain(raw.predict({k: convert(keras, v[:2].reshape(-1, 1)) for k, v in data.items()}, verbose=0))
    space.save(f"{folder}/space.keras")
    out["again"] = plain(keras.models.load_model(f"{folder}/space.keras")({k: v[:2] for k, v in data.items()}))
    return out
