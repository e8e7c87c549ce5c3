"""keras.datasets, as far as it needs no download: MNIST's digits of `tensorweb-datasets`."""

from . import mnist
