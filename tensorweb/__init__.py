"""TensorWeb: machine learning in Python that runs wherever Python runs. The public names, nothing else."""

from . import array_api, data, ops, optimizers, tfjs
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
