"""The random ops that TensorFlow.js has at top level, in terms of those of `random.py`. They take a dtype, and int32 truncates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..shapes import as_shape, size_of
from ..tensor import as_tensor, tensor
from . import random
from .define import composite, op


def _as(made: Any, dtype: Any, where: str) -> Any:
    name = dtypes.canonical("float32" if dtype is None else dtype, where)
    if name not in ("float32", "float16", "int32"):
        raise DTypeError(message(where, "float32, float16 or int32", f"dtype {name}", "Cast the result."))
    return made if made.dtype == name else op("cast")(made, name)


@composite(gradient="none", method=False)
def random_uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = "float32", seed: Any = None) -> Any:
    """Return draws from the uniform distribution on [minval, maxval). TensorFlow.js randomUniform.

    >>> import tensorweb as tw
    >>> tw.random_uniform((2,), 5, 6, "int32").tolist()
    [5, 5]
    """
    return _as(random.uniform(shape, minval, maxval, seed=seed), dtype, "random_uniform")


@composite(gradient="none", method=False)
def random_uniform_int(shape: Any, minval: int, maxval: int, seed: Any = None) -> Any:
    """Return integers from minval up to and without maxval. TensorFlow.js randomUniformInt."""
    return random.randint(shape, minval, maxval, seed=seed)


@composite(gradient="none", method=False)
def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None) -> Any:
    """Return draws from a normal distribution. TensorFlow.js randomNormal."""
    return _as(random.normal(shape, mean, stddev, seed=seed), dtype, "random_normal")


@composite(gradient="none", method=False)
def random_standard_normal(shape: Any, dtype: Any = "float32", seed: Any = None) -> Any:
    """Return draws from the normal distribution of mean 0 and deviation 1. TensorFlow.js randomStandardNormal."""
    return random_normal(shape, dtype=dtype, seed=seed)


@composite(gradient="none", method=False)
def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None) -> Any:
    """Return draws from a normal distribution cut off two standard deviations from its mean. TensorFlow.js truncatedNormal."""
    return _as(random.truncated_normal(shape, mean, stddev, seed=seed), dtype, "truncated_normal")


@composite(gradient="none", method=False)
def random_gamma(shape: Any, alpha: Any, beta: Any = 1.0, dtype: Any = "float32", seed: Any = None) -> Any:
    """Return draws from the gamma distribution of shape `alpha` and inverse scale `beta`. TensorFlow.js randomGamma."""
    if isinstance(beta, (int, float)) and not beta > 0:
        raise ArgumentError(message("random_gamma", "beta above 0", beta, "Correct it."))
    return _as(op("divide")(random.gamma(shape, alpha, seed=seed), beta), dtype, "random_gamma")


@composite(gradient="none", method=False)
def multinomial(logits: Any, num_samples: int, seed: Any = None, normalized: bool = False) -> Any:
    """Return int32 class indices drawn from logits [classes] or [batch, classes]; `normalized`: they are probabilities.

    TensorFlow.js multinomial. Raises ShapeError for one class or another rank.
    """
    x = as_tensor(logits, "multinomial")
    if len(x.shape) not in (1, 2) or x.shape[-1] < 2:
        raise ShapeError(message("multinomial", "(classes,) or (batch, classes) with two classes or more", x.shape, "Reshape the logits."))
    rows = op("reshape")(op("log")(x) if normalized else x, (-1 if x.size else 0, x.shape[-1]))
    made = random.categorical(rows, num_samples, seed=seed)
    return op("reshape")(made, (num_samples,)) if len(x.shape) == 1 else made


@composite(gradient="none", method=False)
def rand(shape: Any, rand_function: Callable[[], float], dtype: Any = None) -> Any:
    """Return a tensor filled by calling a Python function without arguments for each element. TensorFlow.js rand.

    >>> import tensorweb as tw
    >>> tw.rand((2,), lambda: 0.5).tolist()
    [0.5, 0.5]
    """
    if not callable(rand_function):
        raise ArgumentError(message("rand", "a function without arguments", repr(rand_function), "Pass a callable."))
    dims = as_shape(shape, "rand")
    return tensor([rand_function() for _ in range(size_of(dims))], dims, "float32" if dtype is None else dtype)
