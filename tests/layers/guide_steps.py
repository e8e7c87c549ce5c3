"""Programs that customize fit: train_step, test_step, GAN, distillation, metric learning; mixed precision, averages, accumulation."""

import numpy as np

from .guide_programs import dataset, fill, integers, normal, numbers, paths, plain, program, tape


@program
def custom_train_step(keras, folder):
    """train_step by the compiled parts, by own metrics, with sample weights, and a test_step."""

    class CustomModel(keras.Model):
        def train_step(self, data):
            x, y = data
            with tape(keras) as t:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = t.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    class LowLevel(keras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = keras.losses.MeanSquaredError()

        def train_step(self, data):
            x, y = data
            with tape(keras) as t:
                y_pred = self(x, training=True)
                loss = self.loss_fn(y, y_pred)
            self.optimizer.apply(t.gradient(loss, self.trainable_variables), self.trainable_variables)
            self.loss_tracker.update_state(loss)
            self.mae_metric.update_state(y, y_pred)
            return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

        @property
        def metrics(self):
            return [self.loss_tracker, self.mae_metric]

    class Weighted(keras.Model):
        def train_step(self, data):
            if len(data) == 3:
                x, y, sample_weight = data
            else:
                sample_weight, (x, y) = None, data
            with tape(keras) as t:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
            self.optimizer.apply(t.gradient(loss, self.trainable_variables), self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred, sample_weight=sample_weight)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data):
            x, y = data
            y_pred = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    class Penalised(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight) + 0.1 * keras.ops.mean(y_pred**2)

    def made(cls):
        inputs = keras.Input(shape=(8,))
        hidden = keras.layers.Dense(4, activation="tanh")(inputs)
        return fill(cls(inputs, keras.layers.Dense(1)(hidden)))

    x, y, w = normal(40, 8), normal(40, 1, seed=5), np.linspace(0, 1, 40).astype("float32").reshape(-1, 1)
    out = {}
    model = made(CustomModel)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    out["custom"] = numbers(model.fit(x, y, epochs=2, shuffle=False, batch_size=16, verbose=0))
    model = made(LowLevel)
    model.compile(optimizer="adam")
    out["low"] = [
        numbers(model.fit(x, y, epochs=2, shuffle=False, batch_size=16, verbose=0)),
        [m.name for m in model.metrics],
        len(model.variables),
    ]
    model = made(Weighted)
    model.compile(optimizer="adam", loss="mse", weighted_metrics=["mae"])
    out["weighted"] = numbers(model.fit(x, y, sample_weight=w, epochs=2, shuffle=False, batch_size=16, verbose=0))
    out["test"] = model.evaluate(x, y, verbose=0, return_dict=True)
    model = made(Penalised)
    model.compile(optimizer="sgd", loss="mse")
    out["penalised"] = [numbers(model.fit(x, y, epochs=2, shuffle=False, verbose=0)), model.evaluate(x, y, verbose=0)]
    return out


