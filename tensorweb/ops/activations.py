"""Activation functions, those along an axis (softmax) too."""
from __future__ import annotations

from typing import Any

from ..kernels import expression as e
from ..kernels.expression import reduce
from .define import reduction


@reduction(full=True, default_axis=-1)
def softmax(x: Any) -> Any:
    """Return exp(x) / sum(exp(x)) along `axis`, computed so that it does not overflow."""
    shifted = e.exp(x - e.stop(reduce.max(x)))
    return shifted / reduce.sum(shifted)
