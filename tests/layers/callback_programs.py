"""Small programs around callbacks, the same for real Keras and for TensorWeb: each gets the library and an empty folder, and returns
what happened, to compare."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import warnings
from pathlib import Path

import numpy as np

PROGRAMS = {}
NAN, INF = math.nan, math.inf
WHATS = ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch", "batch")
HOOKS = [f"on_{what}_{end}" for what in WHATS for end in ("begin", "end")]


def program(function):
    """Register a program."""
    PROGRAMS[function.__name__] = function
    return function


def small_model(keras, **compiled):
    """Return a compiled model with one weight of 1.0 and one of 0.0."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="d")], name="small")
    model.compile(**{"optimizer": keras.optimizers.SGD(0.01), "loss": "mse", "metrics": ["mae", "accuracy"], **compiled})
    set_weight(model, 1.0)
    return model


def set_weight(model, value):
    """Set the kernel."""
    model.set_weights([np.full((1, 1), value, "float32"), np.zeros(1, "float32")])


def get_weight(model):
    """Return the kernel."""
    return float(np.asarray(model.get_weights()[0]).reshape(-1)[0])


def data(n=8):
    """Return inputs and targets."""
    x = np.linspace(-1, 1, n).astype("float32").reshape(n, 1)
    return x, 2 * x + 1


@contextlib.contextmanager
def printed(folder):
    """Collect what is printed, without the folder's name, and the number of warnings."""
    found = {}
    text = io.StringIO()
    with contextlib.redirect_stdout(text), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found["printed"] = text.getvalue().replace(str(folder), "FOLDER")
    found["warned"] = len([w for w in caught if issubclass(w.category, UserWarning)])


def drive(keras, callback, series, folder, model=None, watch=None):
    """Call the hooks for epochs with these logs until training stops; return what is seen after each epoch."""
    model = model or small_model(keras)
    seen = []
    with printed(folder) as found:
        try:
            called = keras.callbacks.CallbackList([callback], add_history=True, model=model, verbose=0, epochs=len(series), steps=3)
            model.stop_training = False
            called.on_train_begin()
            for epoch, logs in enumerate(series):
                called.on_epoch_begin(epoch)
                set_weight(model, float(epoch))
                for batch in range(3):
                    called.on_train_batch_begin(batch)
                    called.on_train_batch_end(batch, dict(logs))
                called.on_epoch_end(epoch, dict(logs))
                rate = float(np.asarray(model.optimizer.learning_rate))
                seen.append([bool(model.stop_training), rate, *([watch()] if watch else [])])
                if model.stop_training:
                    break
            called.on_train_end()
            found["history"] = {k: [float(x) for x in v] for k, v in model.history.history.items()}
        except (ValueError, KeyError, RuntimeError) as error:
            found["raised"] = [k.__name__ for k in (ValueError, KeyError, RuntimeError) if isinstance(error, k)]
    return {"seen": seen, "weight": get_weight(model), **found}


def logs_of(name, values):
    """Return one log for each value."""
    return [{"loss": 1.0, name: v} for v in values]


SERIES = {
    "falls": [5.0, 4.0, 3.0, 2.0, 1.0, 0.5],
    "valley": [3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 0.5, 0.4],
    "rises": [0.1, 0.2, 0.3, 0.4, 0.5],
    "flat": [1.0] * 6,
    "nan": [2.0, NAN, NAN, 1.0, NAN, NAN, NAN],
    "nan first": [NAN, 2.0, 1.0, 1.5, 1.5],
    "inf": [INF, INF, 1.0, -INF, -INF, 1.0],
    "close": [0.1, 0.1 - 1e-9, 0.1 - 2e-9, 0.1 - 1e-7, 0.1 - 2e-7, 0.1],
    "steps": [1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7],
}


