"""The tape and the gradient functions; derivatives of single ops are the oracle's business."""

import pytest

import tensorweb as tw


def test_grad_functions(backend):
    x, y = tw.tensor([1.0, 2.0]), tw.tensor([3.0, 4.0])
    assert tw.grad(lambda a: a * a)(x).tolist() == [2.0, 4.0]
    assert tw.grad(lambda a: a * a)(x, tw.tensor([1.0, 10.0])).tolist() == [2.0, 40.0]
    assert [g.tolist() for g in tw.grads(lambda a, b: a * b)([x, y])] == [[3.0, 4.0], [1.0, 2.0]]
    value, g = tw.value_and_grad(lambda a: tw.sum(a**3))(x)
    assert float(value) == 9.0 and g.tolist() == [3.0, 12.0]
    value, gs = tw.value_and_grads(lambda a, b: tw.sum(a / b))([x, y])
    assert float(value) == pytest.approx(1 / 3 + 0.5) and gs[1].tolist() == pytest.approx([-1 / 9, -1 / 8])
    assert float(tw.grad(lambda a: a * a)(3.0)) == 6.0


def test_the_same_tensor_twice_is_two_arguments():
    x = tw.tensor(3.0)
    assert [float(g) for g in tw.grads(lambda a, b: a * a * b)([x, x])] == [18.0, 9.0]


def test_any_order(backend):
    f = lambda x: x**4  # noqa: E731
    for want in (32.0, 48.0, 48.0, 24.0):
        f = tw.grad(f)
        assert float(f(tw.tensor(2.0))) == want


def test_an_unused_argument_is_named():
    with pytest.raises(ValueError, match="grads: expected a result that depends on every argument, got one without 'unused'"):
        tw.grads(lambda x, unused: x * 2)([1.0, 2.0])
    with pytest.raises(ValueError, match="grad: expected a function that returns a tensor"):
        tw.grad(lambda x: 3)(1.0)
    with pytest.raises(ValueError, match="output gradient of shape"):
        tw.grad(lambda x: x)(tw.ones((2,)), tw.ones((3,)))


def test_variable_grads(backend):
    v, w, frozen = tw.Variable(2.0, name="v"), tw.Variable(3.0, name="w"), tw.Variable(1.0, trainable=False)
    value, gs = tw.variable_grads(lambda: v * v * w * frozen)
    assert float(value) == 12.0 and {k: float(g) for k, g in gs.items()} == {"v": 12.0, "w": 4.0}
    assert set(tw.variable_grads(lambda: v * w, [w])[1]) == {"w"}
    with pytest.raises(ValueError, match="scalar"):
        tw.variable_grads(lambda: tw.ones((2,)) * v)
    with pytest.raises(ValueError, match="depends on a trainable variable, got none"):
        tw.variable_grads(lambda: tw.sum(tw.ones((2,))))


def test_tape_watch_persistent_and_nesting(backend):
    x = tw.tensor(3.0)
    with tw.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert float(tape.gradient(z, x)) == 108.0 and float(tape.gradient(z, y)) == 18.0 and float(tape.gradient(y, x)) == 6.0
    assert tape.gradient(z, tw.tensor(1.0)) is None
    assert float(tape.gradient(z, tw.tensor(1.0), unconnected_gradients="zero")) == 0.0
    with tw.GradientTape() as outer:
        outer.watch(x)
        with tw.GradientTape() as inner:
            inner.watch(x)
            y = tw.exp(x)
        first = inner.gradient(y, x)
    assert float(outer.gradient(first, x)) == pytest.approx(20.0855, rel=1e-5)


def test_a_used_tape_says_so():
    x = tw.tensor(1.0)
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = x * 2
    tape.gradient(y, x)
    with pytest.raises(ValueError, match="a tape that still holds its record"):
        tape.gradient(y, x)


def test_sources_in_containers_and_several_targets():
    v, w = tw.Variable(2.0), tw.Variable(5.0)
    with tw.GradientTape() as tape:
        a, b = v * w, w * 3
    g = tape.gradient([a, b], {"v": v, "rest": [w]})
    assert float(g["v"]) == 5.0 and float(g["rest"][0]) == 5.0


def test_an_assigned_variable_counts_at_each_value():
    v = tw.Variable(2.0)
    with tw.GradientTape() as tape:
        y = v * v
        v.assign(10.0)
        y = y + v
    assert float(tape.gradient(y, v)) == 5.0


def test_jacobian():
    x = tw.tensor([1.0, 2.0])
    with tw.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    assert tape.jacobian(y, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]


def test_custom_gradients(backend):
    f = tw.custom_grad(lambda x, save: (save([x]), (x * 2, lambda dy, saved: dy * saved[0] * 10))[1])
    assert tw.grad(f)(tw.tensor([1.0, 2.0])).tolist() == [10.0, 20.0]

    @tw.custom_gradient
    def wrong(x):
        return x * 2, lambda dy: [dy, dy]

    with pytest.raises(ValueError, match="custom_gradient: expected 1 gradients, got 2"):
        tw.grad(wrong)(tw.tensor(1.0))


def test_integers_get_no_gradient():
    with pytest.raises(ValueError, match="watch: expected a floating-point tensor, got int32"):
        tw.grad(lambda x: x * 2)(tw.tensor([1, 2]))
    x = tw.tensor([1.5, 2.5])
    assert tw.grad(lambda a: a * tw.cast(tw.cast(a, "int32"), "float32"))(x).tolist() == [1.0, 2.0]


@pytest.mark.usefixtures("nothing_left")
def test_the_tape_keeps_only_what_rules_ask_for():
    before = tw.memory().num_bytes
    x = tw.ones((1000,))
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = tw.sum(tw.add(tw.add(x, 1.0), 2.0))
    assert tw.memory().num_bytes - before == 4004
    assert tape.gradient(y, x).shape == (1000,)


def test_mixed_dtypes_and_broadcasting(backend):
    x, h = tw.tensor([[1.0], [2.0]]), tw.tensor([1.0, 2.0, 3.0], dtype="float16")
    gx, gh = tw.grads(lambda a, b: a * b)([x, h])
    assert gx.tolist() == [[6.0], [6.0]] and gx.dtype == "float32"
    assert gh.tolist() == [3.0, 3.0, 3.0] and gh.dtype == "float16"
