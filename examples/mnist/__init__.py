"""A small convnet on real handwritten digits, with the Ops API: `python -m examples.mnist`."""
