"""Programs of the guides on training: compile, fit, evaluate and predict, callbacks, custom loops and steps."""

import os
from pathlib import Path

import numpy as np

from .guide_programs import convert, dataset, fails, fill, integers, normal, numbers, plain, printed, program, tape


def classifier(keras, features=8, classes=4):
    """Return the small classifier of the training guide."""
    inputs = keras.Input(shape=(features,), name="digits")
    x = keras.layers.Dense(8, activation="relu", name="dense_1")(inputs)
    x = keras.layers.Dense(8, activation="relu", name="dense_2")(x)
    outputs = keras.layers.Dense(classes, activation="softmax", name="predictions")(x)
    return fill(keras.Model(inputs=inputs, outputs=outputs))


def digits(n=48, features=8, classes=4):
    """Return inputs and labels."""
    return normal(n, features), integers(classes, n, seed=2).astype("float32")


@program
def custom_losses_and_metrics(keras, folder):
    """Losses as functions and classes, a Metric subclass, config and reload."""
    ops = keras.ops
    x, y = digits()

    def custom_mean_squared_error(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    @keras.saving.register_keras_serializable(package="guide")
    class CustomMSE(keras.losses.Loss):
        def __init__(self, regularization_factor=0.1, name="custom_mse", **kwargs):
            super().__init__(name=name, **kwargs)
            self.regularization_factor = regularization_factor

        def call(self, y_true, y_pred):
            mse = ops.mean(ops.square(y_true - y_pred), axis=-1)
            return mse + ops.mean(ops.square(0.5 - y_pred), axis=-1) * self.regularization_factor

        def get_config(self):
            return {"regularization_factor": self.regularization_factor, "name": self.name}

    @keras.saving.register_keras_serializable(package="guide")
    class CategoricalTruePositives(keras.metrics.Metric):
        def __init__(self, name="categorical_true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            y_pred = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
            if len(y_true.shape) == 2 and y_true.shape[1] == 4:
                y_true = ops.argmax(y_true, axis=1)
            values = ops.cast(ops.cast(ops.reshape(y_true, (-1, 1)), "int32") == ops.cast(y_pred, "int32"), "float32")
            if sample_weight is not None:
                values = ops.multiply(values, ops.cast(sample_weight, "float32"))
            self.true_positives.assign_add(ops.sum(values))

        def result(self):
            return self.true_positives.value

        def reset_state(self):
            self.true_positives.assign(0)

    out = {}
    hot = np.eye(4, dtype="float32")[y.astype(int)]
    for name, loss in (
        ("function", custom_mean_squared_error),
        ("class", CustomMSE()),
        ("huber", lambda a, b: keras.losses.huber(a, b, delta=0.3)),
    ):
        model = classifier(keras)
        model.compile(optimizer=keras.optimizers.Adam(), loss=loss)
        out[name] = numbers(model.fit(x, hot, batch_size=16, epochs=2, shuffle=False, verbose=0))
    model = classifier(keras)
    model.compile(keras.optimizers.RMSprop(1e-3), keras.losses.SparseCategoricalCrossentropy(), metrics=[CategoricalTruePositives(), "acc"])
    out["metric"] = numbers(model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0))
    model = classifier(keras)
    model.compile("adam", CustomMSE(0.3), metrics=[CategoricalTruePositives(name="ctp")])
    model.fit(x, hot, batch_size=16, epochs=1, shuffle=False, verbose=0)
    model.save(f"{folder}/m.keras")
    loaded = keras.models.load_model(f"{folder}/m.keras")
    out["loaded"] = [loaded.loss.regularization_factor, [m.name for m in loaded.metrics], loaded.evaluate(x, hot, verbose=0)]
    out["names"] = [type(loaded.loss).__name__, loaded.metrics_names]

    def quantile(q):
        def loss(y_true, y_pred):
            e = y_true - y_pred
            return ops.mean(ops.maximum(q * e, (q - 1) * e), axis=-1)

        return loss

    inputs = keras.Input((8,))
    model = fill(keras.Model(inputs, [keras.layers.Dense(1, name=f"q{i}")(inputs) for i in range(3)]))
    model.compile("sgd", loss=[quantile(q) for q in (0.1, 0.5, 0.9)])
    out["quantiles"] = numbers(model.fit(x, [x[:, :1]] * 3, epochs=2, shuffle=False, verbose=0))
    return out


@program
def weights_and_splits(keras, folder):
    """validation_split, class and sample weights, datasets with weights, steps, predict on datasets."""
    x, y = digits()
    out = {}

    def compiled(**options):
        model = classifier(keras)
        options = {"metrics": ["sparse_categorical_accuracy"], **options}
        model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=1e-2), loss=keras.losses.SparseCategoricalCrossentropy(), **options)
        return model

    model = compiled()
    out["split"] = numbers(model.fit(x, y, batch_size=16, validation_split=0.2, epochs=2, shuffle=False, verbose=0))
    model = compiled(weighted_metrics=["accuracy"])
    out["class"] = numbers(
        model.fit(x, y, class_weight={0: 1.0, 1: 1.0, 2: 2.0, 3: 0.5}, batch_size=16, epochs=1, shuffle=False, verbose=0)
    )
    weight = np.ones(shape=(len(y),))
    weight[y == 2] = 2.0
    model = compiled()
    out["sample"] = numbers(model.fit(x, y, sample_weight=weight, batch_size=16, epochs=1, shuffle=False, verbose=0))
    data = dataset(keras)
    train = data.from_tensor_slices((x, y, weight)).batch(16)
    val = data.from_tensor_slices((x[:20], y[:20])).batch(8)
    model = compiled()
    out["dataset"] = numbers(model.fit(train, epochs=2, validation_data=val, verbose=0))
    out["evaluate"] = model.evaluate(val, return_dict=True, verbose=0)
    model = compiled()
    repeated = data.from_tensor_slices((x, y)).batch(16).repeat()
    out["steps"] = numbers(
        model.fit(repeated, epochs=2, steps_per_epoch=5, validation_data=val, validation_steps=1, validation_freq=2, verbose=0)
    )
    out["predict"] = [list(model.predict(val.map(lambda a, b: a), verbose=0).shape), list(model.predict(val, steps=1, verbose=0).shape)]
    model = compiled()
    model.fit(x, y, epochs=1, verbose=0, shuffle=False)
    out["initial"] = model.fit(x, y, initial_epoch=2, epochs=4, verbose=0).epoch
    out["empty"] = [fails(model.fit, x[:5], y), fails(model.predict, normal(2, 9)), fails(classifier(keras).fit, x, y)]

    class Sequence(keras.utils.PyDataset):
        def __init__(self, x_in, y_in, batch_size, **kwargs):
            super().__init__(**kwargs)
            self.x, self.y, self.batch_size, self.ends = x_in, y_in, batch_size, 0

        def __len__(self):
            return int(np.ceil(len(self.x) / float(self.batch_size)))

        def __getitem__(self, idx):
            return self.x[idx * self.batch_size : (idx + 1) * self.batch_size], self.y[idx * self.batch_size : (idx + 1) * self.batch_size]

        def on_epoch_end(self):
            self.ends += 1

    seq = Sequence(x, y, 10)
    model = compiled()
    out["py"] = [
        numbers(model.fit(seq, epochs=2, shuffle=False, verbose=0)),
        model.evaluate(seq, verbose=0),
        list(model.predict(seq, verbose=0).shape),
    ]

    def generate():
        for i in range(0, 48, 12):
            yield x[i : i + 12], y[i : i + 12]

    model = compiled()
    out["generator"] = [numbers(model.fit(generate(), verbose=0)), model.evaluate(generate(), verbose=0)]
    with printed() as lines:
        model.fit(x, y, batch_size=16, epochs=1, verbose=2, shuffle=False)
    out["printed"] = [line.split(" - ")[0] for line in lines]
    return out


