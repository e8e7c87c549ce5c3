"""What layers cost over their ops: one call, the flat plan of MobileNet beside the same fused ops, and a training step beside Keras.

`python -m bench layers`; set OPENBLAS_NUM_THREADS=1 to compare with the numbers in the docs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import timeit
from importlib.util import find_spec
from statistics import median

CALLS, REPEATS = 5_000, 7


def cost(function) -> float:
    """Return the median microseconds of a call."""
    function()
    return median(timeit.repeat(function, number=CALLS, repeat=REPEATS)) / CALLS * 1e6


def call_costs() -> dict[str, float]:
    """Return by layer what `layer(x)` costs over `layer.call(x)`."""
    import tensorweb as tw

    x, images = tw.ones((2, 4)), tw.ones((1, 4, 4, 2))
    made = {
        "Dense": (tw.layers.Dense(3, activation="relu"), x),
        "Dropout": (tw.layers.Dropout(0.5), x),
        "Activation": (tw.layers.Activation("relu"), x),
        "Conv2D": (tw.layers.Conv2D(2, 3), images),
        "BatchNormalization": (tw.layers.BatchNormalization(), images),
    }
    found = {}
    for name, (layer, value) in made.items():
        layer(value)
        found[name] = cost(lambda: layer(value)) - cost(lambda: layer.call(value))  # noqa: B023  (called at once)
    return found


def mobilenet() -> tuple[float, float]:
    """Return the median milliseconds of MobileNet v1 224 as fused ops and as a model with batch normalization."""
    import tensorweb as tw

    from . import mobilenet as folded

    image = tw.ones((1, 224, 224, 3))
    model, network = tw.applications.MobileNet(weights=None), folded.build()
    times = []
    for run in (network, lambda x: model(x, training=False)):
        run(image).numpy()
        times.append(median(timeit.repeat(lambda: run(image).numpy(), number=1, repeat=15)) * 1000)  # noqa: B023
    return times[0], times[1]


def training_step(module: str, eagerly: bool) -> float:
    """Return the median milliseconds of a training step of a small convnet in `module`, tensorweb or keras."""
    import numpy as np

    keras = __import__(module)
    layers = keras.layers
    blocks = [layer for filters in (16, 32) for layer in (layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D())]
    head = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *blocks, *head])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eagerly)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32 * 40, 28, 28, 1)).astype("float32"), rng.integers(0, 10, 32 * 40).astype("int32")
    model.fit(x, y, verbose=0)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        model.fit(x, y, verbose=0)
        times.append((time.perf_counter() - start) / 40 * 1000)
    return median(times)


def main() -> None:
    """Print the tables."""
    print(f"a layer call over its own op, us, median of {REPEATS} x {CALLS}")
    for name, value in call_costs().items():
        print(f"  {name:20s} {value:6.2f}")
    ops, model = mobilenet()
    print(f"MobileNet v1 224, batch 1: fused ops {ops:.1f} ms, layers with batch norm {model:.1f} ms, {model / ops:.2f} x")
    print("a training step of a convnet (32 x 28 x 28, Adam), ms")
    own = training_step("tensorweb", False)
    print(f"  {'tensorweb':28s} {own:7.2f}")
    for backend in ("tensorflow", "torch"):
        for eagerly in (False, True) if backend == "tensorflow" else (False,):
            if find_spec("keras") is None or find_spec(backend) is None:
                continue
            code = f"from bench.layers import training_step; print(training_step('keras', {eagerly}))"
            environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
            value = float(done.stdout.split()[-1])
            name = f"keras on {backend}{', eagerly' if eagerly else ', graph' if backend == 'tensorflow' else ''}"
            print(f"  {name:28s} {value:7.2f}   {value / own:6.2f} x")


if __name__ == "__main__":
    main()