@program
def gan(keras, folder):
    """The GAN as a model with its own compile and train_step."""
    ops, layers = keras.ops, keras.layers

    class GAN(keras.Model):
        def __init__(self, discriminator, generator, latent_dim):
            super().__init__()
            self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
            self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
            self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
            self.seed_generator = keras.random.SeedGenerator(1337)
            self.built = True

        @property
        def metrics(self):
            return [self.d_loss_tracker, self.g_loss_tracker]

        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

        def noise(self, batch):
            return 0 * keras.random.normal(shape=(batch, self.latent_dim), seed=self.seed_generator) + 0.3

        def train_step(self, real):
            if isinstance(real, tuple):
                real = real[0]
            batch = ops.shape(real)[0]
            generated = self.generator(self.noise(batch))
            combined = ops.concatenate([generated, ops.convert_to_tensor(real)], axis=0)
            labels = ops.concatenate([ops.ones((batch, 1)), ops.zeros((batch, 1))], axis=0)
            with tape(keras) as t:
                predictions = self.discriminator(combined)
                d_loss = self.loss_fn(labels, predictions)
            grads = t.gradient(d_loss, self.discriminator.trainable_weights)
            self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))
            with tape(keras) as t:
                predictions = self.discriminator(self.generator(self.noise(batch)))
                g_loss = self.loss_fn(ops.zeros((batch, 1)), predictions)
            grads = t.gradient(g_loss, self.generator.trainable_weights)
            self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
            self.d_loss_tracker.update_state(d_loss)
            self.g_loss_tracker.update_state(g_loss)
            return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}

    discriminator = keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(4, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(8, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ],
        name="discriminator",
    )
    generator = keras.Sequential(
        [
            keras.Input(shape=(6,)),
            layers.Dense(2 * 2 * 6),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((2, 2, 6)),
            layers.Conv2DTranspose(6, (4, 4), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(6, (4, 4), strides=(2, 2), padding="same"),
            layers.Conv2D(1, (7, 7), padding="same", activation="sigmoid"),
        ],
        name="generator",
    )
    fill(discriminator)
    fill(generator)
    model = GAN(discriminator=discriminator, generator=generator, latent_dim=6)
    model.compile(keras.optimizers.Adam(0.003), keras.optimizers.Adam(0.003), keras.losses.BinaryCrossentropy(from_logits=True))
    images = np.random.default_rng(0).random((12, 8, 8, 1)).astype("float32")
    history = model.fit(dataset(keras).from_tensor_slices(images).batch(4), epochs=2, verbose=0)
    direct = model.fit(images, batch_size=4, epochs=1, shuffle=False, verbose=0)
    return {"history": numbers(history), "direct": numbers(direct), "layers": [v.name for v in model.layers], "weights": len(model.weights)}


@program
def distillation(keras, folder):
    """Knowledge distillation by compute_loss."""
    ops, layers = keras.ops, keras.layers

    class Distiller(keras.Model):
        def __init__(self, student, teacher):
            super().__init__()
            self.teacher, self.student = teacher, student

        def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
            super().compile(optimizer=optimizer, metrics=metrics)
            self.student_loss_fn, self.distillation_loss_fn, self.alpha, self.temperature = (
                student_loss_fn,
                distillation_loss_fn,
                alpha,
                temperature,
            )

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
            teacher_pred = self.teacher(x, training=False)
            student_loss = self.student_loss_fn(y, y_pred)
            soft = self.distillation_loss_fn(
                ops.softmax(teacher_pred / self.temperature, axis=1), ops.softmax(y_pred / self.temperature, axis=1)
            )
            return self.alpha * student_loss + (1 - self.alpha) * soft * self.temperature**2

        def call(self, x):
            return self.student(x)

    def net(width, name):
        return fill(
            keras.Sequential(
                [
                    keras.Input((6, 6, 1)),
                    layers.Conv2D(width, 3),
                    layers.LeakyReLU(negative_slope=0.2),
                    layers.MaxPooling2D(2, 1, "same"),
                    layers.Flatten(),
                    layers.Dense(3),
                ],
                name=name,
            )
        )

    x, y = normal(16, 6, 6, 1), integers(3, 16)
    model = Distiller(student=net(2, "student"), teacher=net(5, "teacher"))
    model.teacher.trainable = False
    model.compile(
        keras.optimizers.Adam(),
        [keras.metrics.SparseCategoricalAccuracy()],
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        keras.losses.KLDivergence(),
        alpha=0.1,
        temperature=10,
    )
    history = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return {"history": numbers(history), "evaluate": model.evaluate(x, y, verbose=0, return_dict=True), "paths": paths(model)}


@program
def metric_learning(keras, folder):
    """Image similarity by anchors and positives (train_step over pairs), and siamese networks with a Lambda distance."""
    ops, layers = keras.ops, keras.layers

    class EmbeddingModel(keras.Model):
        def train_step(self, data):
            if isinstance(data, tuple):
                data = data[0]
            anchors, positives = data[0], data[1]
            with tape(keras) as t:
                a, p = self(anchors, training=True), self(positives, training=True)
                similarities = ops.einsum("ae,pe->ap", a, p) / 0.2
                sparse_labels = ops.arange(4)
                loss = self.compute_loss(y=sparse_labels, y_pred=similarities)
            self.optimizer.apply(t.gradient(loss, self.trainable_variables), self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(sparse_labels, similarities)
            return {m.name: m.result() for m in self.metrics}

    inputs = keras.Input((5,))
    model = fill(EmbeddingModel(inputs, layers.UnitNormalization()(layers.Dense(3)(inputs))))
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    pairs = normal(6, 2, 4, 5)
    out = {"similarity": numbers(model.fit(dataset(keras).from_tensor_slices(pairs), epochs=2, verbose=0))}

    def euclidean_distance(vects):
        x, y = vects
        return ops.sqrt(ops.maximum(ops.sum(ops.square(x - y), axis=1, keepdims=True), keras.config.epsilon()))

    def loss(margin=1):
        def contrastive_loss(y_true, y_pred):
            return ops.mean((1 - y_true) * ops.square(y_pred) + y_true * ops.square(ops.maximum(margin - y_pred, 0)))

        return contrastive_loss

    x = keras.Input((6, 6, 1))
    h = layers.BatchNormalization()(x)
    h = layers.Conv2D(2, (3, 3), activation="tanh")(h)
    h = layers.AveragePooling2D(pool_size=(2, 2))(h)
    h = layers.Dense(4, activation="tanh")(layers.BatchNormalization()(layers.Flatten()(h)))
    tower = keras.Model(x, h)
    one, two = keras.Input((6, 6, 1)), keras.Input((6, 6, 1))
    merged = layers.Lambda(euclidean_distance, output_shape=(1,))([tower(one), tower(two)])
    siamese = keras.Model([one, two], layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(merged)))
    rng = np.random.default_rng(3)
    siamese.set_weights([rng.uniform(0.1, 0.9, w.shape).astype("float32") for w in siamese.get_weights()])
    siamese.compile(loss=loss(margin=1), optimizer="RMSprop", metrics=["accuracy"])
    a, b, y = normal(16, 6, 6, 1), normal(16, 6, 6, 1, seed=1), integers(2, 16).astype("float32")
    history = siamese.fit([a, b], y, validation_data=([a[:4], b[:4]], y[:4]), batch_size=8, epochs=2, shuffle=False, verbose=0)
    return {
        **out,
        "siamese": numbers(history),
        "predict": plain(siamese.predict([a, b], verbose=0)),
        "names": [v.name for v in siamese.layers],
    }


@program
def optimizers_and_precision(keras, folder):
    """EMA, gradient accumulation, clipping, weight decay, loss scaling, mixed precision policies."""
    layers = keras.layers
    x, y = normal(24, 4), normal(24, 1, seed=1)
    out = {}

    def fit(optimizer, epochs=2):
        model = fill(keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(1)]))
        model.compile(optimizer, "mse")
        history = model.fit(x, y, epochs=epochs, batch_size=6, shuffle=False, verbose=0)
        return [numbers(history), plain(model.get_weights())]

    opt = keras.optimizers
    for name, made in {
        "ema": opt.Adam(0.1, use_ema=True, ema_momentum=0.5),
        "ema_every": opt.SGD(0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2),
        "accumulate": opt.SGD(0.1, momentum=0.9, gradient_accumulation_steps=2),
        "accumulate3": opt.Adam(0.1, gradient_accumulation_steps=3),
        "clipnorm": opt.SGD(0.1, clipnorm=0.1),
        "global": opt.SGD(0.1, global_clipnorm=0.1),
        "clipvalue": opt.Adam(0.1, clipvalue=0.01),
        "decay": opt.AdamW(0.1, weight_decay=0.1),
        "scaled": opt.LossScaleOptimizer(opt.SGD(0.1), initial_scale=4.0, dynamic_growth_steps=3),
        "cosine": opt.SGD(opt.schedules.CosineDecay(0.1, 6, warmup_target=0.2, warmup_steps=2)),
        "lion": opt.Lion(0.01),
        "nadam": opt.Nadam(0.01),
        "lookahead": opt.Adafactor(0.1),
        "muon": opt.Lamb(0.01),
        "ftrl": opt.Ftrl(0.1),
    }.items():
        out[name] = fit(made)
    policy = keras.mixed_precision.Policy("mixed_float16")
    out["policy"] = [policy.name, policy.compute_dtype, policy.variable_dtype]
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        inputs = keras.Input((4,), name="digits")
        dense = layers.Dense(5, activation="relu")
        h = dense(inputs)
        model = keras.Model(inputs, layers.Activation("softmax", dtype="float32", name="predictions")(layers.Dense(3)(h)))
        fill(model)
        out["mixed"] = [
            dense.dtype_policy.name,
            str(h.dtype),
            str(dense.kernel.dtype),
            str(model.output.dtype),
            dense.compute_dtype,
            dense.variable_dtype,
        ]
        model.compile(keras.optimizers.RMSprop(), "sparse_categorical_crossentropy")
        history = model.fit(x, integers(3, 24), batch_size=12, shuffle=False, verbose=0)
        out["mixed_fit"] = [round(history.history["loss"][0], 2), type(model.optimizer).__name__]
    finally:
        keras.mixed_precision.set_global_policy("float32")
    return out