@program
def early_stopping(keras, folder):
    """Series of values against options."""
    options = [
        {}, {"patience": 1}, {"patience": 2, "restore_best_weights": True, "verbose": 1}, {"min_delta": 0.1, "patience": 1},
        {"baseline": 1.5, "patience": 2}, {"baseline": 0.01, "patience": 1, "restore_best_weights": True}, {"mode": "max", "patience": 1},
        {"start_from_epoch": 3, "patience": 1}, {"min_delta": -0.1, "patience": 1}, {"mode": "strange"},
        {"start_from_epoch": 100, "restore_best_weights": True, "verbose": 1},
    ]  # fmt: skip
    found = {}
    for name, values in SERIES.items():
        for i, option in enumerate(options):
            made = keras.callbacks.EarlyStopping(**option)
            found[f"{name} {i}"] = {**drive(keras, made, logs_of("val_loss", values), folder), "stopped": made.stopped_epoch}
    for monitor in ("val_accuracy", "accuracy", "mae", "val_mae", "loss", "other", "val_other"):
        for mode in ("auto", "min", "max"):
            made = keras.callbacks.EarlyStopping(monitor=monitor, mode=mode, patience=1)
            found[f"{monitor} {mode}"] = drive(keras, made, logs_of(monitor, SERIES["valley"]), folder)
    found["missing"] = drive(keras, keras.callbacks.EarlyStopping(), logs_of("nothing", [1.0, 2.0]), folder)
    return found


@program
def early_stopping_twice(keras, folder):
    """The same object in a second training."""
    made = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    return [drive(keras, made, logs_of("val_loss", values), folder) for values in (SERIES["valley"], SERIES["rises"])]


@program
def reduce_on_plateau(keras, folder):
    """Series of values against options."""
    options = [
        {"patience": 1}, {"patience": 1, "factor": 0.5, "verbose": 1}, {"patience": 2, "cooldown": 2}, {"patience": 1, "min_lr": 0.004},
        {"patience": 1, "min_delta": 0.1}, {"patience": 1, "mode": "max"}, {"patience": 0}, {"patience": 1, "min_lr": 0.01},
    ]  # fmt: skip
    found = {}
    for name, values in SERIES.items():
        for i, option in enumerate(options):
            found[f"{name} {i}"] = drive(keras, keras.callbacks.ReduceLROnPlateau(**option), logs_of("val_loss", values), folder)
    found["missing"] = drive(keras, keras.callbacks.ReduceLROnPlateau(), logs_of("nothing", [1.0, 2.0]), folder)
    made = keras.callbacks.ReduceLROnPlateau("accuracy", patience=1)
    found["accuracy"] = drive(keras, made, logs_of("accuracy", SERIES["valley"]), folder)
    return found


@program
def checkpoints(keras, folder):
    """Which files are written when: the model's save methods are replaced by ones that note the path."""
    cases = [
        ("m.keras", {}), ("m.h5", {"verbose": 1}), ("m.weights.h5", {"save_weights_only": True}), ("{epoch:02d}.keras", {}),
        ("{epoch}-{val_loss:.2f}.keras", {"verbose": 1}), ("best.keras", {"save_best_only": True, "verbose": 1}),
        ("best.keras", {"save_best_only": True, "mode": "max"}),
        ("b{epoch}.keras", {"save_best_only": True, "initial_value_threshold": 1.5}),
        ("{epoch}-{batch}.keras", {"save_freq": 2}), ("{epoch}-{batch}-{loss:.1f}.keras", {"save_freq": 4, "verbose": 1}),
        ("deep/er/m.keras", {}), ("{nothing}.keras", {}), ("best.keras", {"save_best_only": True, "monitor": "other", "mode": "min"}),
        ("best.keras", {"save_best_only": True, "monitor": "loss", "save_freq": 2}),
    ]  # fmt: skip
    found = {}
    for i, (path, option) in enumerate(cases):
        for name in ("valley", "nan first"):
            model, written = small_model(keras), []
            model.save = lambda p, overwrite=True, w=written: w.append(["model", os.path.relpath(p, folder)])
            model.save_weights = lambda p, overwrite=True, w=written: w.append(["weights", os.path.relpath(p, folder)])
            made = keras.callbacks.ModelCheckpoint(os.path.join(folder, path), **option)
            series = logs_of("val_loss", SERIES[name][:5])
            found[f"{i} {name}"] = {**drive(keras, made, series, folder, model, lambda w=written: len(w)), "written": written}
    only = {"save_weights_only": True}
    wrong = [("m", {}), ("m.keras", only), ("m.h5", only), ("m.keras", {"save_freq": "batch"})]
    for i, (path, option) in enumerate(wrong):
        try:
            keras.callbacks.ModelCheckpoint(path, **option)
        except ValueError:
            found[f"wrong {i}"] = "ValueError"
    return found


