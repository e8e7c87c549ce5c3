"""More programs of guides and examples: recommenders, structured data, contrastive learning, diffusion steps, details users meet."""

import numpy as np

from .guide_programs import dataset, fails, fill, integers, normal, numbers, paths, plain, printed, program, tape


@program
def recommender(keras, folder):
    """The MovieLens model: embeddings with regularizers and a dot product in a subclass; wide and deep for structured data."""
    ops, layers = keras.ops, keras.layers

    class RecommenderNet(keras.Model):
        def __init__(self, num_users, num_movies, embedding_size, **kwargs):
            super().__init__(**kwargs)
            options = {"embeddings_initializer": "he_normal", "embeddings_regularizer": keras.regularizers.l2(1e-6)}
            self.user_embedding = layers.Embedding(num_users, embedding_size, **options)
            self.user_bias = layers.Embedding(num_users, 1)
            self.movie_embedding = layers.Embedding(num_movies, embedding_size, **options)
            self.movie_bias = layers.Embedding(num_movies, 1)

        def call(self, inputs):
            user_vector, user_bias = self.user_embedding(inputs[:, 0]), self.user_bias(inputs[:, 0])
            movie_vector, movie_bias = self.movie_embedding(inputs[:, 1]), self.movie_bias(inputs[:, 1])
            dot_user_movie = ops.tensordot(user_vector, movie_vector, 2)
            return (
                ops.nn.sigmoid(dot_user_movie + user_bias + movie_bias)
                if hasattr(ops, "nn")
                else ops.sigmoid(dot_user_movie + user_bias + movie_bias)
            )

    x, y = np.stack([integers(6, 20), integers(8, 20, seed=1)], axis=1), np.linspace(0, 1, 20).astype("float32")
    model = RecommenderNet(6, 8, 4)
    model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.SGD(learning_rate=0.1))
    model(x[:1])
    fill(model)
    out = {
        "net": numbers(model.fit(x=x, y=y, batch_size=5, epochs=2, verbose=0, validation_data=(x[:4], y[:4]), shuffle=False)),
        "paths": paths(model),
    }
    inputs = {n: keras.Input(shape=(), name=n, dtype="string" if n == "kind" else "float32") for n in ("age", "income", "kind")}
    encoded = []
    for name, tensor in inputs.items():
        if name == "kind":
            lookup = layers.StringLookup(vocabulary=["a", "b"], mask_token=None, num_oov_indices=1, output_mode="int")
            encoded.append(layers.Embedding(input_dim=3, output_dim=2)(lookup(tensor)))
        else:
            encoded.append(ops.expand_dims(tensor, -1))
    wide = layers.BatchNormalization()(layers.concatenate(encoded))
    deep = layers.concatenate(encoded)
    for units in (6, 4):
        deep = layers.Dropout(0.0)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(deep))))
    merged = layers.concatenate([wide, deep])
    model = keras.Model(inputs=inputs, outputs=layers.Dense(units=3, activation="softmax")(merged))
    rng = np.random.default_rng(2)
    model.set_weights([rng.uniform(0.1, 0.6, w.shape).astype("float32") for w in model.get_weights()])
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    data = {"age": normal(12), "income": normal(12, seed=1), "kind": np.array(["a", "b", "c"] * 4)}
    ds = dataset(keras).from_tensor_slices((data, integers(3, 12))).batch(4)
    out["wide"] = numbers(model.fit(ds, epochs=2, verbose=0))
    out["wide_eval"] = model.evaluate(ds, verbose=0)
    return out


