"""Random tensors: `tw.random` with keras.random's names, and TensorFlow.js's random ops at top level. The generator: `threefry.py`.

Every draw is a pure function of a key of two integers and of the element's place, so a seed gives the same bits on every backend.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..shapes import Shape, as_shape, broadcast, normalize_axis, size_of
from ..tensor import Variable, as_tensor, tensor
from . import threefry
from .creation import generate
from .define import composite, op, public, row_body
from .primitives import sort_rows
from .shaping import take_slice

_M = 0xFFFFFFFF
Key = tuple[int, int]
FLOATS, REALS = ("float32", "float16"), ("float32", "float16", "int32")

# --- seeds ------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _key_of(seed: int | str) -> Key:
    """Return the well-mixed key of a seed of any size (or of a text)."""
    value = int.from_bytes(seed.encode(), "little") if isinstance(seed, str) else seed
    key = threefry.block((0, 0), (value & _M, value >> 32 & _M))
    rest = value >> 64
    while rest not in (0, -1):
        key = threefry.block(key, (rest & _M, rest >> 32 & _M))
        rest >>= 64
    return key


class SeedGenerator:
    """A sequence of keys from one seed, for ops that are called again and again with `seed=generator`.

    Without a seed, the sequence follows from the global one. Its first key is the one of the integer seed itself. Keras's
    SeedGenerator.

    >>> import tensorweb as tw
    >>> seeds = tw.random.SeedGenerator(7)
    >>> tw.random.uniform((2,), seed=seeds).tolist() == tw.random.uniform((2,), seed=seeds).tolist()
    False
    """

    def __init__(self, seed: int | None = None, name: str | None = None):
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ArgumentError(message("SeedGenerator", "an integer seed or None", repr(seed), "Pass an int."))
        self.name, self._initial_seed = name or "seed_generator", seed
        self._seed: int = seed if seed is not None else _global.next()[0] & 0x7FFFFFFF
        self._key = _key_of(self._seed)
        self._draws = itertools.count()
        self._state: SeedState | None = None

    @property
    def state(self) -> SeedState:
        """The seed and the number of keys drawn so far, as a variable that can be read, saved and assigned."""
        if self._state is None:
            self._state = SeedState(self)
        return self._state

    def next(self, ordered: bool = True) -> Key:
        """Return the next key, two unsigned 32-bit integers."""
        # Stepping a counter cannot be torn by threads.
        return self._key[0], (self._key[1] + next(self._draws)) & _M

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Return a new generator of a configuration."""
        return cls(**config)


class SeedState(Variable):
    """The state of a SeedGenerator, int32 [seed, draws]; made when it is read, so that drawing costs no tensor."""

    def __init__(self, owner: SeedGenerator):
        self._owner = owner
        super().__init__(self._value, trainable=False, autocast=False, name="seed_generator_state")
        self.path = f"{owner.name}/seed_generator_state"

    @property
    def _value(self) -> Any:
        owner = self._owner
        # The text of a counter is the one way to see it without stepping it: count(5).
        return tensor([_wrapped(owner._seed), _wrapped(int(repr(owner._draws)[6:-1]))], dtype="int32")

    @_value.setter
    def _value(self, value: Any) -> None:
        seed, draws = value.tolist()
        owner = self._owner
        if seed != _wrapped(owner._seed):
            owner._seed, owner._key = seed, _key_of(seed)
        owner._draws = itertools.count(draws & _M)


def _wrapped(value: int) -> int:
    """Return the low 32 bits as a signed number."""
    return ((value + 2**31) & _M) - 2**31


_global = SeedGenerator(int.from_bytes(os.urandom(8), "little"))


def set_random_seed(seed: int) -> None:
    """Make all following draws without a seed of their own reproducible."""
    global _global
    _global = SeedGenerator(seed)


