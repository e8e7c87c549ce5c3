"""Programs of the guides on Sequential, the functional API and transfer learning."""

import numpy as np

from .guide_programs import dataset, fails, fill, normal, numbers, paths, plain, printed, program


@program
def sequential(keras, folder):
    """The Sequential guide: delayed build, pop, names, features of intermediate layers."""
    layers = keras.layers
    out = {}
    model = keras.Sequential([layers.Dense(2, activation="relu", name="layer1"), layers.Dense(3, activation="relu"), layers.Dense(4)])
    out["built"] = [model.built, fails(lambda: model.weights[0]), len(model.layers)]
    y = model(keras.ops.ones((1, 4)))
    out["after"] = [list(y.shape), len(model.weights), model.built, list(model.input_shape[1:]), list(model.output_shape[1:])]
    fill(model)
    x = normal(3, 4)
    out["y"] = plain(model(x))
    model.pop()
    out["pop"] = [len(model.layers), list(model.output_shape[1:]), plain(model(x))]
    layer = layers.Dense(3)
    out["layer"] = [layer.weights, layer.built]
    layer(keras.ops.ones((1, 4)))
    out["layer2"] = [w.path for w in layer.weights]
    model = keras.Sequential(name="my_sequential")
    model.add(keras.Input(shape=(250, 250, 3)))
    model.add(layers.Conv2D(32, 5, strides=2, activation="relu"))
    model.add(layers.Conv2D(32, 3, activation="relu"))
    model.add(layers.MaxPooling2D(3))
    with printed() as lines:
        model.summary(line_length=100)
    out["summary"] = lines
    for _ in range(3):
        model.add(layers.Conv2D(32, 3, activation="relu"))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(10))
    out["shapes"] = [list(layer.output.shape) for layer in model.layers]
    out["paths"] = paths(model)
    return out


@program
def feature_extraction(keras, folder):
    """Intermediate outputs of a Sequential model, all and one."""
    layers = keras.layers
    initial = keras.Sequential(
        [
            keras.Input(shape=(12, 12, 3)),
            layers.Conv2D(4, 5, strides=2, activation="relu"),
            layers.Conv2D(4, 3, activation="relu", name="my_intermediate_layer"),
            layers.Conv2D(4, 2, activation="relu"),
        ]
    )
    fill(initial)
    x = normal(2, 12, 12, 3)
    extractor = keras.Model(inputs=initial.inputs, outputs=[layer.output for layer in initial.layers])
    one = keras.Model(inputs=initial.inputs, outputs=initial.get_layer(name="my_intermediate_layer").output)
    frozen = keras.Sequential([initial, layers.Flatten(), layers.Dense(2)])
    initial.trainable = False
    frozen.build((None, 12, 12, 3))
    for layer in initial.layers[:-1]:
        layer.trainable = False
    return {
        "all": [plain(f) for f in extractor(x)],
        "one": plain(one(x)),
        "names": [v.name for v in extractor.layers],
        "trainable": [len(frozen.trainable_weights), len(frozen.weights)],
        "paths": paths(frozen),
        "summary": [initial.count_params(), frozen.count_params()],
    }


@program
def functional_basic(keras, folder):
    """The functional guide's first model: fit, save, load, summaries, configs."""
    layers = keras.layers
    inputs = keras.Input(shape=(20,), name="img")
    dense = layers.Dense(16, activation="relu")
    x = dense(inputs)
    x = layers.Dense(16, activation="relu")(x)
    outputs = layers.Dense(5)(x)
    model = keras.Model(inputs=inputs, outputs=outputs, name="mnist_model")
    fill(model)
    with printed() as lines:
        model.summary(line_length=100)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"]
    )
    x_train, y_train = normal(60, 20), np.arange(60) % 5
    history = model.fit(x_train, y_train, batch_size=16, epochs=2, validation_split=0.2, shuffle=False, verbose=0)
    scores = model.evaluate(x_train, y_train, verbose=0)
    model.save(f"{folder}/my_model.keras")
    before = plain(model.predict(x_train[:3], verbose=0))
    del model
    loaded = keras.models.load_model(f"{folder}/my_model.keras")
    again = keras.Model.from_config(loaded.get_config())
    again.set_weights(loaded.get_weights())
    return {
        "input": plain(inputs),
        "history": numbers(history),
        "scores": scores,
        "before": before,
        "after": plain(loaded.predict(x_train[:3], verbose=0)),
        "again": plain(again(x_train[:3])),
        "summary": lines,
        "opt": type(loaded.optimizer).__name__,
        "iterations": int(loaded.optimizer.iterations),
        "scores2": loaded.evaluate(x_train, y_train, verbose=0),
        "config": loaded.get_config()["layers"][1]["config"]["units"],
    }