@program
def contrastive(keras, folder):
    """Supervised contrastive loss, SimSiam's stop_gradient, a momentum encoder, triplet loss, Barlow's correlation."""
    ops, layers = keras.ops, keras.layers

    class SupervisedContrastiveLoss(keras.losses.Loss):
        def __init__(self, temperature=1, name=None):
            super().__init__(name=name)
            self.temperature = temperature

        def __call__(self, labels, feature_vectors, sample_weight=None):
            vectors = ops.normalize(feature_vectors, axis=1, order=2)
            logits = ops.divide(ops.matmul(vectors, ops.transpose(vectors)), self.temperature)
            same = ops.cast(ops.equal(ops.reshape(labels, (-1, 1)), ops.reshape(labels, (1, -1))), "float32")
            log_prob = ops.log_softmax(logits, axis=-1)
            return -ops.mean(ops.sum(same * log_prob, axis=1) / ops.sum(same, axis=1))

    x, y = normal(16, 6), integers(3, 16)
    encoder = fill(keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(3)]))
    encoder.compile(optimizer=keras.optimizers.SGD(0.1), loss=SupervisedContrastiveLoss(0.05))
    out = {"supcon": numbers(encoder.fit(x=x, y=y, batch_size=8, epochs=2, shuffle=False, verbose=0))}

    class SimSiam(keras.Model):
        def __init__(self, encoder, predictor):
            super().__init__()
            self.encoder, self.predictor = encoder, predictor
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.momentum = keras.Sequential.from_config(encoder.get_config())
            self.momentum.set_weights(encoder.get_weights())

        @property
        def metrics(self):
            return [self.loss_tracker]

        def train_step(self, data):
            one, two = data

            def distance(p, z):
                z = ops.stop_gradient(z)
                return -ops.mean(ops.sum(ops.normalize(p, axis=1) * ops.normalize(z, axis=1), axis=1))

            with tape(keras) as t:
                z1, z2 = self.encoder(one, training=True), self.encoder(two, training=True)
                p1, p2 = self.predictor(z1, training=True), self.predictor(z2, training=True)
                loss = distance(p1, z2) / 2 + distance(p2, z1) / 2
            params = self.encoder.trainable_variables + self.predictor.trainable_variables
            self.optimizer.apply_gradients(zip(t.gradient(loss, params), params))
            for weight, m_weight in zip(self.encoder.weights, self.momentum.weights):
                m_weight.assign(0.9 * m_weight + 0.1 * weight)
            self.loss_tracker.update_state(loss)
            return {"loss": self.loss_tracker.result()}

    predictor = fill(keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(3)]))
    model = SimSiam(encoder, predictor)
    model.compile(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.03, 4), momentum=0.6))
    pairs = dataset(keras).zip((dataset(keras).from_tensor_slices(x), dataset(keras).from_tensor_slices(x[::-1].copy()))).batch(8)
    out["simsiam"] = [numbers(model.fit(pairs, epochs=2, verbose=0)), plain(model.momentum.get_weights()[0][0])]

    class DistanceLayer(layers.Layer):
        def call(self, anchor, positive, negative):
            return ops.sum(ops.square(anchor - positive), -1), ops.sum(ops.square(anchor - negative), -1)

    inputs = [keras.Input(name=n, shape=(6,)) for n in ("anchor", "positive", "negative")]
    distances = DistanceLayer()(*(encoder(i) for i in inputs))
    siamese = keras.Model(inputs=inputs, outputs=distances)

    class SiameseModel(keras.Model):
        def __init__(self, siamese_network, margin=0.5):
            super().__init__()
            self.siamese_network, self.margin = siamese_network, margin
            self.loss_tracker = keras.metrics.Mean(name="loss")

        def call(self, inputs):
            return self.siamese_network(inputs)

        def _compute_loss(self, data):
            ap, an = self.siamese_network(data)
            return ops.maximum(ap - an + self.margin, 0.0)

        def train_step(self, data):
            with tape(keras) as t:
                loss = self._compute_loss(data)
            gradients = t.gradient(loss, self.siamese_network.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.siamese_network.trainable_weights))
            self.loss_tracker.update_state(loss)
            return {"loss": self.loss_tracker.result()}

        def test_step(self, data):
            self.loss_tracker.update_state(self._compute_loss(data))
            return {"loss": self.loss_tracker.result()}

        @property
        def metrics(self):
            return [self.loss_tracker]

    model = SiameseModel(siamese)
    model.compile(optimizer=keras.optimizers.Adam(0.001), weighted_metrics=[])
    triples = dataset(keras).zip(tuple(dataset(keras).from_tensor_slices(normal(8, 6, seed=i)) for i in range(3))).batch(4)
    out["triplet"] = [numbers(model.fit(triples, epochs=2, validation_data=triples, verbose=0)), [list(v.shape) for v in distances]]
    return out


