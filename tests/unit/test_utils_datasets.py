"""Datasets of folders, series and splits, against Keras's."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError
from tests.data_files import make_images, make_sounds, make_texts

from .test_dataset import plain, spec_text

STORED = json.loads((Path(__file__).parents[1] / "data" / "keras_data.json").read_text())
MAKERS = {"image": make_images, "text": make_texts, "audio": make_sounds}


def close(found, expected, tolerance=0.0):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            close(found[key], expected[key], tolerance)
    elif isinstance(expected, list):
        assert isinstance(found, list) and len(found) == len(expected)
        for f, e in zip(found, expected):
            close(f, e, tolerance)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=tolerance, rel=1e-5)
    else:
        assert found == expected


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {kind: tmp_path_factory.mktemp(kind) for kind in MAKERS}
    for kind, make in MAKERS.items():
        if kind != "image" or pytest.importorskip("PIL"):
            make(made[kind])
    return made


def datasets(kind, folder, **kwargs):
    sized = {"image_size": (3, 5)} if kind == "image" else {}
    found = getattr(tw.utils, f"{kind}_dataset_from_directory")(folder, verbose=False, **{**sized, **kwargs})
    return list(found) if isinstance(found, (list, tuple)) else [found]


@pytest.mark.parametrize("case", STORED["folders"], ids=lambda c: f"{c['kind']}-{c['kwargs']}")
def test_folders_as_keras(case, folders):
    kind, kwargs = case["kind"], case["kwargs"]
    found = datasets(kind, folders[kind], **kwargs)
    assert len(found) == len(case["parts"])
    # PIL and TensorFlow round the luminance differently; TensorFlow's cubic filter is a table of 1024 places.
    tolerance = 2.0 if kwargs.get("color_mode") == "grayscale" else 0.2 if kwargs.get("interpolation") == "bicubic" else 2e-3
    for ds, expected in zip(found, case["parts"]):
        assert ds.class_names == expected["class_names"]
        if expected["paths"]:
            assert [str(Path(p).relative_to(folders[kind])) for p in ds.file_paths] == expected["paths"]
        assert spec_text(ds.element_spec) == expected["spec"]
        elements = list(ds)
        if "elements" in expected:
            close([plain(e) for e in elements], expected["elements"], tolerance)
        else:
            singles = ds.unbatch() if kwargs.get("batch_size", 32) else ds
            close(sorted((plain(e) for e in singles), key=json.dumps), expected["unordered"], 2e-3)


def test_shuffled_folders_come_in_a_new_order_each_time(folders):
    (ds,) = datasets("text", folders["text"], seed=3, batch_size=None)
    first, second = ([x.item() for x, _ in ds] for _ in range(2))
    assert sorted(first) == sorted(second) and first != second
    (again,) = datasets("text", folders["text"], seed=3, batch_size=None)
    assert [x.item() for x, _ in again] == first
    (grain,) = datasets("text", folders["text"], seed=3, batch_size=None, format="grain")
    assert [x.item() for x, _ in grain] == [x.item() for x, _ in grain] == first
    assert len(tw.utils.timeseries_dataset_from_array(list(range(9)), None, 3, shuffle=True, format="grain", batch_size=2)) == 4


def test_messages(folders, capsys):
    tw.utils.text_dataset_from_directory(folders["text"], validation_split=0.5, subset="both", seed=1)
    assert capsys.readouterr().out == "Found 6 files belonging to 3 classes.\nUsing 3 files for training.\nUsing 3 files for validation.\n"
    tw.utils.text_dataset_from_directory(folders["text"], labels=None)
    assert capsys.readouterr().out == "Found 6 files.\n"
    tw.utils.text_dataset_from_directory(folders["text"], verbose=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("kind", "kwargs", "match"),
    [
        ("text", {"labels": "other"}, "labels='inferred'"),
        ("text", {"labels": [1, 2]}, "6 labels"),
        ("text", {"labels": [0, 0, 0, 0, 0, 0], "class_names": ["x"]}, "class_names only"),
        ("text", {"labels": None, "class_names": ["x"]}, "class_names"),
        ("text", {"label_mode": "ints"}, "label_mode"),
        ("text", {"label_mode": "binary"}, "two classes"),
        ("text", {"validation_split": 2, "subset": "training"}, "between 0 and 1"),
        ("text", {"validation_split": 0.2}, "and subset"),
        ("text", {"subset": "training"}, "validation_split and subset"),
        ("text", {"validation_split": 0.2, "subset": "all"}, "a subset of"),
        ("text", {"validation_split": 0.2, "subset": "both"}, "a seed"),
        ("text", {"class_names": ["w"]}, "class_names among"),
        ("text", {"validation_split": 0.01, "subset": "validation", "seed": 1}, "got none in"),
        ("text", {"format": "torch"}, "format tf or grain"),
        ("image", {"color_mode": "bgr"}, "color_mode"),
        ("image", {"image_size": (1, 2, 3)}, "image_size"),
        ("image", {"interpolation": "best"}, "interpolation"),
        ("image", {"data_format": "first"}, "channels_last"),
        ("image", {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "got both"),
        ("audio", {"ragged": True}, "ragged=False"),
        ("audio", {"sampling_rate": 1.5}, "sampling_rate"),
        ("audio", {"sampling_rate": 0}, "sampling"),
    ],
)  # fmt: skip
def test_wrong_arguments(kind, kwargs, match, folders):
    with pytest.raises(ArgumentError, match=match):
        datasets(kind, folders[kind], **kwargs)


def test_other_formats(tmp_path):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "a").mkdir()
    for mode, name in (("RGB", "x.bmp"), ("P", "x.gif"), ("L", "x.jpg"), ("1", "y.png"), ("I;16", "z.png"), ("LA", "w.png")):
        image.new(mode, (4, 4), 1 if mode != "LA" else (1, 255)).save(tmp_path / "a" / name)
    for color_mode, channels in (("rgb", 3), ("rgba", 4), ("grayscale", 1)):
        (ds,) = datasets("image", tmp_path, label_mode=None, color_mode=color_mode, batch_size=None)
        assert [x.shape for x in ds] == [(3, 5, channels)] * 6
    (tmp_path / "a" / "broken.png").write_bytes(b"no image")
    with pytest.raises(OSError, match="cannot identify"):
        list(datasets("image", tmp_path)[0])


def test_links_are_followed_on_request(tmp_path):
    make_texts(tmp_path / "real")
    (tmp_path / "data" / "c").mkdir(parents=True)
    (tmp_path / "data" / "c" / "own.txt").write_text("own")
    (tmp_path / "data" / "c" / "link").symlink_to(tmp_path / "real" / "x")
    sizes = [len(datasets("text", tmp_path / "data", follow_links=f, batch_size=None)[0]) for f in (False, True)]
    assert sizes == [1, 3]


def test_a_damaged_sound(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.wav").write_bytes(b"RIFF, but not really")
    with pytest.raises(ArgumentError, match="a PCM WAV file"):
        list(datasets("audio", tmp_path)[0])


def test_sounds_of_other_widths_and_rates(tmp_path):
    import math
    import wave

    from tensorweb.utils.audio_dataset import read_wav, resampled

    tone = [math.sin(2 * math.pi * 5 * i / 400) for i in range(400)]
    for width in (1, 2, 3, 4):
        with wave.open(str(tmp_path / "x.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(width)
            file.setframerate(400)
            scaled = [int(v * (2 ** (8 * width - 1) - 1)) for v in tone for _ in (0, 1)]
            file.writeframes(b"".join((s + 128 if width == 1 else s).to_bytes(width, "little", signed=width > 1) for s in scaled))
        audio, rate = read_wav(str(tmp_path / "x.wav"))
        assert rate == 400 and audio.shape == (400, 2)
        assert audio[:, 1].tolist() == pytest.approx(tone, abs=2.0 ** (2 - 8 * width) + 1e-6)
    for new in (200, 600, 1000):
        made = resampled(audio, 400, new)
        assert made.shape == (new, 2)
        inner = slice(new // 10, -new // 10)
        expected = [math.sin(2 * math.pi * 5 * i / new) for i in range(new)]
        assert made[:, 0].tolist()[inner] == pytest.approx(expected[inner], abs=5e-3)


@pytest.mark.parametrize("case", STORED["series"], ids=lambda c: f"{c['kwargs']}-{c['targets']}")
def test_series_as_keras(case, backend):
    data = tw.reshape(tw.arange(24, dtype="float32"), (12, 2))
    targets = None
    if case["targets"]:
        targets = tw.arange(12) * (1 if "unordered" in case else 10)
    made = tw.utils.timeseries_dataset_from_array(data, targets, **case["kwargs"])
    elements = [plain(e) for e in made]
    assert len(made) == len(elements)
    if "unordered" in case:
        close(sorted(elements, key=json.dumps), case["unordered"])
    else:
        close(elements, case["elements"])
        if elements:
            first = made.element_spec[0] if case["targets"] else made.element_spec
            assert first.fits(next(iter(made))[0].shape if case["targets"] else next(iter(made)).shape)


@pytest.mark.parametrize(
    "kwargs",
    [{"start_index": -1}, {"start_index": 12}, {"start_index": 5, "end_index": 5}, {"end_index": 12}, {"end_index": -1},
     {"sampling_rate": 0}, {"sampling_rate": 12}, {"sequence_stride": 0}, {"sequence_stride": 12}, {"format": "torch"}],
)  # fmt: skip
def test_series_with_wrong_numbers(kwargs):
    with pytest.raises(ArgumentError):
        tw.utils.timeseries_dataset_from_array(list(range(12)), None, 3, **kwargs)


SOURCES = {
    "array": lambda x, y: x, "tuple": lambda x, y: (x, y), "dataset": lambda x, y: tw.data.Dataset.from_tensor_slices((x, y)),
    "batched": lambda x, y: tw.data.Dataset.from_tensor_slices((x, y)).batch(3),
}  # fmt: skip


@pytest.mark.parametrize("case", STORED["splits"], ids=lambda c: f"{c['source']}-{c['kwargs']}")
def test_splits_as_keras(case):
    x, y = tw.reshape(tw.arange(20, dtype="float32"), (10, 2)), tw.arange(10)
    left, right = tw.utils.split_dataset(SOURCES[case["source"]](x, y), **case["kwargs"])
    assert [plain(e) for e in left] == case["left"] and [plain(e) for e in right] == case["right"]


@pytest.mark.parametrize(
    "sizes",
    [(None, None), (0, 0), (10, None), (-1, None), (1.5, None), (0.0, None), (None, 1.0), (0.6, 0.6), (6, 6), (0.01, None), (5, 0.9)],
)  # fmt: skip
def test_splits_that_do_not_fit(sizes):
    with pytest.raises(ArgumentError):
        tw.utils.split_dataset(tw.arange(10), *sizes)


def test_splits_of_odd_things():
    with pytest.raises(ConversionError):
        tw.utils.split_dataset(tw.arange(10), "half")
    for odd in ([], ([1, 2],), tw.data.Dataset.range(0)):
        with pytest.raises(ArgumentError):
            tw.utils.split_dataset(odd, 0.5)
    with pytest.raises(ConversionError):
        tw.utils.split_dataset(5, 0.5)

    class Map:
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return [float(i)], i

    left, right = tw.utils.split_dataset(Map(), 3)
    assert len(left) == 3 and plain(next(iter(right))) == {"tuple": [[3.0], 3]}
