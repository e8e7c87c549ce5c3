"""The small utilities: Progbar, images, seeds, Config, PyDataset, packing, MNIST; against Keras where it has an answer."""

import json
import random
import re
import sys
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ShapeError
from tensorweb.utils import progress
from tensorweb.utils.legacy_shuffle import shuffled
from tests.data_files import pixels

STORED = json.loads((Path(__file__).parents[1] / "data" / "keras_data.json").read_text())


# --- Progbar ---


def run_bar(case, capsys, monkeypatch, overdraws):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "time", lambda: now[0])
    bar = tw.utils.Progbar(**case["kwargs"])
    bar._overdraws = overdraws
    for current, values, at in case["updates"]:
        now[0] = 1000.0 + at
        bar.update(current, [(k, tw.tensor(v) if isinstance(v, list) else v) for k, v in values])
    return capsys.readouterr().out


@pytest.mark.parametrize("case", STORED["progress"], ids=lambda c: str(c["kwargs"]))
def test_progbar_draws_as_keras(case, capsys, monkeypatch):
    assert run_bar(case, capsys, monkeypatch, True) == case["text"]


@pytest.mark.parametrize("case", STORED["progress"], ids=lambda c: str(c["kwargs"]))
def test_progbar_prints_plain_lines_elsewhere(case, capsys, monkeypatch):
    found = run_bar(case, capsys, monkeypatch, False)
    assert "\033" not in found and "\b" not in found and "\r" not in found
    if case["kwargs"].get("verbose") != 2:
        keras = [re.sub("\033\\[[0-9;]*m|\b", "", part).rstrip() for part in case["text"].split("\r")]
        ours = [line.rstrip() for line in found.split("\n")]
        assert [re.sub(" [━ ]{10,}", "|", line) for line in ours if line] == [re.sub(" [━ ]{10,}", "|", line) for line in keras if line]


def test_progbar_add_and_errors(capsys):
    bar = tw.utils.Progbar(4, verbose=2)
    bar.add(3, [("a", 1.0)])
    bar.add(1, [("a", 3.0)])
    assert re.fullmatch(r"4/4 - 0s - \d+(us|ms)/step - a: 3\.0000\n", capsys.readouterr().out)
    with pytest.raises(ArgumentError):
        tw.utils.Progbar(4, stateful_metrics=["a"], stateless_metrics=["b"])


def test_bars_in_terminals_without_their_characters(monkeypatch):
    import io

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    tw.utils.Progbar(2).update(2)
    sys.stdout.flush()
    assert b"2/2 ====" in raw.getvalue()


def test_interactive_logging(capsys, caplog):
    assert tw.utils.is_interactive_logging_enabled()
    tw.utils.disable_interactive_logging()
    try:
        assert not tw.utils.is_interactive_logging_enabled()
        with caplog.at_level("INFO", "tensorweb"):
            tw.utils.Progbar(1).update(1)
        assert capsys.readouterr().out == "" and "1/1" in caplog.text
    finally:
        tw.utils.enable_interactive_logging()
    assert tw.utils.is_interactive_logging_enabled()


# --- images ---


@pytest.mark.parametrize("case", STORED["images"], ids=lambda c: str([v for v in c.values() if not isinstance(v, list) or len(v) < 4])[:80])
def test_images_as_keras(case, tmp_path):
    image = pytest.importorskip("PIL.Image")
    if "load" in case:
        path = tmp_path / "image.png"
        channels = {"L": 1, "RGB": 3, "RGBA": 4}[case["mode"]]
        image.frombytes(case["mode"], (7, 5), pixels(5, 7, channels)).save(path)
        found = tw.utils.img_to_array(tw.utils.load_img(path, **case["load"]))
        assert found.tolist() == case["array"] and str(found.dtype) == "float32"
        first = tw.utils.img_to_array(tw.utils.load_img(path, **case["load"]), data_format="channels_first", dtype="uint8")
        assert first.shape == (found.shape[2], *found.shape[:2]) and str(first.dtype) == "uint8"
    elif "array_to_img" in case:
        img = tw.utils.array_to_img(tw.tensor(case["array_to_img"]), scale=case["scale"])
        assert (img.mode, list(img.tobytes())) == (case["mode"], case["bytes"])
        turned = tw.transpose(tw.tensor(case["array_to_img"]), (2, 0, 1))
        assert tw.utils.array_to_img(turned, "channels_first", case["scale"]).tobytes() == img.tobytes()
    else:
        made = tw.preprocessing.image.smart_resize(tw.tensor(case["smart_resize"]), case["size"])
        flat = [v for row in case["array"] for pixel in row for v in pixel]
        assert isinstance(made, tw.Tensor) and made.flatten().tolist() == pytest.approx(flat, rel=1e-5, abs=1e-5)
        both = tw.stack([tw.tensor(case["smart_resize"])] * 2)
        assert tw.preprocessing.image.smart_resize(both, case["size"]).shape == (2, *made.shape)