@program
def diffusion(keras, folder):
    """The DDIM example's pieces: adapted normalizer, sinusoidal embedding by Lambda, EMA network, own train and test steps."""
    import math

    ops, layers = keras.ops, keras.layers

    @keras.saving.register_keras_serializable(package="guide3")
    def sinusoidal_embedding(x):
        frequencies = ops.exp(ops.linspace(ops.log(1.0), ops.log(1000.0), 4))
        angular_speeds = ops.cast(2.0 * math.pi * frequencies, "float32")
        return ops.concatenate([ops.sin(angular_speeds * x), ops.cos(angular_speeds * x)], axis=3)

    def residual_block(width):
        def apply(x):
            residual = x if x.shape[3] == width else layers.Conv2D(width, kernel_size=1)(x)
            x = layers.BatchNormalization(center=False, scale=False)(x)
            x = layers.Conv2D(width, kernel_size=3, padding="same", activation="swish")(x)
            return layers.Add()([layers.Conv2D(width, kernel_size=3, padding="same")(x), residual])

        return apply

    noisy_images, noise_variances = keras.Input(shape=(8, 8, 3)), keras.Input(shape=(1, 1, 1))
    e = layers.Lambda(sinusoidal_embedding, output_shape=(1, 1, 8))(noise_variances)
    e = layers.UpSampling2D(size=8, interpolation="nearest")(e)
    x = layers.Concatenate()([layers.Conv2D(4, kernel_size=1)(noisy_images), e])
    skip = x = residual_block(4)(x)
    x = residual_block(6)(layers.AveragePooling2D(pool_size=2)(x))
    x = layers.UpSampling2D(size=2, interpolation="bilinear")(x)
    x = residual_block(4)(layers.Concatenate()([x, skip]))
    network = keras.Model(
        [noisy_images, noise_variances], layers.Conv2D(3, kernel_size=1, kernel_initializer="zeros")(x), name="residual_unet"
    )
    rng = np.random.default_rng(4)
    network.set_weights([rng.uniform(0.05, 0.3, w.shape).astype("float32") for w in network.get_weights()])

    class DiffusionModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.normalizer = layers.Normalization()
            self.network = network
            self.ema_network = keras.models.clone_model(self.network)
            self.ema_network.set_weights(self.network.get_weights())

        def compile(self, **kwargs):
            super().compile(**kwargs)
            self.noise_loss_tracker = keras.metrics.Mean(name="n_loss")

        @property
        def metrics(self):
            return [self.noise_loss_tracker]

        def train_step(self, images):
            images = self.normalizer(images, training=True)
            noises = ops.flip(images, axis=1) * 0.5
            angles = ops.linspace(0.1, 1.2, 4)[:, None, None, None]
            noise_rates, signal_rates = ops.sin(angles), ops.cos(angles)
            with tape(keras) as t:
                pred = self.network([signal_rates * images + noise_rates * noises, noise_rates**2], training=True)
                noise_loss = self.loss(noises, pred)
            gradients = t.gradient(noise_loss, self.network.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights))
            self.noise_loss_tracker.update_state(noise_loss)
            for weight, ema_weight in zip(self.network.weights, self.ema_network.weights):
                ema_weight.assign(0.9 * ema_weight + (1 - 0.9) * weight)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, images):
            images = self.normalizer(images, training=False)
            pred = self.ema_network([images, ops.ones((4, 1, 1, 1)) * 0.5], training=False)
            self.noise_loss_tracker.update_state(self.loss(images, pred))
            return {m.name: m.result() for m in self.metrics}

    images = rng.random((8, 8, 8, 3)).astype("float32")
    ds = dataset(keras).from_tensor_slices(images).batch(4, drop_remainder=True)
    model = DiffusionModel()
    model.built = True
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate=1e-2, weight_decay=1e-4), loss=keras.losses.mean_absolute_error)
    model.normalizer.adapt(ds)
    check = keras.callbacks.ModelCheckpoint(
        filepath=folder + "/d.weights.h5", save_weights_only=True, monitor="val_n_loss", mode="min", save_best_only=True
    )
    try:
        history = model.fit(ds, epochs=2, validation_data=ds, callbacks=[check], verbose=0)
    finally:
        keras.saving.get_custom_objects().clear()
    return {"history": numbers(history), "mean": plain(model.normalizer.mean), "weights": len(model.weights)}


