"""TensorWeb: machine learning in Python that runs wherever Python runs. The public names, nothing else."""

from . import ops
from .autodiff import GradientTape, custom_grad, custom_gradient, grad, grads, value_and_grad, value_and_grads, variable_grads
from .backends.registry import find_backend, get_backend, ready, register_backend, remove_backend, set_backend
from .tensor import Tensor, TensorBuffer, Variable, buffer, tensor, variable
from .tensor import OPS as _OPS

globals().update({name: entry.function for name, entry in _OPS.items() if not entry.namespace})