@program
def many_inputs_and_outputs(keras, folder):
    """Images and timeseries to scores and classes, losses and metrics in lists and dicts."""
    layers = keras.layers
    image = keras.Input(shape=(8, 8, 3), name="img_input")
    series = keras.Input(shape=(None, 3), name="ts_input")
    x1 = layers.GlobalMaxPooling2D()(layers.Conv2D(3, 3)(image))
    x2 = layers.GlobalMaxPooling1D()(layers.Conv1D(3, 3)(series))
    x = layers.concatenate([x1, x2])
    model = keras.Model([image, series], [layers.Dense(1, name="score_output")(x), layers.Dense(5, name="class_output")(x)])
    fill(model)
    a, b = normal(12, 8, 8, 3), normal(12, 6, 3)
    score, kind = normal(12, 1, seed=4), np.eye(5, dtype="float32")[integers(5, 12)]
    mse, cce = keras.losses.MeanSquaredError(), keras.losses.CategoricalCrossentropy(from_logits=True)
    out = {}
    model.compile(
        keras.optimizers.RMSprop(1e-3),
        loss=[mse, cce],
        metrics=[[keras.metrics.MeanAbsolutePercentageError(), keras.metrics.MeanAbsoluteError()], [keras.metrics.CategoricalAccuracy()]],
    )
    out["lists"] = numbers(model.fit([a, b], [score, kind], batch_size=4, epochs=1, shuffle=False, verbose=0))
    model.compile(
        keras.optimizers.RMSprop(1e-3),
        loss={"score_output": mse, "class_output": cce},
        metrics={
            "score_output": [keras.metrics.MeanAbsolutePercentageError(), keras.metrics.MeanAbsoluteError()],
            "class_output": [keras.metrics.CategoricalAccuracy()],
        },
        loss_weights={"score_output": 2.0, "class_output": 1.0},
    )
    out["dicts"] = numbers(
        model.fit({"img_input": a, "ts_input": b}, {"score_output": score, "class_output": kind}, batch_size=4, shuffle=False, verbose=0)
    )
    model = fill(keras.Model(model.inputs, model.outputs))
    model.compile(keras.optimizers.RMSprop(1e-3), loss=[None, cce])
    out["one"] = numbers(model.fit([a, b], [score, kind], batch_size=4, shuffle=False, verbose=0))
    data = (
        dataset(keras)
        .from_tensor_slices(({"img_input": a, "ts_input": b}, {"score_output": score, "class_output": kind}))
        .shuffle(1)
        .batch(4)
    )
    model.compile(keras.optimizers.RMSprop(1e-3), loss={"score_output": mse, "class_output": cce})
    out["dataset"] = numbers(model.fit(data, verbose=0))
    out["batch"] = [model.train_on_batch([a, b], [score, kind], return_dict=True), model.test_on_batch([a, b], [score, kind])]
    out["names"] = model.metrics_names
    weights = [np.linspace(0, 1, 12), np.ones(12)]
    out["weights"] = numbers(model.fit([a, b], [score, kind], sample_weight=weights, batch_size=4, shuffle=False, verbose=0))
    return out