@program
def subclass_details(keras, folder):
    """Models by subclassing: dict outputs, integer inputs, tuples, summary, build by shape, several call arguments, lists of layers."""
    ops, layers = keras.ops, keras.layers

    class Two(keras.Model):
        def __init__(self):
            super().__init__(name="two")
            self.blocks = [layers.Dense(4, activation="relu", name=f"block_{i}") for i in range(2)]
            self.heads = {"a": layers.Dense(1, name="head_a"), "b": layers.Dense(2, name="head_b")}
            self.embed = layers.Embedding(5, 3)

        def call(self, inputs, training=False, scale=1.0):
            x = ops.concatenate([inputs["x"], self.embed(inputs["ids"])], axis=-1)
            for block in self.blocks:
                x = block(x)
            return {k: head(x) * scale for k, head in self.heads.items()}

    model = Two()
    data = {"x": normal(6, 2), "ids": integers(5, 6)}
    first = model(data)
    out = {"shapes": {k: list(v.shape) for k, v in first.items()}, "paths": paths(model), "layers": [v.name for v in model.layers]}
    fill(model)
    out["y"], out["scaled"] = plain(model(data)), plain(model(data, scale=2.0)["a"])
    model.compile("sgd", {"a": "mse", "b": "mae"}, metrics={"a": ["mae"]})
    targets = {"a": normal(6, 1), "b": normal(6, 2)}
    out["history"] = numbers(model.fit(data, targets, batch_size=3, epochs=2, shuffle=False, verbose=0))
    out["predict"] = plain(model.predict(data, verbose=0))
    model.save_weights(f"{folder}/w.weights.h5")
    other = Two()
    other(data)
    other.load_weights(f"{folder}/w.weights.h5")
    out["loaded"] = plain(other(data)["b"])

    class Plain(keras.Model):
        def __init__(self, units=3):
            super().__init__()
            self.units = units
            self.dense, self.norm = layers.Dense(units), layers.BatchNormalization()

        def call(self, x, training=None):
            return self.norm(self.dense(x), training=training)

    unbuilt = Plain()
    out["unbuilt"] = [unbuilt.built, len(unbuilt.weights)]
    unbuilt(np.ones((2, 4)))
    out["built"] = [unbuilt.built, [list(w.shape) for w in unbuilt.weights], unbuilt.count_params()]
    with printed() as lines:
        unbuilt.summary(line_length=80)
    out["summary"] = lines
    fresh = Plain()
    fresh.compile("adam", "mse")
    fresh.fit(normal(8, 4), normal(8, 3), verbose=0)
    out["fresh"] = [len(fresh.weights), fresh.built, len(fresh.optimizer.variables)]
    x = keras.Input((4,))
    nested = keras.Model(x, layers.Dense(1)(Plain()(x)))
    fill(nested)
    out["nested"] = [plain(nested(normal(2, 4))), [p for p, _ in paths(nested)]]
    out["frozen"] = []
    nested.layers[1].trainable = False
    out["frozen"] = [len(nested.trainable_weights), len(nested.non_trainable_weights)]

    class Tuples(keras.Model):
        def call(self, inputs):
            a, b = inputs
            return a + b, a * b

    a, b = Tuples().predict((normal(4, 2), normal(4, 2, seed=1)), verbose=0)
    out["tuples"] = [plain(a), plain(b)]

    class Counter(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="count")
            self.limit = keras.Variable(3.0, trainable=False, name="limit")

        def call(self, x):
            self.count.assign(self.count + 1)
            return x * ops.cast(self.count, x.dtype)

    counter = Counter()
    i = keras.Input((2,))
    counted = keras.Model(i, counter(i))
    out["counter"] = [
        plain(counted(np.ones((1, 2), "float32"))),
        plain(counted(np.ones((1, 2), "float32"))),
        int(counter.count),
        [str(v.dtype) for v in counter.weights],
    ]
    return out


