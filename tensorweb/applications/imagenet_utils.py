"""What comes before and after a network of ImageNet: scaling of pixels, names of classes. The networks: the other files here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import config
from ..dtype_policies import floatx
from ..errors import ArgumentError, ShapeError, message
from ..symbolic import KerasTensor
from ..tensor import as_tensor, op

# Of ImageNet's pixels: the means of blue, green and red (caffe), and means and deviations of red, green and blue scaled to [0, 1].
CAFFE_MEAN = (103.939, 116.779, 123.68)
TORCH_MEAN, TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

CLASS_INDEX_FILE = "imagenet_class_index.json"
_class_index: dict[str, list[str]] | None = None


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Return images with pixels in [0, 255], 3 channels, 3D or 4D, as networks of a kind were trained on them.

    `mode`: "tf" scales to [-1, 1]; "torch" to [0, 1] and then by ImageNet's means and deviations; "caffe" turns RGB to BGR and
    takes ImageNet's means away. The result is a new tensor (symbolic for a symbolic one), float32. Raises ArgumentError for other
    modes and data formats. Keras's imagenet_utils.preprocess_input.

    >>> import tensorweb as tw
    >>> tw.applications.imagenet_utils.preprocess_input(tw.tensor([[[0.0, 127.5, 255.0]]]), mode="tf").tolist()
    [[[-1.0, 0.0, 1.0]]]
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ArgumentError(message("preprocess_input", "the `mode` caffe, tf or torch", repr(mode), "Each network has its own function."))
    data_format = config.standardize_data_format(data_format)
    x = x if isinstance(x, KerasTensor) else as_tensor(x, "preprocess_input")
    if not str(x.dtype).startswith("float"):
        x = op("cast")(x, floatx())
    if mode == "tf":
        return x / 127.5 - 1.0
    if data_format == "channels_last":
        axis, shape = -1, (3,)
    else:
        axis, shape = len(x.shape) - 3, (3, 1, 1)  # type: ignore[assignment]
    if mode == "torch":
        return (x / 255.0 - _constants(TORCH_MEAN, shape)) / _constants(TORCH_DEVIATION, shape)
    return op("flip")(x, axis=axis) - _constants(CAFFE_MEAN, shape)


def _constants(values: tuple[float, ...], shape: tuple[int, ...]) -> Any:
    return op("reshape")(as_tensor(list(values), "preprocess_input", "float32"), shape)


def set_class_index(path: Any) -> None:
    """Take the names of ImageNet's classes from a file {"0": ["n01440764", "tench"], ...}, or from such a dict.

    Nothing is downloaded here: the file is Keras's imagenet_class_index.json. Raises ArgumentError for anything else.
    """
    global _class_index
    found = json.loads(Path(path).read_text(encoding="utf-8")) if isinstance(path, (str, Path)) else path
    if not isinstance(found, dict) or not all(isinstance(v, (list, tuple)) and len(v) == 2 for v in found.values()):
        raise ArgumentError(message("set_class_index", '{"0": ["n01440764", "tench"], ...}', type(found).__name__, "Check the file."))
    _class_index = {str(k): list(v) for k, v in found.items()}


def _classes() -> dict[str, list[str]]:
    if _class_index is None:
        path = Path.home() / ".keras" / "models" / CLASS_INDEX_FILE
        if not path.is_file():
            advice = f"Nothing is downloaded: pass Keras's {CLASS_INDEX_FILE} to applications.imagenet_utils.set_class_index(path)."
            raise ArgumentError(message("decode_predictions", "the names of ImageNet's classes", "none", advice))
        set_class_index(path)
    assert _class_index is not None
    return _class_index


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Return for each row of predictions [samples, 1000] the `top` classes as (id, name, score), the best first.

    The names come from the file that `set_class_index` was given, or from ~/.keras/models; without one ArgumentError tells so.
    Raises ShapeError for other shapes. Keras's imagenet_utils.decode_predictions.
    """
    shape = tuple(getattr(preds, "shape", ())) or as_tensor(preds, "decode_predictions").shape
    if len(shape) != 2 or shape[1] != 1000:
        advice = "Only ImageNet's classes have names."
        raise ShapeError(message("decode_predictions", "predictions of shape (samples, 1000)", shape, advice))
    classes = _classes()
    rows = as_tensor(preds, "decode_predictions").tolist()
    best = [sorted(range(1000), key=lambda i: row[i], reverse=True)[:top] for row in rows]
    return [[(*classes[str(i)], row[i]) for i in chosen] for row, chosen in zip(rows, best)]


def preprocessor(network: str, mode: str | None) -> Callable[..., Any]:
    """Return the preprocess_input of a network's module; with mode None the network scales its inputs itself."""

    def preprocess(x: Any, data_format: str | None = None) -> Any:
        return x if mode is None else preprocess_input(x, data_format=data_format, mode=mode)

    preprocess.__name__ = preprocess.__qualname__ = "preprocess_input"
    preprocess.__doc__ = (
        f"Return images as {network} takes them: "
        + ("unchanged, since it scales pixels in [0, 255] itself." if mode is None else f"imagenet_utils.preprocess_input, mode {mode}.")
    )  # fmt: skip
    return preprocess
