"""Networks of `applications` for tests: which ones, the formula that fills their weights, their structure as text. Of Keras and of ours."""

import hashlib
import math

import numpy as np

SMALL = {"input_shape": (32, 32, 3), "weights": None, "classes": 10}
# (network, arguments, whether its whole structure is kept or only a digest, how many outputs are kept).
NETWORKS = [
    ("MobileNet", {"weights": None}, True, 0),
    ("MobileNet", {**SMALL, "alpha": 0.25}, False, 10),
    ("MobileNet", {"weights": None, "alpha": 0.5, "include_top": False, "pooling": "avg", "input_shape": (64, 48, 3)}, False, 0),
    ("MobileNet", {"weights": None, "alpha": 0.25, "depth_multiplier": 2, "include_top": False}, False, 0),
    ("MobileNetV2", {"weights": None}, True, 0),
    ("MobileNetV2", {**SMALL, "alpha": 0.35, "classifier_activation": None}, False, 10),
    ("MobileNetV2", {"weights": None, "alpha": 1.4, "include_top": False, "pooling": "max", "input_shape": (33, 47, 1)}, False, 16),
    ("MobileNetV2", {"weights": None, "alpha": 0.75, "input_shape": (96, 96, 3), "name": "mine"}, False, 0),
    ("MobileNetV3Small", {"weights": None}, True, 0),
    ("MobileNetV3Small", {**SMALL, "classifier_activation": None}, False, 10),
    ("MobileNetV3Small", {**SMALL, "minimalistic": True, "include_preprocessing": False, "dropout_rate": 0}, False, 10),
    ("MobileNetV3Large", {"weights": None, "include_top": False, "pooling": "avg", "alpha": 1.5}, False, 0),
    ("MobileNetV3Large", {**SMALL, "alpha": 0.75, "classifier_activation": None}, True, 10),
    ("ResNet50", {**SMALL, "classifier_activation": None}, True, 10),
    ("ResNet50", {"weights": None, "include_top": False, "pooling": "max"}, False, 0),
    ("ResNet101", {"weights": None}, False, 0),
    ("ResNet152", {"weights": None, "include_top": False}, False, 0),
    ("ResNet50V2", {**SMALL, "classifier_activation": None}, True, 10),
    ("ResNet101V2", {"weights": None}, False, 0),
    ("ResNet152V2", {"weights": None, "include_top": False, "pooling": "avg"}, False, 0),
    ("EfficientNetB0", {**SMALL, "classifier_activation": None}, True, 10),
    ("EfficientNetB0", {"weights": None, "include_top": False}, False, 0),
    *((f"EfficientNetB{i}", {"weights": None}, False, 0) for i in range(1, 8)),
    ("VGG16", {**SMALL, "include_top": False, "pooling": "avg"}, True, 16),
    ("VGG16", SMALL, False, 0),
    ("VGG19", {"weights": None, "include_top": False}, False, 0),
    ("DenseNet121", {**SMALL, "classifier_activation": None}, True, 10),
    ("DenseNet169", {"weights": None, "include_top": False}, False, 0),
    ("DenseNet201", {"weights": None}, False, 0),
    ("EfficientNetV2B0", {**SMALL, "classifier_activation": None}, True, 10),
    ("EfficientNetV2B1", {"weights": None, "include_top": False, "include_preprocessing": False}, False, 0),
    ("EfficientNetV2B2", {"weights": None}, False, 0),
    ("EfficientNetV2B3", {"weights": None, "include_top": False, "pooling": "avg"}, False, 0),
    ("EfficientNetV2S", {**SMALL, "input_shape": (32, 32, 1), "classifier_activation": None}, False, 10),
    ("EfficientNetV2M", {"weights": None}, False, 0),
    ("EfficientNetV2L", {"weights": None, "include_top": False}, False, 0),
    ("Xception", {**SMALL, "input_shape": (71, 71, 3), "classifier_activation": None}, True, 10),
    ("Xception", {"weights": None, "include_top": False, "pooling": "max"}, False, 0),
    ("InceptionV3", {**SMALL, "input_shape": (75, 75, 3), "classifier_activation": None}, True, 10),
    ("InceptionV3", {"weights": None, "include_top": False, "pooling": "avg"}, False, 0),
    ("InceptionResNetV2", {**SMALL, "input_shape": (75, 75, 3), "classifier_activation": None}, False, 10),
    ("InceptionResNetV2", {"weights": None}, False, 0),
    ("NASNetMobile", {**SMALL, "classifier_activation": None}, True, 10),
    ("NASNetMobile", {"weights": None, "include_top": False, "pooling": "max"}, False, 0),
    ("NASNetLarge", {"weights": None}, False, 0),
    ("ConvNeXtTiny", {**SMALL, "classifier_activation": None}, True, 10),
    ("ConvNeXtTiny", {"weights": None, "include_top": False, "include_preprocessing": False, "pooling": "avg"}, False, 0),
    *((f"ConvNeXt{k}", {"weights": None, "include_top": False}, False, 0) for k in ("Small", "Base")),
]


def noise(n, seed):
    """Return n numbers in [-1, 1) that look random, the same everywhere."""
    h = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 40503)
    h = h & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(13))) * np.uint64(3266489917)) & np.uint64(0xFFFFFFFF)
    return (h ^ (h >> np.uint64(16))).astype(np.float64) / 2**31 - 1


def weight(path, shape, seed):
    """Return values for a weight that keep the numbers in a deep network near 1."""
    shape = tuple(shape)
    u = noise(math.prod(shape), seed).reshape(shape)
    name = path.rpartition("/")[2]
    if name == "kernel":
        inputs = math.prod(shape[:2]) if shape[-1] == 1 and len(shape) == 4 else math.prod(shape[:-1])
        return (u * math.sqrt(3 / inputs)).astype("float32")
    if name == "count":
        return np.zeros(shape, "int32")
    return (1 + 0.3 * u if name in ("gamma", "moving_variance", "variance") else 0.2 * u).astype("float32")


def images(model):
    """Return two images for a model, pixels in [0, 255]."""
    shape = (2, *(32 if d is None else d for d in model.input_shape[1:]))
    return (127.5 + 127.5 * noise(math.prod(shape), 7)).reshape(shape).astype("float32")


def structure(model):
    """Return a line for each layer and each weight of a model."""
    rows = [f"{layer.name} {type(layer).__name__} {_shape(layer.output.shape)}" for layer in model.layers]
    return [model.name, *rows, *(f"{_path(w)} {_shape(w.shape)}" for w in model.weights)]


def _path(w):
    """Return the names of a weight and its layer; Keras puts scopes before some, and numbers what has no name."""
    layer, name = w.path.split("/")[-2:]
    return f"{layer}/{'variable' if name.startswith('variable') else name}"


def _shape(shape):
    return "x".join("?" if d is None else str(d) for d in shape)


def digest(lines):
    """Return a digest of lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sample(rows, count):
    """Return `count` numbers of each row of outputs, evenly spread."""
    step = max(1, len(rows[0]) // count)
    return [row[::step][:count] for row in rows]
