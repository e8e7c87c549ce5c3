"""Saving and loading of models and objects: the public names of Keras's saving module, and the twins that do not block."""

from ..serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)  # fmt: skip
from .models import (
    load_model,
    load_model_async,
    load_weights,
    load_weights_async,
    save_model,
    save_model_async,
    save_weights,
    save_weights_async,
)
