"""Code on typed values, whatever the target and its memory: programs of bodies (`body.py`) and the scalar functions they use.

It is written against `code.py`. `kernels.loops` uses it in loops over vectors of the CPU, `kernels.shaders` in threads of the GPU.
"""
