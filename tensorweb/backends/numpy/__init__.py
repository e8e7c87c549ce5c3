"""The backend `numpy`: the patterns on NumPy arrays, the fallback on CPython and a reference. One of two places that import numpy.

Here: buffers and compilation. Scalar operations are in `functions.py`, patterns in `loops.py`, contractions in `contract.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels import interpret
from ...kernels.patterns import Kernel, Routine, Spec
from .functions import NUMPY_DTYPES
from .loops import PATTERNS
from .routines import ROUTINES


class NumpyBackend:
    """Buffers are C-contiguous arrays, of any shape with the right number of elements."""

    name = "numpy"

    def upload(self, values: Any, spec: Spec) -> Any:
        dtype = NUMPY_DTYPES[str(spec.dtype)]
        if spec.dtype == "string":
            result = np.empty(spec.shape, object)
            result.reshape(-1)[:] = values
            return result
        return np.array(values, dtype).reshape(spec.shape)

    def download(self, buffer: Any, spec: Spec) -> Any:
        flat = buffer.reshape(-1)
        if spec.dtype in ("string", "complex64"):
            return flat.tolist()
        view = flat.view()
        view.flags.writeable = False
        return view.data if spec.dtype != "float16" else view.astype(np.float32).data

    def memory(self, buffer: Any, spec: Spec) -> memoryview:
        return buffer.reshape(-1).view(np.uint8).data

    def compile(self, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        if isinstance(kernel, Routine):
            return self._routine(kernel, inputs, outputs)
        return PATTERNS[type(kernel)](kernel, inputs, outputs)

    def _routine(self, kernel: Routine, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        fast = ROUTINES.get(kernel.name)
        if fast is not None:
            shapes = [s.shape for s in inputs]
            attrs = dict(kernel.attrs)
            return lambda *xs: fast(outputs, *(x.reshape(s) for x, s in zip(xs, shapes, strict=True)), **attrs)
        function = interpret.run(kernel, inputs, outputs or ())

        def run(*buffers: Any) -> list[Any]:
            results = function(*(b.reshape(-1).tolist() for b in buffers))
            specs = [Spec(r.shape, r.dtype) for r in results]
            stored = [self.upload(r.values, s) for r, s in zip(results, specs, strict=True)]
            return stored if outputs is not None else list(zip(stored, specs, strict=True))

        return run

    def wait(self) -> None:
        """Everything has run already."""

    def close(self) -> None:
        """Nothing is held."""


def create() -> NumpyBackend:
    """Return the backend."""
    return NumpyBackend()