@program
def callbacks(keras, folder):
    """EarlyStopping, checkpoints, schedules, plateaus and CSV as in the guide, and restored training."""
    x, y = digits()
    out = {}

    def compiled(optimizer="adam"):
        model = classifier(keras)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e-2, patience=2, verbose=1, restore_best_weights=True)
    model = compiled(keras.optimizers.SGD(2.0))
    with printed() as lines:
        out["stop"] = numbers(model.fit(x, y, epochs=9, batch_size=16, callbacks=[stop], validation_split=0.2, shuffle=False, verbose=0))
    out["stopped"] = [stop.stopped_epoch, stop.best_epoch, lines]
    check = keras.callbacks.ModelCheckpoint(filepath=folder + "/mymodel_{epoch}.keras", save_best_only=True, monitor="val_loss")
    compiled().fit(x, y, epochs=3, batch_size=16, callbacks=[check], validation_split=0.2, shuffle=False, verbose=0)
    out["files"] = sorted(os.listdir(folder))
    restored = keras.models.load_model(f"{folder}/mymodel_1.keras")
    out["restored"] = [restored.evaluate(x, y, verbose=0), numbers(restored.fit(x, y, batch_size=16, shuffle=False, verbose=0))]
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5, staircase=True)
    model = compiled(keras.optimizers.RMSprop(learning_rate=schedule))
    out["schedule"] = [numbers(model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)), float(model.optimizer.learning_rate)]
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.2, patience=1, min_lr=1e-4, min_delta=10)
    model = compiled(keras.optimizers.SGD(0.1))
    out["plateau"] = numbers(model.fit(x, y, epochs=4, batch_size=16, callbacks=[plateau], shuffle=False, verbose=0))
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr if epoch < 1 else lr * 0.5)
    csv = keras.callbacks.CSVLogger(folder + "/log.csv")
    seen = []
    on_end = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append([epoch, sorted(logs)]))
    model = compiled(keras.optimizers.Adam(0.1))
    out["scheduler"] = numbers(
        model.fit(x, y, epochs=3, batch_size=16, callbacks=[rates, csv, on_end], validation_split=0.2, shuffle=False, verbose=0)
    )
    out["seen"] = seen
    out["csv"] = Path(folder + "/log.csv").read_text().splitlines()[0].split(",")
    weights_only = keras.callbacks.ModelCheckpoint(
        folder + "/w_{epoch:02d}-{val_loss:.2f}.weights.h5", save_weights_only=True, save_freq="epoch"
    )
    model = compiled(keras.optimizers.SGD(0.1))
    model.fit(x, y, epochs=2, batch_size=16, callbacks=[weights_only], validation_split=0.2, shuffle=False, verbose=0)
    out["weights"] = sorted(f for f in os.listdir(folder) if f.endswith(".h5"))
    backup = keras.callbacks.BackupAndRestore(folder + "/backup")

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("Interrupting!")

    model = compiled(keras.optimizers.SGD(0.1))
    out["broken"] = fails(model.fit, x, y, epochs=4, batch_size=16, callbacks=[backup, Interrupt()], shuffle=False, verbose=0)
    out["resumed"] = model.fit(x, y, epochs=4, batch_size=16, callbacks=[backup], shuffle=False, verbose=0).epoch
    nan = fill(keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]))
    nan.compile(keras.optimizers.SGD(1e30), "mse")
    out["nan"] = len(nan.fit(x, y, epochs=5, batch_size=16, callbacks=[keras.callbacks.TerminateOnNaN()], shuffle=False, verbose=0).epoch)
    return out