def draw_seed(seed: Any, where: str = "random") -> Key:
    """Return the key to draw with: an integer's or text's own, a generator's next, the global generator's next for None."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return _global.next()
    if isinstance(seed, (int, str)) and not isinstance(seed, bool):
        return _key_of(seed)
    if isinstance(seed, float) and seed.is_integer():
        return _key_of(int(seed))
    raise ArgumentError(message(where, "a seed: an int, a SeedGenerator or None", repr(seed), "Pass one of these."))


# --- drawing ----------------------------------------------------------------------------------------------------------------


def _draw(body: Callable[..., Any], shape: Shape, dtype: str, key: Key, stream: int, *numbers: Any) -> Any:
    """Return a tensor whose elements are body(bits, *numbers), the bits of each element its own.

    Each block of the generator serves two elements: backends that work on whole arrays then compute it once for both.
    """
    n = size_of(shape)
    half = (n + 1) // 2
    made = generate(_with_bits(body), (2, half), dtype, *threefry.schedule(key), stream, *numbers)
    if 2 * half != n:
        made = take_slice(op("reshape")(made, (2 * half,)), (0,), (n,), (1,))
    return op("reshape")(made, shape)


@lru_cache(maxsize=64)
def _with_bits(body: Callable[..., Any]) -> Callable[..., Any]:
    def whole(c: Sequence[Any], k0: Any, k1: Any, k2: Any, stream: Any, *numbers: Any) -> Any:
        word, place = c
        # The stream is added to a coordinate: a bare number would make the rounds compute on numbers wider than 32 bits.
        first, second = threefry.rounds((k0, k1, k2), place, place * 0 + stream)
        return body(e.where(e.equal(word, 0), first, second), *numbers)

    return whole


def _unit(bits: Any) -> Any:
    """Return a float in [0, 1): the upper 24 bits, so that it is exact."""
    return e.cast(e.shift_right_logical(bits, 8), "float32") * 2.0**-24


def _low_half(bits: Any) -> Any:
    """Return a float in (0, 1) that is fine near 0: the lower 31 bits. The highest bit is left to be a sign."""
    return (e.cast(bits & 0x7FFFFFFF, "float32") + 0.5) * 2.0**-31


def _bits(bits: Any) -> Any:
    return bits


def _uniform(bits: Any, low: Any, width: Any, below: Any) -> Any:
    # Rounding may reach the upper end, which is excluded.
    return e.minimum(_unit(bits) * width + low, below)


def _standard_normal(bits: Any, mean: Any, stddev: Any) -> Any:
    z = _normal_quantile(_low_half(bits) * 0.5)
    return e.where(bits < 0, -z, z) * stddev + mean


_BELOW_MINUS_2 = 0.022750131948179195  # the normal distribution function at -2


def _truncated_normal(bits: Any, mean: Any, stddev: Any) -> Any:
    z = e.maximum(_normal_quantile(_low_half(bits) * (0.5 - _BELOW_MINUS_2) + _BELOW_MINUS_2), -2.0)
    return e.where(bits < 0, -z, z) * stddev + mean


def _normal_quantile(p: Any) -> Any:
    """Return the normal quantile for p in (0, 0.5], by Wichura's algorithm AS 241 (1988), PPND7: relative error below 1e-6."""
    q = p - 0.5
    r = 0.180625 - q * q
    top = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
    bottom = ((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1.0
    s = e.sqrt(-e.log(p)) - 1.6
    high = ((0.17023821103 * s + 1.3067284816) * s + 2.75681539) * s + 1.4234372777
    low = (0.12021132975 * s + 0.7370016425) * s + 1.0
    return e.where(q >= -0.425, q * top / bottom, -high / low)


def _integer(bits: Any, low: Any, width_high: Any, width_low: Any) -> Any:
    """Return low + the upper half of the 64-bit product bits * width, from 16-bit digits."""
    a, b = e.shift_right_logical(bits, 16), bits & 0xFFFF
    carry = e.shift_right_logical(b * width_low, 16)
    middle = a * width_low + carry
    other = b * width_high + (middle & 0xFFFF)
    return a * width_high + e.shift_right_logical(middle, 16) + e.shift_right_logical(other, 16) + low


def _kept(bits: Any, rate: Any) -> Any:
    return _unit(bits) >= rate


def _gumbel(bits: Any) -> Any:
    return -e.log(-e.log1p(-_low_half(bits)))


def _below(value: float, dtype: str) -> float:
    """Return the largest number of the dtype below `value`."""
    code, whole = ("e", "h") if dtype == "float16" else ("f", "i")
    try:
        stored = struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return value
    if stored < value:
        return stored
    if stored == 0:
        return -5.9604645e-08 if dtype == "float16" else -1.1754944e-38
    bits = struct.unpack(whole, struct.pack(code, stored))[0]
    return struct.unpack(code, struct.pack(whole, bits - 1 if stored > 0 else bits + 1))[0]


def _dtype(dtype: Any, allowed: Sequence[str], where: str) -> str:
    name = "float32" if dtype is None else dtypes.canonical(dtype, where)
    if name not in allowed:
        raise DTypeError(message(where, " or ".join(allowed), f"dtype {name}", "Cast the result."))
    return name


def _scaled(body: Any, shape: Any, dtype: str, seed: Any, where: str, mean: Any, stddev: Any) -> Any:
    """Return draws times stddev plus mean; numbers go into the kernel, tensors are applied after it."""
    dims, key = as_shape(shape, where, limit=0), draw_seed(seed, where)
    if type(mean) in engine.NUMBERS and type(stddev) in engine.NUMBERS:
        return _draw(body, dims, dtype, key, 0, float(mean), float(stddev))
    mean, stddev = as_tensor(mean, where), as_tensor(stddev, where)
    if broadcast(where, dims, mean.shape, stddev.shape) != dims:
        raise ShapeError(message(where, f"parameters that broadcast to {dims}", f"{mean.shape} and {stddev.shape}", "Enlarge the shape."))
    made = op("add")(op("multiply")(_draw(body, dims, "float32", key, 0, 0.0, 1.0), stddev), mean)
    return made if made.dtype == dtype else op("cast")(made, dtype)


# --- keras.random -----------------------------------------------------------------------------------------------------------


@public("map", method=False, namespace="random")
def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Return draws from a normal distribution, by inversion of its distribution function. keras.random.normal.

    `seed` is an int, a SeedGenerator, or None for the global generator; `dtype` float32 or float16.

    >>> import tensorweb as tw
    >>> tw.random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    return _scaled(_standard_normal, shape, _dtype(dtype, FLOATS, "random.normal"), seed, "random.normal", mean, stddev)


@public("map", method=False, namespace="random")
def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Return draws from a normal distribution cut off two standard deviations from its mean. keras.random.truncated_normal."""
    where = "random.truncated_normal"
    return _scaled(_truncated_normal, shape, _dtype(dtype, FLOATS, where), seed, where, mean, stddev)


@public("map", method=False, namespace="random")
def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Return draws from the uniform distribution on [minval, maxval): 24 random bits each. keras.random.uniform.

    >>> import tensorweb as tw
    >>> tw.random.uniform((3,), seed=1).tolist() == tw.random.uniform((3,), seed=1).tolist()
    True
    """
    where = "random.uniform"
    name = _dtype(dtype, FLOATS, where)
    if type(minval) in engine.NUMBERS and type(maxval) in engine.NUMBERS:
        low, high = float(minval), float(maxval)
        below = _below(high, name) if low < high else max(low, high)
        return _draw(_uniform, as_shape(shape, where, limit=0), name, draw_seed(seed, where), 0, low, high - low, below)
    width = op("subtract")(as_tensor(maxval, where), minval)
    return _scaled(_uniform_unit, shape, name, seed, where, minval, width)


def _uniform_unit(bits: Any, zero: Any, one: Any) -> Any:
    return _unit(bits) * one + zero


@public("map", "none", method=False, namespace="random")
def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Return integers from minval up to and without maxval. keras.random.randint.

    32 random bits are scaled to the range: the chances of two values differ by at most (maxval - minval) / 2**32 of themselves.
    """
    where, name = "random.randint", dtypes.canonical(dtype, "random.randint")
    if dtypes.kind(name) not in "if":
        raise DTypeError(message(where, "an integer or floating dtype", f"dtype {name}", "Cast the result."))
    low, high = int(minval), int(maxval)
    if not -(2**31) <= low < high <= 2**31:
        raise ArgumentError(message(where, "minval < maxval within 32 bits", f"{low} and {high}", "Give a range that holds an integer."))
    width = high - low
    return _draw(_integer, as_shape(shape, where, limit=0), name, draw_seed(seed, where), 0, low, width >> 16, width & 0xFFFF)


@public("map", "none", method=False, namespace="random")
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Return indices [batch, num_samples] drawn with chances softmax(logits), logits [batch, classes]. keras.random.categorical."""
    where = "random.categorical"
    logits = as_tensor(logits, where)
    if len(logits.shape) != 2 or not logits.shape[1]:
        raise ShapeError(message(where, "logits of shape (batch, classes)", logits.shape, "Reshape them."))
    if isinstance(num_samples, bool) or not isinstance(num_samples, int) or num_samples < 0:
        raise ArgumentError(message(where, "num_samples of 0 or more", repr(num_samples), "Pass an int."))
    batch, classes = logits.shape
    # The largest of logits plus Gumbel noise falls on each class with its chance.
    noise = _draw(_gumbel, (batch, num_samples, classes), "float32", draw_seed(seed, where), 0)
    found = op("argmax")(op("add")(op("reshape")(logits, (batch, 1, classes)), noise), axis=-1)
    return op("cast")(found, dtype) if dtypes.canonical(dtype, where) != found.dtype else found


@public("sort", method=False, namespace="random")
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Return x with its slices along `axis` in random order. keras.random.shuffle."""
    x = as_tensor(x, "random.shuffle")
    at = normalize_axis(axis, len(x.shape), "random.shuffle")
    keys = _draw(_bits, (1, x.shape[at]), "int32", draw_seed(seed, "random.shuffle"), 0)
    return op("take")(x, op("reshape")(sort_rows(keys, False)[1], (x.shape[at],)), axis=at)


# --- gamma, beta, binomial --------------------------------------------------------------------------------------------------


def _gamma_step(shape: Any, x: Any, u: Any) -> Any:
    """Return the logarithm of one candidate of Marsaglia and Tsang (2000) for a shape of 1 or more, NaN where it is rejected."""
    d = shape - 1.0 / 3.0
    root = 1.0 + x / e.sqrt(9.0 * d)
    log_v = 3.0 * e.log(e.maximum(root, 1e-30))
    accepted = e.logical_and(root > 0, e.log(u) < 0.5 * x * x + d * (1.0 - root * root * root + log_v))
    return e.where(accepted, e.log(d) + log_v, float("nan"))


def _gamma_finish(alpha: Any, grown: Any, u: Any) -> Any:
    """Return the logarithm of a draw of shape alpha, from one of shape alpha + 1 where alpha is below 1."""
    return e.where(alpha < 1.0, grown + e.log(u) / alpha, grown)


def _first_number(a: Any, b: Any) -> Any:
    return e.where(e.isnan(a), b, a)


def _at_least_one(alpha: Any) -> Any:
    return e.where(alpha < 1.0, alpha + 1.0, alpha)


def _map(function: Callable[..., Any], *args: Any) -> Any:
    return engine.run(row_body(function, None, True, len(args)), args)


def _open_unit(bits: Any) -> Any:
    return _low_half(bits)


def _log_gamma_draws(alpha: Any, key: Key, stream: int) -> Any:
    """Return logarithms of gamma draws in the shape of `alpha`; all elements draw until the last of them has been accepted.

    A round accepts 95 % or more. Logarithms do not underflow where alpha is small.
    """
    grown = _map(_at_least_one, alpha)
    result = None
    for attempt in range(64):
        x = _draw(_standard_normal, alpha.shape, "float32", key, stream + 2 * attempt + 1, 0.0, 1.0)
        u = _draw(_open_unit, alpha.shape, "float32", key, stream + 2 * attempt + 2)
        candidate = _map(_gamma_step, grown, x, u)
        result = candidate if result is None else _map(_first_number, result, candidate)
        if not bool(op("any")(op("isnan")(result))):
            break
    return _map(_gamma_finish, alpha, result, _draw(_open_unit, alpha.shape, "float32", key, stream))


def _parameter(value: Any, shape: Shape, where: str, name: str) -> Any:
    if type(value) in engine.NUMBERS and not value > 0:
        raise ArgumentError(message(where, f"{name} above 0", value, "Correct it."))
    tensor = as_tensor(value, where)
    if broadcast(where, shape, tensor.shape) != shape:
        raise ShapeError(message(where, f"{name} that broadcasts to {shape}", tensor.shape, "Enlarge the shape."))
    return op("broadcast_to")(op("cast")(tensor, "float32"), shape)


@composite(gradient="none", method=False, namespace="random")
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Return draws from the gamma distribution of shape parameter `alpha` and scale 1. keras.random.gamma."""
    where = "random.gamma"
    dims, name = as_shape(shape, where, limit=0), _dtype(dtype, REALS, where)
    made = op("exp")(_log_gamma_draws(_parameter(alpha, dims, where, "alpha"), draw_seed(seed, where), 0))
    return made if name == "float32" else op("cast")(made, name)


def _ratio(a: Any, b: Any) -> Any:
    return 1.0 / (1.0 + e.exp(b - a))


@composite(gradient="none", method=False, namespace="random")
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Return draws from the beta distribution. keras.random.beta."""
    where = "random.beta"
    dims, name, key = as_shape(shape, where, limit=0), _dtype(dtype, FLOATS, where), draw_seed(seed, where)
    a, b = _parameter(alpha, dims, where, "alpha"), _parameter(beta, dims, where, "beta")
    made = _beta_draws(a, b, key, 0)
    return made if name == "float32" else op("cast")(made, name)


def _beta_draws(a: Any, b: Any, key: Key, stream: int) -> Any:
    return _map(_ratio, _log_gamma_draws(a, key, stream), _log_gamma_draws(b, key, stream + 200))


_DIRECT = 16  # trials that are drawn one by one


def _split(n: Any, p: Any, found: Any, x: Any) -> tuple[Any, Any, Any]:
    """Halve the trials: x is the value of the middle one in order of n uniform numbers, of which those below p are counted."""
    middle = e.floor((n + 1.0) * 0.5)
    small, reached = n <= _DIRECT, x <= p
    rest = e.where(reached, n - middle, middle - 1.0)
    chance = e.where(reached, (p - x) / (1.0 - x), p / x)
    return e.where(small, n, rest), e.where(small, p, chance), e.where(e.logical_or(small, e.logical_not(reached)), found, found + middle)


def _middle(n: Any) -> tuple[Any, Any]:
    middle = e.floor((e.maximum(n, 1.0) + 1.0) * 0.5)
    return middle, e.maximum(n, 1.0) + 1.0 - middle


def _success(n: Any, p: Any, trial: Any, u: Any) -> Any:
    return e.cast(e.logical_and(trial < n, u < p), "float32")


@composite(gradient="none", method=False, namespace="random")
def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Return numbers of successes among `counts` trials, each with its chance of `probabilities`. keras.random.binomial.

    Many trials are halved by beta draws until 16 are left (Relles, 1972); counts are exact up to 2**24.
    """
    where = "random.binomial"
    dims, name, key = as_shape(shape, where, limit=0), _dtype(dtype, REALS, where), draw_seed(seed, where)
    if type(probabilities) in engine.NUMBERS and not 0 <= probabilities <= 1:
        raise ArgumentError(message(where, "probabilities from 0 to 1", probabilities, "Correct them."))
    if type(counts) in engine.NUMBERS and not counts >= 0:
        raise ArgumentError(message(where, "counts of 0 or more", counts, "Correct them."))
    n, p = (op("broadcast_to")(op("cast")(as_tensor(v, where), "float32"), dims) for v in (counts, probabilities))
    found, stream = op("zeros")(dims), 1000
    while n.size and float(op("max")(n)) > _DIRECT:
        rank, others = _map(_middle, n)
        x = _beta_draws(rank, others, key, stream)
        n, p, found = _map(_split, n, p, found, x)
        stream += 1000
    wide = (*dims, 1)
    u = _draw(_unit, (*dims, _DIRECT), "float32", key, 0)
    trial = op("arange")(_DIRECT, dtype="float32")
    hits = _map(_success, op("reshape")(n, wide), op("reshape")(p, wide), trial, u)
    made = op("add")(found, op("sum")(hits, axis=-1))
    return made if name == "float32" else op("cast")(made, name)


# --- dropout ----------------------------------------------------------------------------------------------------------------


def _drop(x: Any, keep: Any, scale: Any) -> Any:
    return e.where(keep, x * scale, 0)


@public("map")
def dropout(x: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None) -> Any:
    """Return x with a share `rate` of its elements set to 0 and the others divided by 1 - rate.

    keras.random.dropout, TensorFlow.js dropout. `noise_shape` broadcasts to x: where it has a 1, elements are dropped
    together; None in it stands for x's own dimension.
    """
    x = as_tensor(x, "dropout")
    if not 0 <= rate <= 1:
        raise ArgumentError(message("dropout", "a rate from 0 to 1", rate, "Give the share to drop."))
    if not dtypes.is_float(x.dtype):
        raise DTypeError(message("dropout", "a floating tensor", f"dtype {x.dtype}", "Cast it first."))
    shape = x.shape
    if noise_shape is not None:
        if len(noise_shape) > len(shape):
            raise ShapeError(message("dropout", f"a noise_shape that fits {shape}", tuple(noise_shape), "Use x's dimensions or 1."))
        own = shape[len(shape) - len(noise_shape) :]
        shape = as_shape([d if n is None else n for n, d in zip(noise_shape, own, strict=True)], "dropout")
        if broadcast("dropout", x.shape, shape) != x.shape:
            raise ShapeError(message("dropout", f"a noise_shape that fits {x.shape}", shape, "Use x's dimensions or 1."))
    if rate == 0:
        return op("copy")(x)
    if rate == 1:
        return op("zeros_like")(x)
    keep = _draw(_kept, shape, "bool", draw_seed(seed, "dropout"), 0, float(rate))
    return _map(_drop, x, keep, 1.0 / (1.0 - rate))
