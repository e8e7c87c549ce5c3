"""TensorWeb: machine learning in Python that runs wherever Python runs. The public names, nothing else."""

from importlib import import_module as _import_module
from typing import Any as _Any

from . import array_api, ops, tfjs
from .autodiff import GradientTape, custom_grad, custom_gradient, grad, grads, value_and_grad, value_and_grads, variable_grads
from .backends.registry import find_backend, get_backend, ready, register_backend, registered_backends, remove_backend, set_backend
from .flags import enable_prod_mode, flags
from .memory import dispose, keep, memory, tidy
from .numerics import epsilon
from .ops import *
from .ops import fused, image, linalg, math, ragged, random, signal, sparse, strings
from .profiler import enable_debug_mode, profile, time
from .tensor import Tensor, TensorBuffer, Variable, buffer, tensor, variable
from .waiting import next_frame

__version__ = "0.1.0"

# Keras's house and what stands on it, loaded when first used, so that a page that only needs ops starts sooner.
_HOUSES = (
    "activations", "applications", "backend", "browser", "callbacks", "config", "constraints", "data", "datasets", "dtype_policies",
    "graph", "initializers", "io", "layers", "losses", "metrics", "mixed_precision", "models", "optimizers", "preprocessing",
    "regularizers", "saving", "tree", "utils",
)  # fmt: skip
_HOMES = {
    name: home
    for home, names in {
        "config": "version",
        "dtype_policies": "DTypePolicy FloatDTypePolicy",
        "graph": "GraphModel deregister_op get_registered_op load_graph_model load_graph_model_async register_op",
        "initializers": "Initializer",
        "layers": "Input InputSpec Layer",
        "losses": "Loss",
        "metrics": "Metric",
        "models": "Model Sequential",
        "naming": "name_scope",
        "optimizers": "Optimizer",
        "regularizers": "Regularizer",
        "saving": "load_model",
        "stateless": "StatelessScope",
        "symbolic": "KerasTensor Operation",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> _Any:
    if name in _HOUSES:
        return _import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(_import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOUSES, *_HOMES])
