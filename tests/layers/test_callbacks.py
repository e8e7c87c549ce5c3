"""Callbacks do what real Keras's do (stored answers), and what a user expects beside that."""

import inspect
import io
import json
import math
import struct
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.callbacks import event_files, event_values

from . import callback_programs

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_callbacks.json").read_text())
LEFT_OUT = {"OrbaxCheckpoint"}  # another framework's files


def assert_alike(got, want, where):
    """Compare nested results: numbers to 1e-4 relative, all else exactly."""
    if isinstance(want, dict):
        assert list(got) == list(want) or set(got) == set(want), f"{where}: {sorted(got)}, Keras {sorted(want)}"
        for k in want:
            assert_alike(got[k], want[k], f"{where}.{k}")
    elif isinstance(want, list):
        assert isinstance(got, list) and len(got) == len(want), f"{where}: {got}, Keras {want}"
        for i, (a, b) in enumerate(zip(got, want)):
            assert_alike(a, b, f"{where}[{i}]")
    elif isinstance(want, float):
        assert float(got) == pytest.approx(want, rel=1e-4, abs=1e-6, nan_ok=True), where
    else:
        assert got == want, where


@pytest.mark.filterwarnings("ignore:EarlyStopping mode 'strange'")
@pytest.mark.parametrize("name", callback_programs.PROGRAMS)
def test_programs_as_keras(name, tmp_path):
    got = json.loads(json.dumps(callback_programs.PROGRAMS[name](tw, tmp_path), default=float))
    assert_alike(got, KERAS[name], name)


@pytest.mark.parametrize("name", KERAS["signatures"])
def test_constructors_as_keras(name):
    if name in LEFT_OUT:
        assert not hasattr(tw.callbacks, name)
        return
    parameters = list(inspect.signature(getattr(tw.callbacks, name).__init__).parameters.values())[1:]
    assert [[p.name, None if p.default is p.empty else repr(p.default)] for p in parameters] == KERAS["signatures"][name]


def small(**options):
    return callback_programs.small_model(tw, **options)


# --- which numbers are read -----------------------------------------------------------------------------------------------------


class Counter(tw.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.kinds = []

    def on_train_batch_end(self, batch, logs=None):
        self.kinds.append({type(v) for v in logs.values()})


def test_batches_give_numbers_to_callbacks_that_look():
    x, y = callback_programs.data()
    counter = Counter()
    small().fit(x, y, batch_size=2, verbose=0, callbacks=[counter])
    assert counter.kinds == [{float}] * 4


def test_no_number_is_read_for_callbacks_that_do_not_look():
    called = tw.callbacks.CallbackList([tw.callbacks.EarlyStopping(), tw.callbacks.CSVLogger("unused")], add_history=True)
    assert not called.wants_batch_logs
    assert tw.callbacks.CallbackList([tw.callbacks.TerminateOnNaN()]).wants_batch_logs
    assert tw.callbacks.CallbackList([tw.callbacks.LambdaCallback(on_train_batch_end=print)]).wants_batch_logs
    assert not tw.callbacks.CallbackList([tw.callbacks.LambdaCallback(on_train_batch_begin=print)]).wants_batch_logs


def test_the_bar_asks_for_numbers_only_when_it_is_drawn(monkeypatch, capsys):
    from tensorweb.callbacks import progress

    now = [100.0]
    monkeypatch.setattr(progress.time, "time", lambda: now[0])
    bar = tw.callbacks.ProgbarLogger()
    bar.set_params({"verbose": 1, "epochs": 1, "steps": 5})
    bar.on_epoch_begin(0)
    asked = []
    for step in range(5):
        asked.append(bar.wants_batch_logs)
        bar.on_train_batch_end(step, {"loss": 0.5} if asked[-1] else {"loss": tw.tensor(0.5)})
        now[0] += 0.02
    bar.on_epoch_end(0, {"loss": 0.25})
    assert asked == [True, False, False, True, False]
    assert capsys.readouterr().out.count("loss: 0.5000") == 2


def test_hand_written_loops_get_numbers(capsys):
    seen = []
    called = tw.callbacks.CallbackList(
        tw.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs)), add_history=True, model=small()
    )
    called.on_train_begin()
    called.on_epoch_begin(0)
    called.on_train_batch_begin(0)
    called.on_train_batch_end(0, {"loss": tw.tensor(2.0), "inner": {"b": tw.tensor([1.5])}})
    called.on_epoch_end(0, {"loss": tw.tensor(2.0)})
    called.on_train_end()
    assert seen == [{"loss": 2.0, "b": 1.5}]
    assert called.model.history.history == {"loss": [2.0]}