@program
def functional_autoencoder(keras, folder):
    """One graph in two models; models as layers."""
    layers = keras.layers
    encoder_input = keras.Input(shape=(12, 12, 1), name="original_img")
    x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    encoder_output = layers.GlobalMaxPooling2D()(x)
    encoder = keras.Model(encoder_input, encoder_output, name="encoder")
    decoder_input = keras.Input(shape=(8,), name="encoded_img")
    x = layers.Reshape((2, 2, 2))(decoder_input)
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    x = layers.UpSampling2D(3)(x)
    decoder_output = layers.Conv2DTranspose(1, 1, activation="relu")(x)
    decoder = keras.Model(decoder_input, decoder_output, name="decoder")
    auto_input = keras.Input(shape=(12, 12, 1), name="img")
    autoencoder = keras.Model(auto_input, decoder(encoder(auto_input)), name="autoencoder")
    fill(autoencoder)
    with printed() as lines:
        autoencoder.summary(line_length=90, expand_nested=True)
    x = normal(2, 12, 12, 1)
    return {
        "y": plain(autoencoder(x)),
        "paths": paths(autoencoder),
        "summary": lines,
        "names": [v.name for v in autoencoder.layers],
        "encoded": plain(encoder.predict(x, verbose=0)),
        "config": autoencoder.get_config()["layers"][1]["class_name"],
        "nested": [v.name for v in autoencoder.get_layer("encoder").layers],
        "json": keras.models.model_from_json(autoencoder.to_json()).count_params(),
    }


@program
def ensemble(keras, folder):
    """Models called within a model, averaged."""

    def get_model():
        inputs = keras.Input(shape=(8,))
        return keras.Model(inputs, keras.layers.Dense(1)(inputs))

    models = [get_model() for _ in range(3)]
    inputs = keras.Input(shape=(8,))
    outputs = keras.layers.average([m(inputs) for m in models])
    whole = keras.Model(inputs=inputs, outputs=outputs)
    fill(whole)
    whole.save(f"{folder}/e.keras")
    return {
        "y": plain(whole(normal(3, 8))),
        "names": [v.name for v in whole.layers],
        "paths": paths(whole),
        "again": plain(keras.saving.load_model(f"{folder}/e.keras")(normal(3, 8))),
    }


@program
def multiple_inputs_and_outputs(keras, folder):
    """The ticket model of the functional guide."""
    layers = keras.layers
    title_input = keras.Input(shape=(None,), name="title")
    body_input = keras.Input(shape=(None,), name="body")
    tags_input = keras.Input(shape=(4,), name="tags")
    title = layers.LSTM(6)(layers.Embedding(20, 5)(title_input))
    body = layers.LSTM(3)(layers.Embedding(20, 5)(body_input))
    x = layers.concatenate([title, body, tags_input])
    priority = layers.Dense(1, name="priority")(x)
    department = layers.Dense(3, name="department")(x)
    model = keras.Model(inputs=[title_input, body_input, tags_input], outputs={"priority": priority, "department": department})
    fill(model)
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={
            "priority": keras.losses.BinaryCrossentropy(from_logits=True),
            "department": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
    )
    rng = np.random.default_rng(0)
    data = {
        "title": rng.integers(20, size=(24, 5)),
        "body": rng.integers(20, size=(24, 7)),
        "tags": rng.integers(2, size=(24, 4)).astype("float32"),
    }
    targets = {"priority": rng.random((24, 1)), "department": np.eye(3)[rng.integers(3, size=24)]}
    history = model.fit(data, targets, epochs=2, batch_size=8, verbose=0, shuffle=False)
    predicted = model.predict(data, verbose=0)
    return {
        "history": numbers(history),
        "shapes": {k: list(v.shape) for k, v in predicted.items()},
        "loss": model.evaluate(data, targets, verbose=0),
        "dict": model.evaluate(data, targets, verbose=0, return_dict=True),
        "metrics": model.metrics_names,
    }