def recorder(keras, log, name=""):
    """Return a callback that notes each call of a hook, with the names of the logs."""

    class Recorder(keras.callbacks.Callback):
        """Notes."""

    def noting(hook):
        if hook.count("_") == 2 and hook.split("_")[1] in ("train", "test", "predict"):
            return lambda self, logs=None: log.append([name + hook, None, list(logs or {})])
        return lambda self, index, logs=None: log.append([name + hook, index, list(logs or {})])

    for hook in HOOKS:
        if name != "old" or "train_batch" not in hook:
            setattr(Recorder, hook, noting(hook))
    return Recorder()


@program
def hook_order(keras, folder):
    """All hooks of fit, evaluate and predict, in order, for two callbacks; the logs' names in their order."""
    log = []
    x, y = data()
    model = small_model(keras)
    both = [recorder(keras, log, "new"), [recorder(keras, log, "old")]]
    model.fit(x, y, batch_size=3, epochs=2, validation_data=(x, y), verbose=0, callbacks=both)
    model.evaluate(x, y, batch_size=5, verbose=0, callbacks=both)
    model.predict(x, batch_size=5, verbose=0, callbacks=both)
    model.fit(x, y, batch_size=4, epochs=4, initial_epoch=2, validation_data=(x, y), validation_freq=2, verbose=0, callbacks=both[0])
    return log


@program
def stopping_within(keras, folder):
    """stop_training set in a batch and in an epoch."""
    x, y = data()
    found = []
    for hook, at in (("on_train_batch_end", 1), ("on_epoch_end", 1), ("on_epoch_begin", 1), ("on_batch_begin", 0)):
        log, model = [], small_model(keras)

        class Stop(keras.callbacks.Callback):
            """Stops."""

        def stop(self, index, logs=None, at=at):
            self.model.stop_training = self.model.stop_training or index == at

        setattr(Stop, hook, stop)
        history = model.fit(x, y, batch_size=2, epochs=3, verbose=0, callbacks=[Stop(), recorder(keras, log)])
        found.append([log, history.epoch])
    return found


@program
def csv_files(keras, folder):
    """The files' text, for series of logs."""
    cases = {
        "plain": ({}, [{"loss": 0.5, "mae": 1}, {"loss": 0.25, "mae": 2}]),
        "separator": ({"separator": ";"}, [{"loss": 0.5, "val_loss": 1e-9}, {"loss": 0.25, "val_loss": 123456789.0}]),
        "late validation": ({}, [{"loss": 0.5}, {"loss": 0.25, "val_loss": 3.0}, {"val_loss": 1.0}]),
        "missing": ({}, [{"loss": 0.5, "b": 1.0}, {"loss": 0.25}]),
        "values": ({}, [{"loss": NAN, "text": "a,b", "list": [1, 2], "inf": -INF}]),
        "nothing": ({}, [{}]),
    }
    found = {}
    for name, (option, series) in cases.items():
        path = Path(folder, name + ".csv")
        for times in range(2):
            made = keras.callbacks.CSVLogger(path, append=bool(times), **option)
            drive_csv(keras, made, series)
            found[f"{name} {times}"] = path.read_bytes().decode()
    return found


def drive_csv(keras, made, series):
    """Call the hooks of a CSVLogger alone."""
    made.on_train_begin()
    for epoch, logs in enumerate(series):
        made.on_epoch_end(epoch, logs)
    made.on_train_end()


