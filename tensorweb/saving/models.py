"""save_model, load_model, save_weights, load_weights and their twins that do not block: each written once, as a generator of waits."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ConversionError, message
from ..io.calls import twins
from ..io.fetching import is_http_scheme
from ..io.handlers import handler_of
from ..models import Model
from ..waiting import Pause, Waits
from . import keras_files, legacy_h5, places, web_files

_HTTP_OPTIONS = (
    "request_init", "headers", "weight_path_prefix", "weight_url_converter", "fetch_func", "timeout", "stream_weights", "on_progress",
    "retries", "cache",
)  # fmt: skip


def _check_target(model: Any, filepath: Any, overwrite: bool, where: str) -> None:
    if not isinstance(model, Model) and not getattr(type(model), "saved_as_model", False):
        raise ConversionError(message(where, "a model", type(model).__name__, "Pass a tw.Model."))
    text = places.text_of(filepath)
    if text is None or "://" in text or overwrite:
        return
    taken = os.path.join(text, "model.json") if os.path.isdir(text) else text
    if os.path.exists(taken):
        raise ArgumentError(message(where, f"no file at {text!r} for overwrite=False", "one", "Choose another path, or overwrite=True."))


def _saving_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, *, include_optimizer: bool | None = None,
    quantization: Any = None, trainable_only: bool = False, weight_shard_size: int | None = None, save_format: str | None = None,
) -> Waits[Any]:  # fmt: skip
    """Save a model: config, weights, optimizer and assets. Keras's save_model; TensorFlow.js's LayersModel.save.

    `filepath`: a path ending in `.keras`; in `.h5` or `.hdf5` (Keras's older format); any other path is a folder, or a `.json`, for
    TensorFlow.js: model.json with shards of at most 4 MB beside it; or an http(s)://, file://, memory:// URL, or a handler.
    `include_optimizer`: whether the training configuration and the optimizer's state are saved, by default yes, and no for TensorFlow.js,
    as there. For TensorFlow.js alone: `quantization`: "uint8", "uint16" or "float16", or {dtype: glob patterns of weights' names};
    `trainable_only`; `weight_shard_size` in bytes. The old file stays whole if saving fails. Returns None, for TensorFlow.js the
    SaveResult. Raises ArgumentError for options that the format does not have, and for `overwrite=False` where a file is.

    >>> import tempfile, tensorweb as tw
    >>> model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(1, kernel_initializer="ones")])
    >>> _ = tw.saving.save_model(model, tempfile.mkdtemp())
    >>> result = tw.saving.save_model(model, "memory://example", quantization="uint8")
    >>> tw.saving.load_model("memory://example").predict(tw.ones((1, 2)), verbose=0).tolist()
    [[2.0]]
    """
    _check_target(model, filepath, overwrite, "save_model")
    if zipped is False:
        raise ArgumentError(message("save_model", "zipped=True", "False", "A folder would be TensorFlow.js's format."))
    if save_format not in (None, "keras", "h5", "tfjs"):
        raise ArgumentError(message("save_model", "save_format keras, h5 or tfjs", repr(save_format), "Or leave it out."))
    kind = places.kind_to_save(filepath)
    kind = {"keras": places.KERAS, "h5": places.H5, "tfjs": places.WEB}.get(save_format or "", kind)
    if kind == places.WEIGHTS:
        kind = places.H5
    if kind != places.WEB:
        if quantization is not None or trainable_only or weight_shard_size is not None:
            advice = "Save to a folder or a .json."
            raise ArgumentError(message("save_model", "quantization and such for TensorFlow.js only", f"{filepath}"[:80], advice))
        target = places.text_of(filepath)
        if is_http_scheme(target or ""):
            raise ArgumentError(message("save_model", "a local path for this format", target, "Save it, then send the file."))
        saving = keras_files.saving_archive if kind == places.KERAS else legacy_h5.saving_h5
        return (yield from saving(model, target, include_optimizer is not False))
    options = {} if weight_shard_size is None else {"weight_shard_size": weight_shard_size}
    place = places.text_of(filepath) or filepath
    handler = _sized(handler_of(place, saving=True), options)
    artifacts = yield from web_files.artifacts_of(model, quantization, bool(include_optimizer), trainable_only)
    return (yield from handler.saving(artifacts))


def _sized(handler: Any, options: dict[str, Any]) -> Any:
    for name, value in options.items():
        if not hasattr(handler, name):
            raise ArgumentError(message("save_model", f"{name} for files only", type(handler).__name__, "Leave it out."))
        setattr(handler, name, value)
    return handler


def _loading_model(
    filepath: Any, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True, *, strict: bool = True,
    **options: Any,
) -> Waits[Any]:  # fmt: skip
    """Load a whole model. Keras's load_model; TensorFlow.js's loadLayersModel.

    `filepath`: what `save_model` takes, also files that Keras 3, Keras 2 and TensorFlow.js wrote; URLs of `.keras`, `.h5` and
    `model.json`; ModelArtifacts; an open binary file of the first two. `custom_objects`: classes and functions by the names in the file;
    `compile`: whether the model is compiled as it was, with the optimizer's state; `safe_mode=False` revives code in the file
    (lambdas): only for files you trust. For TensorFlow.js: `strict=False` leaves weights of other layers out; further options as
    `tw.io.http` takes them. Raises ArgumentError if there is no file, FormatError where it is damaged or does not fit, and
    DeserializationError for classes that are not known; modules that a file names are never imported.
    """
    if unknown := sorted(set(options) - set(_HTTP_OPTIONS)):
        raise ArgumentError(message("load_model", f"options among {', '.join(_HTTP_OPTIONS)}", unknown, "Check their spelling."))
    kind = places.kind_to_load(filepath)
    if kind == places.WEB:
        artifacts = yield from handler_of(places.text_of(filepath) or filepath, **options).loading()
        yield Pause()
        return web_files.model_of_artifacts(artifacts, custom_objects, compile, safe_mode, strict)
    source = yield from _source(filepath, options)
    load: Callable[..., Any] = keras_files.load_archive if kind == places.KERAS else legacy_h5.load_h5
    return load(source, custom_objects, compile, safe_mode)


def _source(filepath: Any, options: dict[str, Any]) -> Waits[Any]:
    """Return what a file of one piece is read from: a path, or an open file. `options` are for servers."""
    text = places.text_of(filepath)
    if text is not None and is_http_scheme(text):
        return io.BytesIO((yield from places.fetching(text, **options)))
    yield Pause()
    return filepath if text is None else text


def _saving_weights(model: Any, filepath: Any, overwrite: bool = True, quantization: Any = None, **kwargs: Any) -> Waits[Any]:
    """Save a model's weights: to a path ending in `.weights.h5` as Keras 3 does, else as a TensorFlow.js model.json with its shards.

    Raises ArgumentError for `overwrite=False` where a file is, and for another `.h5` or `.keras`.
    """
    if kwargs:
        raise ArgumentError(message("save_weights", "known options", sorted(kwargs), "Check their spelling."))
    _check_target(model, filepath, overwrite, "save_weights")
    kind = places.kind_to_save(filepath)
    if kind in (places.KERAS, places.H5):
        raise ArgumentError(message("save_weights", "a path that ends in .weights.h5", str(filepath)[:80], "Rename it."))
    if kind == places.WEB:
        artifacts = yield from web_files.artifacts_of(model, quantization)
        return (yield from handler_of(places.text_of(filepath) or filepath, saving=True).saving(artifacts))
    if quantization is not None:
        raise ArgumentError(message("save_weights", "quantization for TensorFlow.js only", str(filepath)[:80], "Save to a folder."))
    return (yield from keras_files.saving_weights(model, places.text_of(filepath)))


def _loading_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, strict: bool = True, **options: Any
) -> Waits[None]:
    """Load weights that `save_weights` or `save_model`, Keras 3, Keras 2 or TensorFlow.js wrote into a model.

    `skip_mismatch`: what does not fit keeps its values, with a warning; `by_name`: layers of a file in Keras 2's layout by their names.
    Raises FormatError where the file does not fit, before any weight changed.
    """
    if not isinstance(model, Model):
        raise ConversionError(message("load_weights", "a model", type(model).__name__, "Pass a tw.Model."))
    if by_name and skip_mismatch is None:
        skip_mismatch = False
    kind = places.kind_to_load(filepath)
    if kind == places.WEB:
        artifacts = yield from handler_of(places.text_of(filepath) or filepath, **options).loading()
        web_files.load_artifact_weights(model, artifacts, strict and not skip_mismatch)
        return
    source = yield from _source(filepath, options)
    if kind == places.KERAS:
        keras_files.load_archive_weights(source, model, skip_mismatch)
    else:
        legacy_h5.load_h5_weights(source, model, skip_mismatch, by_name)


save_model, save_model_async = twins(_saving_model, "save_model", __name__)
load_model, load_model_async = twins(_loading_model, "load_model", __name__)
save_weights, save_weights_async = twins(_saving_weights, "save_weights", __name__)
load_weights, load_weights_async = twins(_loading_weights, "load_weights", __name__)
