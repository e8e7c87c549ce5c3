"""How the cases of ONNX ops are written down; the cases stand in cases_*.py, what runs them in generate_onnx.py."""

from dataclasses import dataclass, field

import numpy as np

CASES = []


@dataclass
class Case:
    """An op with inputs (None: left out), attributes and opset; `constant` are the numbers of inputs that are initializers."""

    op: str
    inputs: list
    attrs: dict
    opset: int = 17
    outputs: int = 1
    without: tuple = ()
    constant: tuple = ()
    dynamic: bool = True
    domain: str = ""
    note: str = ""
    step: int = 0  # by how much quantised outputs may differ
    tolerance: float = 1e-5
    before: list = field(default_factory=list)


def case(op, *inputs, opset=17, outputs=1, without=(), constant=(), dynamic=True, domain="", note="", step=0, tolerance=1e-5, **attrs):
    """Add a case; lists become arrays: of floats float32, of ints int64."""
    arrays = [None if x is None else x if isinstance(x, np.ndarray) else typed(np.array(x)) for x in inputs]
    CASES.append(Case(op, arrays, attrs, opset, outputs, without, constant, dynamic, domain, note, step, tolerance))


def typed(x):
    """Return float64 as float32; other arrays as they are."""
    return x.astype(np.float32) if x.dtype == np.float64 else x


def normal(*shape, seed=0, scale=1.0):
    """Return float32 noise."""
    return (np.random.default_rng([seed, *shape]).standard_normal(shape) * scale).astype(np.float32)


def uniform(low, high, *shape, seed=0):
    """Return float32 numbers of a range."""
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape).astype(np.float32)


def whole(low, high, *shape, seed=0, dtype="int32"):
    """Return integers from low to high - 1."""
    return np.random.default_rng([seed, *shape]).integers(low, high, shape).astype(dtype)


def truth(*shape, seed=0):
    """Return booleans."""
    return np.random.default_rng([seed, *shape]).random(shape) < 0.5