@program
def what_goes_wrong(keras, folder):
    """Mistakes users make raise in both libraries: the kinds of errors."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse")

    class NoSuper(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(1)

    x = keras.Input((4,))
    cases = {
        "shape": lambda: model(np.ones((2, 5), "float32")),
        "fit_shape": lambda: model.fit(np.ones((2, 5)), np.ones((2, 2)), verbose=0),
        "rank": lambda: layers.Conv2D(1, 3)(np.ones((2, 3), "float32")),
        "units": lambda: layers.Dense(0),
        "negative": lambda: layers.Dense(-1),
        "activation": lambda: layers.Dense(1, activation="nope"),
        "loss": lambda: model.compile("sgd", "nope") or model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0),
        "optimizer": lambda: model.compile("nope", "mse"),
        "super": NoSuper,
        "concatenate": lambda: layers.Concatenate()([np.ones((2, 3)), np.ones((3, 3))]),
        "add": lambda: layers.Add()([keras.Input((3,)), keras.Input((4,))]),
        "keyword": lambda: layers.Dense(2, nothing=1),
        "twice": lambda: keras.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]),
        "disconnected": lambda: keras.Model(keras.Input((4,)), layers.Dense(1)(x)),
        "not_layer": lambda: keras.Sequential([1]),
        "weights": lambda: model.set_weights([np.ones((4, 2))]),
        "weight_shape": lambda: model.layers[0].set_weights([np.ones((3, 2)), np.ones(2)]),
        "no_data": lambda: model.fit(verbose=0),
        "reshape": lambda: layers.Reshape((3, 5))(np.ones((2, 4))),
        "padding": lambda: layers.Conv2D(1, 3, padding="nope"),
        "rate": lambda: layers.Dropout(1.5),
        "heads": lambda: layers.MultiHeadAttention(0, 2),
        "pool": lambda: layers.MaxPooling2D(-1),
        "merge": lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="nope"),
        "vocabulary": lambda: layers.StringLookup(vocabulary=["a", "a"]),
        "initializer": lambda: layers.Dense(1, kernel_initializer="nope"),
        "input": lambda: keras.Input(),
        "call": lambda: keras.Model()(np.ones((2, 2))),
        "lr": lambda: setattr(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 3)), "learning_rate", 0.1),
        "embedding": lambda: layers.Embedding(3, 2)(x[0, :, :, :]),
        "dtype": lambda: layers.Dense(1, dtype="nope"),
        "class_weight": lambda: model.fit(np.ones((4, 4)), np.ones((4, 2)), class_weight={0: 1.0}, validation_split=1.5, verbose=0),
        "batch": lambda: model.fit(np.ones((4, 4)), np.ones((3, 2)), verbose=0),
        "callbacks": lambda: model.fit(np.ones((4, 4)), np.ones((4, 2)), callbacks=["x"], verbose=0),
    }
    return {name: fails(case) is not None for name, case in cases.items()}
