"""WebGL that stores floats in 16 bits: the small number that keeps logarithms finite is one that such a device can tell from zero."""

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry, webgl
from tensorweb.errors import BackendError
from tensorweb.flags import flags


@pytest.fixture
def halves():
    """A backend of WebGL with the flag WEBGL_FORCE_F16."""
    flags.set("WEBGL_FORCE_F16", True)
    try:
        registry.register_backend("halves", webgl.create)
        tw.set_backend("halves")
        yield
    except BackendError as error:
        pytest.skip(f"webgl: {error}")
    finally:
        flags.set("WEBGL_FORCE_F16", False)
        registry.remove_backend("halves")


def test_epsilon_is_what_the_device_can_tell_from_zero(halves):
    assert tw.epsilon() == 1e-4
    made = tw.log(tw.zeros((5,)) + tw.epsilon()).numpy()
    assert np.isfinite(made).all() and np.allclose(made, np.log(1e-4), rtol=1e-2)
    tw.set_backend("numpy")
    assert tw.epsilon() == 1e-7


def test_values_are_rounded_to_halves(halves):
    x = np.float32([0.1, 1.0, 1 / 3, 60000.0, -2.5, 1e-3])
    made = (tw.tensor(x) * 1.0).numpy()
    np.testing.assert_allclose(made, x, rtol=2**-10)  # drivers round to nearest or towards zero
    np.testing.assert_array_equal(made, made.astype("f2").astype("f4"))
    assert (tw.tensor([2**30, 7]) + 1).tolist() == [2**30 + 1, 8]  # integers keep all their bits


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy", "kl_divergence", "poisson"])
def test_losses_of_certain_predictions_are_finite(halves, loss):
    target, sure = tw.tensor([[0.0, 1.0], [1.0, 0.0]]), tw.tensor([[1.0, 0.0], [1.0, 0.0]])
    with tw.GradientTape() as tape:
        tape.watch(sure)
        value = tw.sum(getattr(tw.losses, loss)(target, sure))
    assert np.isfinite(float(value)) and np.isfinite(tape.gradient(value, sure).numpy()).all()
