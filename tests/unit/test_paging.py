"""Storage of a device with a limit: what does not fit lies in the CPU's memory, and every value stays right."""

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry, webgl
from tensorweb.errors import BackendError
from tensorweb.flags import flags

MEGABYTE = 1 << 20


@pytest.fixture
def limited():
    """A backend of WebGL that may keep 8 MB on its device."""
    flags.set("WEBGL_MEMORY_MB", 8)
    try:
        registry.register_backend("limited", webgl.create)
        tw.set_backend("limited")
        yield registry.current()
    except BackendError as error:
        pytest.skip(f"webgl: {error}")
    finally:
        flags.set("WEBGL_MEMORY_MB", 0)
        registry.remove_backend("limited")


def test_more_live_tensors_than_fit_stay_right(limited):
    pool = limited.pool
    arrays = [np.random.default_rng(i).normal(size=(512, 512)).astype("f4") for i in range(32)]  # 1 MB each
    tensors = [tw.tensor(x) for x in arrays]
    assert pool.paged_out >= 24 and pool.words * 4 <= 8 * MEGABYTE
    doubled = [t * 2.0 for t in tensors]
    total = tensors[0]
    for t in tensors[1:]:
        total = total + t
    np.testing.assert_allclose(total.numpy(), np.sum(arrays, 0), rtol=1e-4, atol=1e-4)
    for t, d, x in zip(tensors, doubled, arrays, strict=True):
        np.testing.assert_array_equal(t.numpy(), x)
        np.testing.assert_array_equal(d.numpy(), x * 2)
    assert pool.paged_in >= 32 and pool.words * 4 <= 9 * MEGABYTE


def test_what_is_freed_makes_room_first(limited):
    for i in range(64):
        assert float(tw.sum(tw.full((512, 512), float(i)))) == i * 512 * 512
    assert limited.pool.paged_out == 0


def test_one_kernel_may_need_more_than_the_limit(limited):
    x, y = (np.random.default_rng(i).normal(size=(1024, 1536)).astype("f4") for i in range(2))  # 6 MB each
    made = tw.tensor(x) + tw.tensor(y)
    np.testing.assert_array_equal(made.numpy(), x + y)


def test_pages_of_dropped_tensors_are_forgotten(limited):
    pool = limited.pool
    tensors = [tw.full((512, 512), float(i)) for i in range(16)]
    assert pool.paged_out
    del tensors
    assert not [b for b in (r() for r in pool.used.values()) if b is not None and b.words > 1000]
    x = tw.full((512, 512), 3.0)
    assert x.numpy().min() == x.numpy().max() == 3


def test_training_in_little_memory(limited):
    rng = np.random.default_rng(0)
    w = tw.Variable(tw.tensor(rng.normal(size=(1024, 1024)).astype("f4") * 0.01))
    x = tw.tensor(rng.normal(size=(64, 1024)).astype("f4"))
    optimizer = tw.optimizers.Adam(0.01)
    losses = []
    for _ in range(4):
        with tw.GradientTape() as tape:
            loss = tw.mean(tw.square(tw.matmul(x, w) - x))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        losses.append(float(loss))
    assert losses[3] < losses[0] and limited.pool.paged_out
