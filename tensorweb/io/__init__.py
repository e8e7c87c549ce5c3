"""File formats and handlers below the level of models: TensorFlow.js's weights and model.json, Keras's containers, safetensors."""

from .artifacts import (
    ModelArtifacts,
    ModelArtifactsInfo,
    SaveResult,
    get_model_artifacts_for_json,
    get_model_artifacts_for_json_async,
    get_model_artifacts_for_json_sync,
    get_model_artifacts_info_for_json,
)
from .buffers import CompositeArrayBuffer, concatenate_array_buffers
from .caching import clear_cache, clear_cache_async
from .fetching import Response, fetch, fetch_async, is_http_scheme
from .files import browser_files, file_system
from .handlers import (
    IOHandler,
    copy_model,
    copy_model_async,
    from_memory,
    get_load_handlers,
    get_save_handlers,
    handler_of,
    list_models,
    list_models_async,
    memory,
    move_model,
    move_model_async,
    register_load_router,
    register_save_router,
    remove_model,
    remove_model_async,
    with_save_handler,
)
from .hdf5 import create_hdf5, open_hdf5
from .http_handler import http, load_weights, load_weights_async
from .keras_archive import KerasArchive, open_archive, write_archive
from .keras_h5 import KerasH5, read_keras_h5, write_keras_h5
from .manifest import get_weight_specs
from .page_stores import downloads, indexed_db, local_storage
from .safetensors import load_safetensors, safetensors_metadata, save_safetensors
from .weights import (
    decode_weights,
    decode_weights_stream,
    decode_weights_stream_async,
    encode_weights,
    encode_weights_async,
    weights_loader_factory,
)