@program
def toy_resnet(keras, folder):
    """Residual connections by layers.add and by +."""
    layers = keras.layers
    inputs = keras.Input(shape=(16, 16, 3), name="img")
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    block_1 = layers.MaxPooling2D(3)(x)
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(block_1)
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(x)
    block_2 = layers.add([x, block_1])
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(block_2)
    block_3 = x + block_2 * 0.5
    x = layers.GlobalAveragePooling2D()(block_3[:, 1:])
    x = keras.ops.concatenate([x, keras.ops.mean(block_1, axis=(1, 2))], axis=-1)
    x = layers.Dropout(0.5)(layers.Dense(16, activation="relu")(x))
    model = keras.Model(inputs, layers.Dense(10)(x), name="toy_resnet")
    fill(model, scale=0.3)
    x = normal(4, 16, 16, 3)
    with printed() as lines:
        model.summary(line_length=110)
    model.save(f"{folder}/r.keras")
    loaded = keras.models.load_model(f"{folder}/r.keras")
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return {
        "y": plain(model(x)),
        "loaded": plain(loaded(x)),
        "copy": plain(copy(x)),
        "names": [o.name for o in model.operations],
        "summary": lines,
    }


@program
def shared_layers_and_nodes(keras, folder):
    """A shared embedding, its nodes, extracted features, a graph across models."""
    layers = keras.layers
    shared = layers.Embedding(10, 4)
    a, b = keras.Input(shape=(None,), dtype="int32"), keras.Input(shape=(None,), dtype="int32")
    ea, eb = shared(a), shared(b)
    both = layers.Dot(axes=-1)([layers.GlobalAveragePooling1D()(ea), layers.GlobalAveragePooling1D()(eb)])
    model = keras.Model([a, b], both)
    fill(model)
    ids = np.arange(6).reshape(2, 3)
    part = keras.Model(a, ea)
    middle = keras.Model(ea, layers.Dense(2, kernel_initializer="ones")(ea))
    return {
        "y": plain(model([ids, ids[:, ::-1] + 1])),
        "part": plain(part(ids)),
        "middle": plain(middle(normal(1, 2, 4))),
        "output": fails(lambda: shared.output),
        "names": [v.name for v in model.layers],
        "nodes": len(shared._inbound_nodes) if hasattr(shared, "_inbound_nodes") else 2,
        "mismatch": [fails(model, [ids]), fails(model, ids)],
    }


@program
def transfer_learning(keras, folder):
    """Freezing recursively, BatchNormalization in inference mode, fine-tuning."""
    layers = keras.layers
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    out = {"bn": [len(layer.weights), len(layer.trainable_weights), len(layer.non_trainable_weights)]}
    layer1, layer2 = layers.Dense(3, activation="relu"), layers.Dense(3, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(3,)), layer1, layer2])
    fill(model)
    layer1.trainable = False
    initial = layer1.get_weights()[0].copy()
    model.compile(optimizer="adam", loss="mse")
    model.fit(normal(2, 3), normal(2, 3, seed=1), verbose=0)
    out["frozen"] = bool(np.allclose(initial, layer1.get_weights()[0]))
    inner = keras.Sequential([keras.Input(shape=(3,)), layers.Dense(3, activation="relu"), layers.Dense(3, activation="relu")])
    outer = keras.Sequential([keras.Input(shape=(3,)), inner, layers.Dense(3, activation="sigmoid")])
    outer.trainable = False
    out["recursive"] = [inner.trainable, inner.layers[0].trainable, len(outer.trainable_weights)]
    inner.trainable = True
    out["inner"] = [outer.trainable, len(inner.trainable_weights), len(outer.trainable_weights)]
    base = keras.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), include_top=False, alpha=0.35)
    base.trainable = False
    inputs = keras.Input(shape=(32, 32, 3))
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    top = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.2)(x)))
    out["top"] = [len(top.trainable_weights), len(top.weights), top.count_params(), len(base.layers), base.layers[5].name]
    small = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    fill(small)
    small.layers[1].set_weights([np.ones(4), np.zeros(4), np.zeros(4), np.ones(4)])
    small.trainable = False
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(small(inputs, training=False)))
    fill(model.layers[-1])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    x, y = normal(32, 4), normal(32, 1, seed=3)
    history = model.fit(dataset(keras).from_tensor_slices((x, y)).batch(8), epochs=2, verbose=0)
    still = plain(small.layers[1].moving_mean)
    small.trainable = True
    model.compile(keras.optimizers.Adam(1e-3), "mse", metrics=["mae"])
    fine = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    out["train"] = [numbers(history), still, numbers(fine), plain(small.layers[1].moving_mean), plain(small.layers[0].kernel)]
    return out


