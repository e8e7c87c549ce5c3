"""Backends: where kernels run. The registry finds them by name; nothing imports a concrete backend."""