def test_images_written_and_read_again(tmp_path):
    pytest.importorskip("PIL")
    np = pytest.importorskip("numpy")
    values = np.arange(4 * 3 * 3, dtype="float32").reshape(4, 3, 3) * 7
    for name in ("x.png", "x.bmp"):
        tw.utils.save_img(tmp_path / name, values, scale=False)
        found = tw.utils.img_to_array(tw.utils.load_img(str(tmp_path / name)))
        assert isinstance(found, np.ndarray) and (found == values).all()
        found /= 255.0  # the array is the caller's own
    tw.utils.save_img(tmp_path / "x.jpg", values)
    assert tw.utils.load_img(tmp_path / "x.jpg").format is None or tw.utils.load_img(tmp_path / "x.jpg").size == (3, 4)
    with pytest.warns(UserWarning, match="RGBA"):
        tw.utils.save_img(tmp_path / "y.jpg", np.zeros((2, 2, 4)))
    with open(tmp_path / "x.png", "rb") as file:
        assert tw.utils.load_img(file).size == (3, 4)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I", "F", "I;16"])
def test_images_of_other_modes(mode):
    image = pytest.importorskip("PIL.Image")
    np = pytest.importorskip("numpy")
    img = image.new(mode, (3, 2), 1)
    assert tw.utils.img_to_array(img).reshape(2, 3).tolist() == np.asarray(img).astype("float32").tolist() or mode == "1"


def test_wrong_images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (2, 2)).save(tmp_path / "x.png")
    for kwargs in ({"color_mode": "bgr"}, {"target_size": (3, 3), "interpolation": "best"}):
        with pytest.raises(ArgumentError):
            tw.utils.load_img(tmp_path / "x.png", **kwargs)
    with pytest.raises(TypeError):
        tw.utils.load_img(5)
    for shape in ((2, 2), (2, 2, 5), (1, 2, 2, 3)):
        with pytest.raises(ShapeError):
            tw.utils.array_to_img(tw.zeros(shape))
    with pytest.raises(ShapeError):
        tw.utils.img_to_array(tw.zeros((1, 2, 2, 3)))
    with pytest.raises(ArgumentError):
        tw.utils.img_to_array(tw.zeros((2, 2, 3)), data_format="first")
    with pytest.raises(ArgumentError):
        tw.preprocessing.image.smart_resize(tw.zeros((2, 2, 3)), (1, 2, 3))
    with pytest.raises(ShapeError):
        tw.preprocessing.image.smart_resize(tw.zeros((2, 2)), (1, 2))


# --- seeds, order ---


@pytest.mark.parametrize("case", STORED["shuffles"], ids=lambda c: f"{c['seed']}-{c['n']}")
def test_files_are_shuffled_as_by_randomstate(case):
    assert shuffled(list(range(case["n"])), case["seed"]) == case["order"]


def test_one_seed_for_all():
    np = pytest.importorskip("numpy")
    draws = []
    for _ in range(2):
        tw.utils.set_random_seed(12)
        draws.append((random.random(), np.random.rand(), tw.random.uniform((2,)).tolist()))
    assert draws[0] == draws[1]
    for wrong in (1.5, "1", None, True):
        with pytest.raises(ArgumentError):
            tw.utils.set_random_seed(wrong)


# --- Config, PyDataset, packing ---


