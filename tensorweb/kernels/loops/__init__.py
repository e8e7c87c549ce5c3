"""The CPU form of every pattern, written once as loops over lanes. The printers of machine code are `kernels.llvm` and `kernels.wasm`."""

from . import gather, map, moves, row
from .launch import EMITTERS, LOWERINGS

__all__ = ["EMITTERS", "LOWERINGS"]