def test_hooks_come_in_pairs():
    with pytest.raises(ValueError, match="on_train_end"):
        tw.callbacks.CallbackList().on_train_end()


def test_a_bar_for_each_loop(capsys):
    x, y = callback_programs.data()
    model = small()
    model.fit(x, y, epochs=2, batch_size=4)
    out = capsys.readouterr().out
    assert "Epoch 1/2" in out and "Epoch 2/2" in out and "2/2 ━" in out and "- accuracy: " in out
    model.evaluate(x, y, batch_size=4)
    out = capsys.readouterr().out
    assert out.startswith("\n1/2") and out.endswith("\n") and "loss" in out
    model.predict(x, batch_size=2)
    assert "4/4" in capsys.readouterr().out
    model.fit(x, y, epochs=2, verbose=2)
    assert capsys.readouterr().out.splitlines()[1].startswith("1/1 - 0s - ")


# --- TensorBoard ------------------------------------------------------------------------------------------------------------------


def varint(data, i):
    value = shift = 0
    while True:
        value |= (data[i] & 0x7F) << shift
        shift, i = shift + 7, i + 1
        if not data[i - 1] & 0x80:
            return value, i


def fields(data):
    """Return {number: [values]} of a message: a small decoder of its own."""
    found, i = {}, 0
    while i < len(data):
        key, i = varint(data, i)
        if key & 7 == 0:
            value, i = varint(data, i)
        elif key & 7 == 2:
            size, i = varint(data, i)
            value, i = data[i : i + size], i + size
        else:
            size = {1: 8, 5: 4}[key & 7]
            value, i = data[i : i + size], i + size
        found.setdefault(key >> 3, []).append(value)
    return found


def events(path):
    """Yield the values of an event file as (tag, step, plugin, tensor's fields); checks lengths and checksums."""
    data, i = path.read_bytes(), 0
    while i < len(data):
        (size,) = struct.unpack("<Q", data[i : i + 8])
        content = data[i + 12 : i + 12 + size]
        assert data[i : i + 16 + size] == event_files.record(content)
        event = fields(content)
        for summary in event.get(5, []):
            for value in fields(summary)[1]:
                parts = fields(value)
                plugin = fields(fields(parts[9][0])[1][0])[1][0].decode()
                yield parts[1][0].decode(), event.get(2, [0])[0], plugin, fields(parts[8][0])
        i += 16 + size


@pytest.mark.parametrize("case", KERAS["records"], ids=lambda c: c["tag"][:10])
def test_records_are_those_of_tensorflow(case, tmp_path, monkeypatch):
    monkeypatch.setattr(event_files.time, "time", lambda: 1234567.875)
    writer = event_files.EventWriter(str(tmp_path))
    writer.scalar(case["tag"], float(case["value"]), case["step"])
    writer.close()
    (path,) = tmp_path.iterdir()
    header = event_files.record(event_files.field(1, 1234567.0) + event_files.field(3, b"brain.Event:2"))
    assert path.read_bytes() == header + bytes.fromhex(case["bytes"])


@pytest.mark.parametrize("values, want", KERAS["histograms"])
def test_histograms_are_those_of_tensorboard(values, want):
    got, want = fields(event_values.histogram(values)), fields(bytes.fromhex(want))
    assert got[1] == want[1] and got[2] == want[2]
    unpack = struct.Struct("<90d").unpack
    assert unpack(got[4][0]) == pytest.approx(unpack(want[4][0]), rel=1e-12)