def test_config():
    config = tw.utils.Config(a=1)
    config.b, config["c"] = 2, 3
    assert (config.a, config["b"], config.get("c"), config.get("d", 4)) == (1, 2, 3, 4)
    assert (len(config), list(config), "b" in config) == (3, ["a", "b", "c"], True)
    assert config.to_json() == '{"a": 1, "b": 2, "c": 3}' and repr(config) == "<Config {'a': 1, 'b': 2, 'c': 3}>"
    assert config.pop("a") == 1 and dict(config.items()) == config.as_dict() == {"b": 2, "c": 3}
    config.update({"learning_rate": 0.1}, momentum=0.5)
    with pytest.raises(AttributeError, match="Did you mean 'learning_rate'"):
        config.learning_rat  # noqa: B018
    config.freeze()
    for change in (lambda: setattr(config, "b", 5), lambda: config.pop("b"), lambda: config.update(b=1), lambda: config.__delitem__("b")):
        with pytest.raises(ArgumentError):
            change()
    assert config.frozen and config.b == 2
    config.unfreeze()
    del config["b"]
    assert list(config.keys()) == ["c", "learning_rate", "momentum"] and list(config.values()) == [3, 0.1, 0.5]


def test_py_dataset():
    class Squares(tw.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return index * index

    ds = Squares(workers=2)
    assert list(ds) == [0, 1, 4] and ds.num_batches == 3 and (ds.workers, ds.use_multiprocessing, ds.max_queue_size) == (2, False, 10)
    ds.workers = 5
    assert ds.workers == 5 and tw.utils.Sequence is tw.utils.PyDataset and ds.on_epoch_end() is None

    class Forgetful(Squares):
        def __init__(self):
            pass

    with pytest.warns(UserWarning, match="super\\(\\).__init__"):
        assert Forgetful().workers == 1

    class Endless(tw.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return index

    assert [x for x, _ in zip(Endless(), range(4))] == [0, 1, 2, 3]
    with pytest.raises(NotImplementedError):
        tw.utils.PyDataset()[0]


def test_packing():
    pack, unpack = tw.utils.pack_x_y_sample_weight, tw.utils.unpack_x_y_sample_weight
    assert (pack(1), pack([1]), pack(1, 2), pack(1, 2, 3), pack(1, None, 3)) == (1, ([1],), (1, 2), (1, 2, 3), 1)
    assert (unpack(1), unpack((1,)), unpack([1, 2]), unpack((1, 2, 3))) == ((1, None, None), (1, None, None), (1, 2, None), (1, 2, 3))
    for wrong in ((), (1, 2, 3, 4)):
        with pytest.raises(ArgumentError):
            unpack(wrong)


# --- MNIST, names ---


def test_mnist_as_keras_programs_use_it():
    np = pytest.importorskip("numpy")
    pytest.importorskip("tensorweb_datasets")
    (x_train, y_train), (x_test, y_test) = tw.datasets.mnist.load_data(path="mnist.npz")
    assert (x_train.shape, y_train.shape, x_test.shape, y_test.shape) == ((9000, 28, 28), (9000,), (1000, 28, 28), (1000,))
    assert isinstance(x_train, np.ndarray) and x_train.dtype == y_train.dtype == np.uint8 and x_train.max() == 255
    x_train = x_train.reshape(9000, 784).astype("float32")
    x_train /= 255
    whole = tw.data.mnist()
    assert np.allclose(whole.train_images.numpy().reshape(9000, 784), x_train) and (whole.test_labels.numpy() == y_test).all()


def test_keras_names_of_preprocessing():
    assert tw.preprocessing.image_dataset_from_directory is tw.utils.image_dataset_from_directory
    assert tw.preprocessing.timeseries_dataset_from_array is tw.utils.timeseries_dataset_from_array
    assert tw.preprocessing.text_dataset_from_directory is tw.utils.text_dataset_from_directory
    assert tw.preprocessing.sequence.pad_sequences is tw.utils.pad_sequences
    assert tw.preprocessing.image.load_img is tw.utils.load_img


def test_what_arrays_tell():
    x = tw.zeros((2, 3), "uint8")
    assert (x.itemsize, x.nbytes, tw.zeros((2, 3)).nbytes) == (1, 6, 24)
    assert x.reshape(3, 2).shape == (3, 2) and tw.zeros((2, 3)).transpose(1, 0).shape == (3, 2) and x.astype("float32").dtype == "float32"
