"""Answers of tf.data and Keras's data utilities: `python -m tests.layers.generate.data` writes `tests/data/keras_data.json`.

A pipeline is kept as the text that makes it, with D for the Dataset class and helpers that both sides have.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.data_files import make_images, make_sounds, make_texts, pixels

PIPELINES = """
D.range(10)
D.range(3, 10, 3)
D.range(10).batch(3)
D.range(10).batch(3, drop_remainder=True)
D.range(10).batch(20)
D.range(0).batch(2)
D.range(7).map(lambda x: x * x).batch(4)
D.range(7).filter(lambda x: x % 3 == 1)
D.range(10).take(4)
D.range(10).take(-1)
D.range(3).take(8)
D.range(10).skip(7)
D.range(10).skip(12)
D.range(10).skip(-1)
D.range(3).repeat(2)
D.range(3).repeat(0)
D.range(3).repeat().take(7)
D.range(0).repeat()
D.range(10).shard(3, 1)
D.range(10).batch(4).unbatch()
D.range(4).concatenate(D.range(2))
D.range(5).enumerate(start=3)
D.zip((D.range(3), D.range(5, 10)))
D.zip(D.range(3), D.range(5, 10).batch(2))
D.zip({"a": D.range(3), "b": (D.range(3, 6), D.range(6, 9))})
D.zip((D.range(3), D.range(2).repeat()))
D.from_tensors([1, 2, 3])
D.from_tensors(([1, 2], {"x": 3.5}))
D.from_tensor_slices([1.5, 2.5, 3.5])
D.from_tensor_slices(([1, 2, 3], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
D.from_tensor_slices({"a": [1, 2, 3], "b": ["x", "y", "z"]})
D.from_tensor_slices({"a": [1, 2, 3], "b": ["x", "y", "z"]}).batch(2)
D.from_tensor_slices(([1, 2, 3], [4, 5, 6])).map(lambda x, y: x + y)
D.from_tensor_slices(([1, 2, 3], [4, 5, 6])).map(lambda x, y: {"sum": x + y, "pair": (x, y)})
D.from_tensor_slices(([1, 2, 3], [4, 5, 6])).filter(lambda x, y: x * y > 4)
D.from_tensor_slices([[1, 2], [3, 4], [5, 6]]).batch(2).map(lambda x: x * 2)
D.from_tensor_slices([[1, 2], [3, 4], [5, 6]]).unbatch()
D.from_tensor_slices([1, 2, 3, 4, 5]).skip(1).take(3).repeat(2).batch(4)
D.from_tensor_slices([1, 2, 3]).repeat(2).shard(2, 1).enumerate()
D.range(7).window(3).flat_map(lambda w: w.batch(3))
D.range(7).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3))
D.range(7).window(3, 1, 2, True).flat_map(lambda w: w.batch(3))
D.range(7).window(3, 2).flat_map(lambda w: w)
D.range(9).window(2, 4).flat_map(lambda w: w.batch(2))
D.zip((D.range(6), D.range(6, 12))).window(2).flat_map(lambda x, y: D.zip((x.batch(2), y.batch(2))))
D.range(1, 6).interleave(lambda x: D.from_tensors(x).repeat(6), cycle_length=2, block_length=4)
D.range(1, 4).interleave(lambda x: D.range(x), cycle_length=3, block_length=1)
D.range(1, 5).interleave(lambda x: D.range(x * 2), cycle_length=2, block_length=3)
D.range(4).flat_map(lambda x: D.range(x))
D.range(1, 5).map(lambda x: repeat(x)).padded_batch(2)
D.range(1, 5).map(lambda x: repeat(x)).padded_batch(3, padded_shapes=[6])
D.range(1, 5).map(lambda x: repeat(x)).padded_batch(2, padding_values=big(-1))
D.range(1, 5).map(lambda x: (repeat(x), x)).padded_batch(2, padded_shapes=([None], []))
D.range(1, 5).map(lambda x: repeat(x)).padded_batch(3, drop_remainder=True)
D.range(10).take_while(lambda x: x < 4)
D.range(5).scan(big(0), lambda s, x: (s + x, s * x))
D.from_tensor_slices([1, 1, 2, 1, 3, 2]).unique()
D.range(10).batch(4).rebatch(3)
D.range(6).cache().repeat(2)
D.range(4).prefetch(2).apply(lambda d: d.map(lambda x: x + 1))
D.choose_from_datasets([D.range(3), D.range(10, 13)], D.from_tensor_slices([0, 1, 1, 0, 1, 1]).map(lambda x: big(x)))
D.from_generator(count, output_signature=spec([], "int32"))
D.from_generator(count, output_signature=spec([], "float32")).batch(2)
D.from_generator(pairs, output_signature=(spec([], "int32"), spec([None], "float32")))
D.from_generator(pairs, output_types=("int32", "float32")).take(2)
D.from_generator(count_to, args=[3], output_signature=spec([], "int32"))
""".strip().split("\n")

FOLDERS = {
    "image": [
        {"shuffle": False},
        {"shuffle": False, "label_mode": "categorical", "batch_size": 4},
        {"shuffle": False, "label_mode": "binary", "color_mode": "grayscale"},
        {"shuffle": False, "label_mode": None, "color_mode": "rgba", "batch_size": None},
        {"shuffle": False, "labels": None},
        {"shuffle": False, "labels": [0, 1, 2, 0, 1, 2, 0, 1, 2, 0], "label_mode": "categorical"},
        {"shuffle": False, "class_names": ["b", "a"]},
        {"shuffle": False, "class_names": ["b"]},
        {"shuffle": False, "crop_to_aspect_ratio": True},
        {"shuffle": False, "pad_to_aspect_ratio": True},
        {"shuffle": False, "data_format": "channels_first"},
        {"shuffle": False, "interpolation": "nearest"},
        {"shuffle": False, "interpolation": "bicubic"},
        {"shuffle": False, "interpolation": "area"},
        {"shuffle": False, "interpolation": "lanczos3"},
        {"shuffle": False, "interpolation": "gaussian"},
        {"shuffle": False, "interpolation": "mitchellcubic"},
        {"shuffle": False, "validation_split": 0.3, "subset": "training"},
        {"shuffle": False, "validation_split": 0.3, "subset": "validation"},
        {"seed": 7},
        {"seed": 7, "validation_split": 0.2, "subset": "both"},
        {"seed": 123456, "validation_split": 0.25, "subset": "validation", "labels": [3, 1, 2, 0, 1, 2, 0, 1, 2, 0]},
    ],
    "text": [
        {"shuffle": False},
        {"shuffle": False, "max_length": 9, "batch_size": 4},
        {"shuffle": False, "label_mode": None, "batch_size": None},
        {"shuffle": False, "label_mode": "categorical"},
        {"seed": 5, "validation_split": 0.5, "subset": "both"},
    ],
    "audio": [
        {"shuffle": False},
        {"shuffle": False, "output_sequence_length": 8, "batch_size": 3},
        {"shuffle": False, "label_mode": "binary", "batch_size": 2},
        {"shuffle": False, "label_mode": None, "batch_size": None},
        {"seed": 5, "output_sequence_length": 4, "validation_split": 0.5, "subset": "both"},
    ],
}  # fmt: skip
IMAGE_SIZE = (3, 5)

SERIES = [
    {"sequence_length": 4}, {"sequence_length": 3, "sequence_stride": 2}, {"sequence_length": 3, "sampling_rate": 2},
    {"sequence_length": 4, "batch_size": 3}, {"sequence_length": 4, "batch_size": None}, {"sequence_length": 2, "start_index": 3},
    {"sequence_length": 2, "end_index": 9}, {"sequence_length": 2, "start_index": 2, "end_index": 9, "batch_size": 2},
    {"sequence_length": 12}, {"sequence_length": 5, "sequence_stride": 5, "sampling_rate": 2},
]  # fmt: skip
SPLITS = [
    {"left_size": 0.8}, {"right_size": 0.3}, {"left_size": 3}, {"right_size": 4}, {"left_size": 0.5, "right_size": 2},
    {"left_size": 2, "right_size": 3}, {"left_size": 0.7, "shuffle": True, "seed": 11}, {"left_size": 3, "shuffle": True, "seed": 0},
]  # fmt: skip


def helpers():
    """Return what the pipelines use beside D."""

    def pairs():
        for i in range(4):
            yield i, [float(i)] * i

    def count_to(n):
        yield from range(int(n))

    return {
        "count": lambda: iter(range(5)), "pairs": pairs, "count_to": count_to, "repeat": lambda x: tf.repeat(x, x),
        "big": lambda v: tf.cast(v, tf.int64), "spec": lambda shape, dtype: tf.TensorSpec(shape, dtype),
    }  # fmt: skip


def plain(value):
    """Return an element as lists, with structures named."""
    if isinstance(value, dict):
        return {"dict": {k: plain(v) for k, v in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [plain(v) for v in value]}
    array = np.asarray(value)
    if array.dtype.kind in "SO":
        return [v.decode() for v in array.reshape(-1).tolist()] if array.ndim else array.item().decode()
    return json.loads(json.dumps(array.tolist()), parse_float=lambda t: float(f"{float(t):.7g}"))


def spec_text(spec):
    if isinstance(spec, dict):
        return {"dict": {k: spec_text(v) for k, v in spec.items()}}
    if isinstance(spec, tuple):
        return {"tuple": [spec_text(v) for v in spec]}
    dtype = {"int64": "int32"}.get(spec.dtype.name, spec.dtype.name)
    return [None if spec.shape.rank is None else spec.shape.as_list(), dtype]


def pipelines():
    known = {"D": tf.data.Dataset, **helpers()}
    for text in PIPELINES:
        made = eval(text, known)
        again = eval(text, known)
        size = int(made.cardinality())
        yield {"pipeline": text, "elements": [plain(e) for e in made], "size": size, "spec": spec_text(again.element_spec)}


def folders():
    makers = {"image": make_images, "text": make_texts, "audio": make_sounds}
    for kind, cases in FOLDERS.items():
        function = getattr(keras.utils, f"{kind}_dataset_from_directory")
        with tempfile.TemporaryDirectory() as folder:
            makers[kind](folder)
            for kwargs in cases:
                sized = {"image_size": IMAGE_SIZE} if kind == "image" else {}
                # Keras shuffles the caller's list of labels.
                found = function(folder, verbose=False, **sized, **json.loads(json.dumps(kwargs)))
                yield {"kind": kind, "kwargs": kwargs, "parts": [folder_part(f, folder, kwargs)
                       for f in (found if isinstance(found, (list, tuple)) else [found])]}  # fmt: skip


def folder_part(dataset, folder, kwargs):
    paths = getattr(dataset, "file_paths", None)
    part = {
        "class_names": dataset.class_names,
        "paths": paths and [str(Path(p).relative_to(folder)) for p in paths],
        "spec": spec_text(dataset.element_spec),
    }
    elements = [plain(e) for e in dataset]
    if kwargs.get("shuffle", True):  # TensorFlow's own order is not ours
        singles = dataset.unbatch() if kwargs.get("batch_size", 32) else dataset
        return part | {"unordered": sorted((plain(e) for e in singles), key=json.dumps)}
    return part | {"elements": elements}


def series():
    data = np.arange(24, dtype="float32").reshape(12, 2)
    for kwargs in SERIES:
        for targets in (None, np.arange(12, dtype="int32") * 10):
            made = keras.utils.timeseries_dataset_from_array(data, targets, **kwargs)
            yield {"kwargs": kwargs, "targets": targets is not None, "elements": [plain(e) for e in made]}
    targets = np.arange(12, dtype="int32")
    made = keras.utils.timeseries_dataset_from_array(data, targets, 3, shuffle=True, seed=4, batch_size=None)
    elements = sorted((plain(e) for e in made), key=json.dumps)
    yield {"kwargs": {"sequence_length": 3, "shuffle": True, "seed": 4, "batch_size": None}, "targets": True, "unordered": elements}


def splits():
    x = np.arange(20, dtype="float32").reshape(10, 2)
    y = np.arange(10, dtype="int32")
    for name, make in SPLIT_SOURCES.items():
        for kwargs in SPLITS:
            left, right = keras.utils.split_dataset(make(x, y), **kwargs)
            yield {"source": name, "kwargs": kwargs, "left": [plain(e) for e in left], "right": [plain(e) for e in right]}


SPLIT_SOURCES = {
    "array": lambda x, y: x,
    "tuple": lambda x, y: (x, y),
    "dataset": lambda x, y: tf.data.Dataset.from_tensor_slices((x, y)),
    "batched": lambda x, y: tf.data.Dataset.from_tensor_slices((x, y)).batch(3),
}


def progress():
    """Yield what bars print, with a clock that is told the time."""
    from keras.src.utils import progbar

    runs = [
        ({"target": 3}, [
            (1, [["loss", 0.5], ["acc", 0.25]], 1.0), (2, [["loss", 0.25], ["acc", 0.75]], 1.5), (3, [["loss", 0.1], ["acc", 0.9]], 2.0)]),
        ({"target": 100, "width": 10, "stateful_metrics": ["lr"]}, [
            (40, [["loss", 0.5], ["lr", 1e-5]], 2.0), (70, [["loss", 1.5], ["lr", 1e-6]], 5.0)]),
        ({"target": None}, [(4, [["loss", 2.0]], 0.3), (8, [["loss", 4.0]], 90.0)]),
        ({"target": 5, "verbose": 2}, [(2, [["loss", 2.0]], 1.0), (5, [["loss", 4.0]], 3.0)]),
        ({"target": 4, "verbose": 0}, [(2, [["loss", 2.0]], 1.0), (4, [["loss", 4.0]], 3.0)]),
        ({"target": 100000, "interval": 0, "unit_name": "sample"}, [
            (1, [], 0.5), (2, [], 4.5), (3, [], 4.6), (1000, [["a", -0.0005]], 4.61)]),
        ({"target": 10, "stateless_metrics": ["b"]}, [(1, [["a", 1], ["b", 1]], 1.0), (3, [["a", 2], ["b", 2]], 2.0)]),
        ({"target": 3}, [(0, [], 1.0), (1, [["loss", [1.0, 2.0]]], 1.01), (2, [["loss", 0.25]], 1.02)]),
    ]  # fmt: skip
    for kwargs, updates in runs:
        now, out = [1000.0], io.StringIO()
        progbar.time = type("Clock", (), {"time": staticmethod(lambda now=now: now[0])})
        bar = keras.utils.Progbar(**kwargs)
        bar._dynamic_display = True
        stdout, sys.stdout = sys.stdout, out
        for current, values, at in updates:
            now[0] = 1000.0 + at
            bar.update(current, [(k, np.array(v) if isinstance(v, list) else v) for k, v in values])
        sys.stdout = stdout
        yield {"kwargs": kwargs, "updates": updates, "text": out.getvalue()}


def images():
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "image.png"))
        for mode, channels in (("RGB", 3), ("L", 1), ("RGBA", 4)):
            Image.frombytes(mode, (7, 5), pixels(5, 7, channels)).save(path)
            for kwargs in (
                {}, {"color_mode": "grayscale"}, {"color_mode": "rgba"}, {"target_size": [4, 6]},
                {"target_size": [4, 6], "interpolation": "bilinear"}, {"target_size": [9, 3], "interpolation": "lanczos"},
                {"target_size": [4, 8], "interpolation": "bicubic", "keep_aspect_ratio": True},
            ):  # fmt: skip
                yield {"mode": mode, "load": kwargs, "array": plain(keras.utils.img_to_array(keras.utils.load_img(path, **kwargs)))}
    for channels in (1, 3, 4):
        for scale in (True, False):
            values = (np.arange(2 * 3 * channels, dtype="float32") * 9.7).reshape(2, 3, channels)
            img = keras.utils.array_to_img(values, scale=scale)
            yield {"array_to_img": values.tolist(), "scale": scale, "mode": img.mode, "bytes": list(img.tobytes())}
    values = (np.arange(5 * 7 * 2, dtype="float32") % 17).reshape(5, 7, 2)
    for size in ((3, 3), (4, 9), (10, 2)):
        made = keras.preprocessing.image.smart_resize(values, size)
        yield {"smart_resize": values.tolist(), "size": size, "array": plain(made)}


def shuffles():
    for seed in (0, 1, 42, 999_999):
        for n in (0, 1, 2, 10, 33):
            items = list(range(n))
            np.random.RandomState(seed).shuffle(items)
            yield {"seed": seed, "n": n, "order": items}


if __name__ == "__main__":
    sections = (pipelines, folders, series, splits, images, shuffles, progress)
    answers = {section.__name__: list(section()) for section in sections}
    target = Path(__file__).parents[2] / "data" / "keras_data.json"
    target.write_text("{\n" + ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]" for name, cases in answers.items()) + "\n}\n")  # fmt: skip