@pytest.mark.parametrize("name", KERAS["boards"])
def test_tensorboard_writes_what_keras_writes(name, tmp_path):
    x, y = callback_programs.data()
    made = tw.callbacks.TensorBoard(tmp_path, **KERAS["boards"][name])
    small().fit(x, y, batch_size=2, epochs=2, shuffle=False, validation_data=(x, y), verbose=0, callbacks=[made])
    found = []
    for path in sorted(tmp_path.rglob("*tfevents*")):
        for tag, step, plugin, tensor in events(path):
            is_number = plugin == "scalars" and "per_second" not in tag
            found.append([path.parent.name, tag, step, plugin, struct.unpack("<f", tensor[4][0])[0] if is_number else None])
    # The order within a step is not part of the format.
    order = lambda e: (e[0], e[1], e[2])  # noqa: E731
    want = sorted(KERAS["board"][name], key=order)
    found = sorted(found, key=order)
    assert [e[:4] for e in found] == [e[:4] for e in want]
    for a, b in zip(found, want):
        assert a[4] == b[4] if b[4] is None else a[4] == pytest.approx(b[4], rel=1e-4), a


def test_images_are_png():
    from PIL import Image

    for shape, size, count in (((3, 2), (3, 2), 1), ((4,), (1, 4), 1), ((2, 5, 1, 3), (5, 2), 3), ((2, 3, 4, 3), (4, 3), 2)):
        tensor = fields(event_values.weight_images(tw.reshape(tw.linspace(-0.5, 1.5, math.prod(shape)), shape)))
        width, height, *images = tensor[8]
        assert (int(width), int(height)) == size and len(images) == count
        picture = Image.open(io.BytesIO(images[0]))
        assert picture.size == size and picture.getextrema() is not None
    assert event_values.weight_images(tw.ones((2, 3, 4, 5))) is None and event_values.weight_images(tw.tensor(1.0)) is None
    grey = Image.open(io.BytesIO(fields(event_values.weight_images(tw.tensor([-1.0, 0.0, 0.5, 1.0, 2.0, math.nan])))[8][2]))
    assert list(grey.tobytes()) == [0, 0, 127, 255, 255, 0]


def test_tensorboard_refuses_profiles_and_unknown_embeddings(tmp_path):
    with pytest.raises(ValueError, match="profile_batch"):
        tw.callbacks.TensorBoard(profile_batch=2)
    model = tw.Sequential([tw.Input((2,), dtype="int32"), tw.layers.Embedding(5, 3, name="words"), tw.layers.Flatten()])
    made = tw.callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "words.tsv"})
    made.set_model(model)
    assert 'metadata_path: "words.tsv"' in (tmp_path / "projector_config.pbtxt").read_text()
    with pytest.raises(ValueError, match="other"):
        tw.callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"other": "x"}).set_model(model)


# --- others ---------------------------------------------------------------------------------------------------------------------


def test_remote_monitor_posts(tmp_path):
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], self.headers["X-Key"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}"
    tw.callbacks.RemoteMonitor(root, headers={"X-Key": "k"}).on_epoch_end(1, {"loss": 0.5})
    tw.callbacks.RemoteMonitor(root, path="/other", send_as_json=True).on_epoch_end(2, {"loss": tw.tensor(0.25)})
    server.shutdown()
    server.server_close()
    path, kind, key, body = received[0]
    assert (path, kind, key) == ("/publish/epoch/end/", "application/x-www-form-urlencoded", "k")
    assert json.loads(urllib.parse.parse_qs(body)["data"][0]) == {"epoch": 1, "loss": 0.5}
    assert received[1][:2] == ("/other", "application/json") and json.loads(received[1][3]) == {"epoch": 2, "loss": 0.25}
    with pytest.warns(UserWarning, match="could not be reached"):
        tw.callbacks.RemoteMonitor(root).on_epoch_end(3, {})


