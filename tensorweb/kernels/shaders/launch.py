"""How a pattern becomes commands of a GPU: `Launch` is one, `Lowered` all that a plan needs. What threads do is in the files beside this.

`LOWERINGS` has, for each pattern, the function from (kernel, inputs, outputs, target) to Lowered; `EMITTERS`, for each family of
kernels, the function (shader, *key) that writes its code. Shapes are sizes of a launch, never part of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...dtypes import kind
from ..patterns import Spec
from ..tables import put_in
from .builder import Shader


class Target(NamedTuple):
    """What a lowering may ask of the device.

    Storages and outputs of one command; whether threads work in groups on shared memory, write anywhere, and write what they read; how
    many threads keep the device busy.
    """

    max_storages: int
    max_outputs: int
    groups: bool
    subgroups: bool = False
    busy: int = 2048


class Storage(NamedTuple):
    """One storage of a command: `kind` is in, out, scratch or table, `type` "f" or "i"."""

    kind: str
    number: int
    type: str


class Number(NamedTuple):
    """An input that is a Python number, as a word of uniforms: kind is f32, i32, re or im."""

    kind: str
    number: int


class Launch(NamedTuple):
    """One command. `threads` compute `lanes` elements of each output each, of `words` words; or `grid` counts workgroups.

    The uniforms are the sizes, then the numbers.
    """

    family: str
    key: tuple
    reads: tuple[Storage, ...]
    writes: tuple[Storage, ...]
    threads: int
    sizes: tuple[int, ...] = ()
    numbers: tuple[Number, ...] = ()
    lanes: int = 1
    words: int = 1
    grid: tuple[int, int, int] | None = None


class Lowered(NamedTuple):
    """The commands of a plan in order, and what they need: (words, type) of scratch storages, and (bytes, type) of constant tables.

    `in_place`: outputs may take the memory of the inputs of the same numbers; where the launches write to `out` they read the input there.
    """

    launches: tuple[Launch, ...]
    scratch: tuple[tuple[int, str], ...] = ()
    tables: tuple[tuple[bytes, str], ...] = ()
    in_place: int = 0


def stored(dtype: str) -> str:
    """Return how elements of a dtype are stored: "f" as float32 (two of a complex number), "i" as int32."""
    return "f" if kind(dtype) in "fc" else "i"


def words_of(dtype: str) -> int:
    """Return the words of an element."""
    return 2 if dtype == "complex64" else 1


def array_in(number: int, spec: Spec) -> Storage:
    """Return the storage of an input."""
    return Storage("in", number, stored(str(spec.dtype)))


def array_out(number: int, spec: Spec) -> Storage:
    """Return the storage of an output."""
    return Storage("out", number, stored(str(spec.dtype)))


Lowering = Callable[[Any, Sequence[Spec], Sequence[Spec], Target], Lowered]

LOWERINGS: dict[type, Lowering] = {}
EMITTERS: dict[str, Callable[..., None]] = {}


lowering = put_in(LOWERINGS)  # decorates the lowering of a pattern
emitter = put_in(EMITTERS)  # decorates the function that writes a family's code: (shader, *key)


def emit(shader: Shader, launch: Launch) -> None:
    """Write a launch's kernel."""
    EMITTERS[launch.family](shader, *launch.key)
