"""keras.utils: what does not belong to a layer, a model or an op."""

from importlib import import_module as _import_module
from typing import Any as _Any

from ..backend import standardize_dtype
from ..naming import clear_session
from ..serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from ..symbolic import is_keras_tensor
from . import bounding_boxes
from .audio_dataset import audio_dataset_from_directory
from .config import Config
from .downloads import get_file
from .image_dataset import image_dataset_from_directory
from .images import array_to_img, img_to_array, load_img, save_img
from .messages import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled
from .numerical import normalize, to_categorical
from .packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .progress import Progbar
from .py_dataset import PyDataset
from .py_dataset import PyDataset as Sequence
from .rng import set_random_seed
from .sequences import pad_sequences
from .source_inputs import get_source_inputs
from .splitting import split_dataset
from .text_dataset import text_dataset_from_directory
from .timeseries import timeseries_dataset_from_array

# What stands above models, loaded when first used.
_ABOVE = {"FeatureSpace": "feature_space", "model_to_dot": "plotting", "plot_model": "plotting"}


def __getattr__(name: str) -> _Any:
    if name in _ABOVE:
        return getattr(_import_module(f"{__name__}.{_ABOVE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ABOVE])