def test_swap_ema_needs_means_and_gives_weights_back():
    x, y = callback_programs.data()
    with pytest.raises(ValueError, match="use_ema"):
        small().fit(x, y, verbose=0, validation_data=(x, y), callbacks=[tw.callbacks.SwapEMAWeights()])
    model = small(optimizer=tw.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
    model.fit(x, y, verbose=0)
    callback_programs.set_weight(model, 7.0)
    seen = []
    look = tw.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(callback_programs.get_weight(model)))
    model.predict(x, verbose=0, callbacks=[tw.callbacks.SwapEMAWeights(), look])
    assert seen[0] < 2 and callback_programs.get_weight(model) == 7.0


def test_checkpoints_are_models_and_weights(tmp_path):
    pytest.importorskip("h5py")
    x, y = callback_programs.data()
    model = small()
    whole = tw.callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch}.keras")
    weights = tw.callbacks.ModelCheckpoint(tmp_path / "{epoch}-{loss:.3f}.weights.h5", save_weights_only=True)
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[whole, weights])
    assert [p.name for p in sorted((tmp_path / "new").iterdir())] == ["1.keras", "2.keras"]
    again = tw.models.load_model(tmp_path / "new" / "2.keras")
    assert callback_programs.get_weight(again) == callback_programs.get_weight(model)
    first = small()
    first.load_weights(tmp_path / f"1-{history.history['loss'][0]:.3f}.weights.h5")
    assert callback_programs.get_weight(first) not in (1.0, callback_programs.get_weight(model))


def test_a_training_goes_on_with_its_optimizer(tmp_path):
    pytest.importorskip("h5py")
    x, y = callback_programs.data()

    def train(epochs, stop_at=None):
        def stop(epoch, logs):
            if epoch == stop_at:
                raise KeyboardInterrupt

        model = small(optimizer=tw.optimizers.Adam(0.1))
        callbacks = [tw.callbacks.BackupAndRestore(tmp_path / "backup"), tw.callbacks.LambdaCallback(on_epoch_begin=stop)]
        try:
            model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
        except KeyboardInterrupt:
            assert (tmp_path / "backup").exists()
        return callback_programs.get_weight(model)

    want = train(5)
    train(5, stop_at=3)
    assert train(5) == want and not (tmp_path / "backup").exists()


def test_a_broken_backup_falls_back_to_the_one_before(tmp_path):
    pytest.importorskip("h5py")
    x, y = callback_programs.data()
    seen = []
    for _ in range(2):
        model = small()
        look = tw.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
        made = tw.callbacks.BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
        model.fit(x, y, epochs=2 + len(seen), verbose=0, callbacks=[made, look])
        (tmp_path / "latest.weights.h5").write_bytes(b"broken")
    assert seen == [0, 1, 1, 2, 3]


def test_checkpoints_over_a_folder_say_so(tmp_path):
    (tmp_path / "m.keras").mkdir()
    x, y = callback_programs.data()
    with pytest.raises(OSError, match="folder"):
        small().fit(x, y, verbose=0, callbacks=[tw.callbacks.ModelCheckpoint(tmp_path / "m.keras")])


def test_backup_needs_a_folder_and_a_built_model(tmp_path):
    with pytest.raises(ValueError, match="folder"):
        tw.callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="save_freq"):
        tw.callbacks.BackupAndRestore(tmp_path, save_freq="batch")
    model = tw.Sequential([tw.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="built"):
        model.fit(tw.ones((2, 1)), tw.ones((2, 1)), verbose=0, callbacks=[tw.callbacks.BackupAndRestore(tmp_path / "b")])


def test_multi_optimizer_rates_have_names():
    from tensorweb.callbacks.learning_rate import add_learning_rates

    class Several:
        optimizers = (tw.optimizers.SGD(0.5, name="one"), tw.optimizers.SGD(0.25, name="two"))

    class Holder:
        optimizer = Several()

    logs = {}
    add_learning_rates(Holder(), logs)
    assert logs == {"learning_rate_one": 0.5, "learning_rate_two": 0.25}