@program
def own_callbacks(keras, folder):
    """The guide on writing callbacks: every hook, self.model, stop_training, learning rates."""
    x, y = digits(20)
    calls = []

    class CustomCallback(keras.callbacks.Callback):
        pass

    for what in ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch"):
        for end in ("begin", "end"):

            def hook(self, *args, _name=f"on_{what}_{end}", **kwargs):
                logs = kwargs.get("logs", args[-1] if args else None)
                calls.append([_name, sorted(logs) if isinstance(logs, dict) else None, args[0] if len(args) > 1 else None])

            setattr(CustomCallback, f"on_{what}_{end}", hook)
    model = classifier(keras)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    one = CustomCallback()
    model.fit(x, y, batch_size=10, epochs=1, validation_split=0.5, callbacks=[one], verbose=0)
    model.evaluate(x, y, batch_size=10, callbacks=[one], verbose=0)
    model.predict(x, batch_size=10, callbacks=[one], verbose=0)

    class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
        def __init__(self, patience=0):
            super().__init__()
            self.patience, self.best_weights = patience, None

        def on_train_begin(self, logs=None):
            self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

        def on_epoch_end(self, epoch, logs=None):
            if np.less(logs.get("loss"), self.best):
                self.best, self.wait, self.best_weights = logs.get("loss"), 0, self.model.get_weights()
            else:
                self.wait += 1
                if self.wait >= self.patience:
                    self.stopped_epoch, self.model.stop_training = epoch, True
                    self.model.set_weights(self.best_weights)

    class CustomLearningRateScheduler(keras.callbacks.Callback):
        def __init__(self, schedule):
            super().__init__()
            self.schedule = schedule

        def on_epoch_begin(self, epoch, logs=None):
            lr = float(self.model.optimizer.learning_rate)
            self.model.optimizer.learning_rate = self.schedule(epoch, lr)

    class Batches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append([batch, float(logs["loss"])])

    losses, rates = [], []
    model = classifier(keras)
    model.compile(keras.optimizers.SGD(5.0), "sparse_categorical_crossentropy")
    early = EarlyStoppingAtMinLoss()
    history = model.fit(x, y, batch_size=10, epochs=8, callbacks=[early, Batches()], shuffle=False, verbose=0)
    fill(model)
    schedule = CustomLearningRateScheduler(lambda epoch, lr: lr * 0.5 if epoch else lr)
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: rates.append(float(model.optimizer.learning_rate)))
    second = model.fit(x, y, batch_size=10, epochs=3, callbacks=[schedule, watch], shuffle=False, verbose=0)
    params = {}

    class Params(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            params.update(self.params)

    model.fit(x, y, batch_size=10, epochs=2, callbacks=Params(), verbose=0)
    return {
        "calls": calls,
        "stopped": early.stopped_epoch,
        "losses": losses,
        "history": numbers(history),
        "rates": rates,
        "second": numbers(second),
        "params": params,
        "epochs": history.epoch,
        "hooks": sorted(history.params),
    }


@program
def custom_loop(keras, folder):
    """The guide on writing a training loop from scratch, with metrics, extra losses and a GAN."""
    ops, layers = keras.ops, keras.layers
    x, y = digits()
    model = classifier(keras)
    optimizer = keras.optimizers.Adam(learning_rate=1e-2)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    train_acc, val_acc = keras.metrics.SparseCategoricalAccuracy(), keras.metrics.SparseCategoricalAccuracy()
    data = dataset(keras).from_tensor_slices((x, y)).batch(16)
    out = {"loss": [], "acc": [], "val": []}
    for _ in range(2):
        for x_batch, y_batch in data:
            with tape(keras) as t:
                logits = model(x_batch, training=True)
                value = loss_fn(y_batch, logits)
            grads = t.gradient(value, model.trainable_weights)
            optimizer.apply(grads, model.trainable_weights)
            train_acc.update_state(y_batch, logits)
            out["loss"].append(float(value))
        out["acc"].append(float(train_acc.result()))
        train_acc.reset_state()
        for x_batch, y_batch in data:
            val_acc.update_state(y_batch, model(x_batch, training=False))
        out["val"].append(float(val_acc.result()))
        val_acc.reset_state()
    discriminator = keras.Sequential(
        [keras.Input((6,)), layers.Dense(4), layers.LeakyReLU(negative_slope=0.2), layers.Dense(1)], name="discriminator"
    )
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(6, activation="tanh")], name="generator")
    fill(discriminator)
    fill(generator)
    d_opt, g_opt = keras.optimizers.Adam(0.003), keras.optimizers.Adam(0.004)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    gan = []
    for step in range(3):
        noise, real = convert(keras, normal(4, 3, seed=step)), convert(keras, normal(4, 6, seed=step + 9))
        combined = ops.concatenate([generator(noise), real], axis=0)
        labels = ops.concatenate([ops.ones((4, 1)), ops.zeros((4, 1))], axis=0)
        with tape(keras) as t:
            d_loss = bce(labels, discriminator(combined))
        d_opt.apply_gradients(zip(t.gradient(d_loss, discriminator.trainable_weights), discriminator.trainable_weights))
        with tape(keras) as t:
            g_loss = bce(ops.zeros((4, 1)), discriminator(generator(noise)))
        g_opt.apply_gradients(zip(t.gradient(g_loss, generator.trainable_weights), generator.trainable_weights))
        gan.append([float(d_loss), float(g_loss)])
    with tape(keras, persistent=True):
        v = keras.Variable([2.0, 3.0])
        with tape(keras) as inner:
            inner.watch(getattr(v, "value", v))
            cube = ops.sum(v**3)
        first = inner.gradient(cube, v.value if not hasattr(keras, "GradientTape") else v)
    out["gan"], out["first"], out["lr"] = gan, plain(first), float(optimizer.learning_rate)
    out["opt"] = [int(optimizer.iterations), len(optimizer.variables), sorted(optimizer.get_config())]
    return out