@program
def scheduler(keras, folder):
    """LearningRateScheduler in fit: with one argument and two, its message, a wrong value."""
    x, y = data()
    schedules = [lambda epoch: 0.1 / (epoch + 1), lambda epoch, rate: rate * 0.5, lambda epoch: np.float32(0.25), lambda epoch: 1, lambda epoch, rate: "no"]  # fmt: skip  # noqa: E501
    found = []
    for schedule in schedules:
        model = small_model(keras)
        with printed(folder) as text:
            try:
                history = model.fit(x, y, epochs=3, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(schedule, verbose=1)])
                text["history"] = {k: [float(x) for x in v] for k, v in history.history.items()}
            except ValueError:
                text["raised"] = "ValueError"
        found.append(text)
    return found


@program
def lambdas(keras, folder):
    """LambdaCallback's functions, other hooks by name too."""
    log = []

    def noting(name):
        return lambda *args, **kwargs: log.append([name, *[a for a in args if isinstance(a, int)]])

    made = keras.callbacks.LambdaCallback(**{hook: noting(hook) for hook in HOOKS if "batch" not in hook or "train" in hook})
    x, y = data()
    small_model(keras).fit(x, y, batch_size=4, epochs=2, validation_data=(x, y), verbose=0, callbacks=[made])
    return log


@program
def terminate_on_nan(keras, folder):
    """Training that diverges."""
    x, y = data()
    x[5] = INF
    found = []
    for raising in (False, True):
        model, log = small_model(keras), []
        with printed(folder) as text:
            try:
                made = keras.callbacks.TerminateOnNaN(raise_error=raising)
                both = [made, recorder(keras, log)]
                text["epochs"] = model.fit(x, y, batch_size=2, epochs=3, shuffle=False, verbose=0, callbacks=both).epoch
            except RuntimeError:
                text["raised"] = "RuntimeError"
        found.append([text, log])
    return found


@program
def swap_ema(keras, folder):
    """The weights that validation and the end of an epoch see."""
    x, y = data()
    found = []
    for each_epoch in (False, True):
        model = small_model(keras, optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
        weights = []

        class Seen(keras.callbacks.Callback):
            """Notes the kernel."""

            def on_epoch_begin(self, epoch, logs=None, weights=weights):
                weights.append(get_weight(self.model))

            on_epoch_end = on_epoch_begin

            def on_test_batch_end(self, batch, logs=None, weights=weights):
                weights.append(get_weight(self.model))

        callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=each_epoch), Seen()]
        history = model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0, callbacks=callbacks)
        found.append([weights, history.history["val_loss"], get_weight(model)])
    return found


@program
def backup(keras, folder):
    """A training that is interrupted, and goes on: files, epochs, the weight."""
    x, y = data()
    found = []
    for option in ({}, {"save_freq": 3, "delete_checkpoint": False}, {"double_checkpoint": True}):
        place = Path(folder, f"backup{len(found)}")
        stages = []
        for stop_at in (1, 99):
            log, model = [], small_model(keras)
            model.save_weights = lambda filepath, overwrite=True, m=model: Path(filepath).write_text(json.dumps(get_weight(m)))
            model.load_weights = lambda filepath, m=model: set_weight(m, json.loads(Path(filepath).read_text()))

            class Interrupt(keras.callbacks.Callback):
                """Raises."""

                def on_epoch_begin(self, epoch, logs=None, log=log, stop_at=stop_at):
                    log.append([epoch, get_weight(self.model)])
                    if epoch > stop_at:
                        raise RuntimeError("interrupted")

            try:
                callbacks = [keras.callbacks.BackupAndRestore(place, **option), Interrupt()]
                model.fit(x, y, batch_size=4, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
            except RuntimeError:
                log.append("interrupted")
            metadata = place / "training_metadata.json"
            stages.append([log, sorted(p.name for p in place.glob("*")), json.loads(metadata.read_text()) if metadata.exists() else None])
        found.append(stages)
    return found


@program
def history_object(keras, folder):
    """What History holds, and who it belongs to."""
    x, y = data()
    model = small_model(keras)
    history = model.fit(x, y, batch_size=3, epochs=2, verbose=0)
    own = keras.callbacks.History()
    again = model.fit(x, y, epochs=1, verbose=0, callbacks=[own])
    return [list(history.history), history.epoch, history.params, again is own, model.history is own, own.epoch]
