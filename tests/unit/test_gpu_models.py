"""Whole models on a GPU: few kernels, no new memory once it is warm, the same numbers as NumPy, and training that stays flat."""

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(1, 96, 96, 3)).astype("f4")


def test_a_mobilenet_needs_few_kernels_and_no_new_memory(gpu_backend, images):
    backend = registry.current()
    model = tw.applications.MobileNet(input_shape=(96, 96, 3), alpha=0.25, weights=None, classes=10)
    before = set(backend.kernels)
    made = model.predict(images, verbose=0).numpy()
    assert len(set(backend.kernels) - before) <= 25
    model.predict(images, verbose=0)
    allocated = backend.pool.allocated
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(images, verbose=0).numpy(), made)
    assert backend.pool.allocated == allocated
    tw.set_backend("numpy")
    np.testing.assert_allclose(made, model.predict(images, verbose=0).numpy(), atol=1e-5)


@pytest.mark.usefixtures("nothing_left")
def test_training_steps_allocate_nothing_and_compile_nothing(gpu_backend):
    backend, rng = registry.current(), np.random.default_rng(1)
    model = tw.Sequential([tw.Input((8, 8, 1)), tw.layers.Conv2D(4, 3, activation="relu"), tw.layers.Flatten(), tw.layers.Dense(3)])
    optimizer = tw.optimizers.Adam(0.01)
    x, y = tw.tensor(rng.normal(size=(16, 8, 8, 1)).astype("f4")), tw.tensor(rng.integers(0, 3, 16))

    def step():
        with tw.GradientTape() as tape:
            loss = tw.mean(tw.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss

    losses = [float(step()) for _ in range(3)]
    seen = backend.pool.allocated, len(backend.kernels), tw.memory().num_tensors
    losses += [float(step()) for _ in range(30)]
    assert (backend.pool.allocated, len(backend.kernels), tw.memory().num_tensors) == seen
    assert losses[-1] < losses[0] / 2


@pytest.mark.usefixtures("nothing_left")
def test_memory_of_the_device_is_told(gpu_backend):
    before = tw.memory()
    x = tw.ones((1000, 1000)) * 2.0
    during = tw.memory()
    assert during.num_bytes - before.num_bytes == 4_000_000
    taken = [m.num_bytes_in_gpu_allocated - m.num_bytes_in_gpu_free for m in (before, during)]
    assert 4_000_000 <= taken[1] - taken[0] <= 8_500_000  # what was freed meanwhile may still be counted
    del x
    after = tw.memory()
    assert after.num_bytes == before.num_bytes and after.num_bytes_in_gpu_free >= 4_000_000
    tw.set_backend("numpy")
    assert tw.memory().num_bytes_in_gpu_allocated == 0
