"""Configs of recurrent layers from Keras 2 and TensorFlow.js, made ones of Keras 3: other keys, and two meanings that changed."""

from __future__ import annotations

from typing import Any

from .. import activations
from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, find_builtin, get_registered_object

_WITHOUT_USE = ("implementation", "use_cudnn_on_gpu", "num_constants", "input_length", "_sequence_axes", "time_major")
# TensorFlow.js writes the arguments of the cell beside those of an RNN too.
_OF_RNN = frozenset((
    "name", "trainable", "dtype", "activity_regularizer", "batch_input_shape", "input_shape", "batch_size", "input_dim", "cell",
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask",
))  # fmt: skip


def keras2_config(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the config for Keras 3's class; layers and cells within it are made from theirs.

    Keras 2's hard_sigmoid was another function, and files of TensorFlow.js have no reset_after, which is False there. Raises
    ArgumentError for time_major=True, which Keras 3 does not have.
    """
    if config.get("time_major"):
        raise ArgumentError(message(class_name, "time_major=False", "True", "Transpose the inputs: batch first, then time."))
    made = {k: v for k, v in config.items() if k not in _WITHOUT_USE and (class_name != "RNN" or k in _OF_RNN)}
    for key in ("activation", "recurrent_activation"):
        if made.get(key) == "hard_sigmoid":
            made[key] = activations._keras2_hard_sigmoid
    if class_name in ("GRU", "GRUCell"):
        made.setdefault("reset_after", False)
    for key in ("layer", "backward_layer", "cell"):
        if isinstance(made.get(key), dict):
            made[key] = _revive(made[key])
    if isinstance(made.get("cells"), (list, tuple)):
        made["cells"] = [_revive(c) for c in made["cells"]]
    return made


def _revive(config: Any) -> Any:
    """Return the layer or cell of a nested config of the form {"class_name": ..., "config": ...}."""
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        return config
    name = config["class_name"]
    if get_registered_object(name) is None:
        found = find_builtin("keras.layers", name)
        if hasattr(found, "from_keras2_config"):
            return found.from_keras2_config(config["config"])
    return deserialize_keras_object(config)
