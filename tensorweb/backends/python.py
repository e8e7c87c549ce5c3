"""The backend `python`: the interpreter of `kernels.interpret` over typed arrays. No dependency, slow, everywhere."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ..kernels import interpret
from ..kernels.patterns import Kernel, Map, Spec
from ..kernels.scalars import round_to

TYPECODES = {"float32": "f", "int32": "i", "int8": "b", "uint8": "B", "bool": "B"}


def _store(values: Any, dtype: str) -> Any:
    """Return the flat values as the dtype stores them; a float beyond float32's range becomes infinite."""
    code = TYPECODES.get(dtype)
    if code:
        return array(code, values)
    if dtype == "string":
        return list(values)
    return [round_to(v, dtype) for v in values]


def _load(buffer: Any, dtype: str) -> Any:
    return [v != 0 for v in buffer] if dtype == "bool" else list(buffer)


class PythonBackend:
    """Buffers are `array.array`s (lists for float16, complex64 and string)."""

    name = "python"

    def upload(self, values: Any, spec: Spec) -> Any:
        if hasattr(values, "tolist"):  # memoryviews and NumPy's arrays
            values = values.tolist()
        return _store(values, str(spec.dtype))

    def download(self, buffer: Any, spec: Spec) -> Any:
        if isinstance(buffer, list):
            return array("f", buffer) if spec.dtype == "float16" else list(buffer)
        view = memoryview(buffer).toreadonly()
        return view.cast("B").cast("?") if spec.dtype == "bool" else view

    def compile(self, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        function = interpret.run(kernel, inputs, outputs or ())
        dtypes = [None if isinstance(s.dtype, type) else s.dtype for s in inputs]

        def run(*buffers: Any) -> list[Any]:
            results = function(*(b if d is None else _load(b, d) for b, d in zip(buffers, dtypes, strict=True)))
            if outputs is None or (results and isinstance(results[0], interpret.HostArray)):
                specs = [Spec(r.shape, r.dtype) for r in results]
                stored = [_store(r.values, r.dtype) for r in results]
                return stored if outputs is not None else list(zip(stored, specs, strict=True))
            stored = [_store(r, str(s.dtype)) for r, s in zip(results, outputs, strict=True)]
            if isinstance(kernel, Map) and kernel.in_place:
                for buffer, new in zip(buffers, stored):
                    buffer[:] = new
            return stored

        return run

    def wait(self) -> None:
        """Everything has run already."""

    def close(self) -> None:
        """Nothing is held."""


def create() -> PythonBackend:
    """Return the backend."""
    return PythonBackend()
