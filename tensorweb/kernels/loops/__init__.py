"""The CPU form of every pattern, written once as loops over lanes. The printers of machine code are `kernels.llvm` and `kernels.wasm`."""

from . import fft, fft_tiles, gather, map, moves, products, row, scan, sort, traverse, window
from .launch import EMITTERS, LOWERINGS

__all__ = ["EMITTERS", "LOWERINGS"]