@program
def clones(keras, folder):
    """clone_model with clone_function, input_tensors and call_function."""
    layers = keras.layers
    inputs = keras.Input((4,), name="x")
    model = keras.Model(
        inputs, layers.Dense(2, name="b")(layers.Dropout(0.5, name="drop")(layers.Dense(3, activation="relu", name="a")(inputs)))
    )
    fill(model)

    def clone(layer):
        if isinstance(layer, layers.Dropout):
            return layers.Dropout(0.1, name="drop")
        config = layer.get_config()
        config["name"] = "my_" + config["name"]
        return layer.__class__.from_config(config)

    new = keras.models.clone_model(model, clone_function=clone)
    new.set_weights(model.get_weights())
    other = keras.models.clone_model(model, input_tensors=keras.Input((4,), name="other"))
    seq = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="q")])
    copy = keras.models.clone_model(seq)
    return {
        "names": [v.name for v in new.layers],
        "y": plain(new(normal(2, 4))),
        "rate": new.layers[2].rate,
        "other": [v.name for v in other.layers],
        "copy": [type(copy).__name__, [v.name for v in copy.layers], copy.built],
    }


@program
def functional_details(keras, folder):
    """Dict inputs, training and mask arguments, constants, ops with kwargs, getters."""
    layers = keras.layers
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b")}
    x = layers.Multiply()([inputs["a"], inputs["b"]])
    x = keras.ops.where(x > 0, x, keras.ops.exp(x) - 1)
    heads = {"sum": keras.ops.sum(x, axis=-1, keepdims=True), "top": keras.ops.top_k(x, 2)[0]}
    model = keras.Model(inputs, heads)
    a, b = normal(2, 3), normal(2, 3, seed=1)
    got = model({"a": a, "b": b})
    again = keras.Model.from_config(model.get_config())
    matrix = convert_matrix(keras)
    weird = keras.Model(inputs["a"], keras.ops.matmul(inputs["a"], matrix))
    att = layers.MultiHeadAttention(2, 3)
    seq = keras.Input((5, 6))
    y, scores = att(seq, seq, return_attention_scores=True, use_causal_mask=True)
    attention = fill(keras.Model(seq, [y, scores]))
    return {
        "y": plain(got),
        "again": plain(again({"a": a, "b": b})),
        "predict": plain(model.predict({"a": a, "b": b}, verbose=0)),
        "const": plain(weird(a)),
        "attention": [plain(v) for v in attention(normal(1, 5, 6))],
        "symbol": [plain(seq), plain(y), plain(inputs["a"] @ matrix), plain(seq[..., 0]), plain(seq.shape)],
        "errors": [fails(keras.Model, inputs["a"], a), fails(model, {"a": a}), fails(keras.Model, keras.Input((2,)), heads["sum"])],
        "index": [model.get_layer(index=0).name, fails(model.get_layer, "nothing"), fails(model.get_layer, index=99)],
    }


def convert_matrix(keras):
    """Return a constant."""
    return keras.ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(3, 2))
