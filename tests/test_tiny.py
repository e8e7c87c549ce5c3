"""The whole library on one page: what a reader should see first, and what must always work."""

from pathlib import Path

import pytest

import tensorweb as tw


def test_a_tensor_and_an_op():
    x = tw.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (x @ x + 1).tolist() == [[8.0, 11.0], [16.0, 23.0]]
    assert tw.softmax(x, axis=-1).shape == (2, 2) and float(x.sum()) == 10.0


def test_a_gradient():
    assert tw.grad(lambda x: tw.sum(x**2))(tw.tensor([1.0, 2.0])).tolist() == [2.0, 4.0]


def test_a_model_learns_a_line():
    x, y = tw.tensor([[1.0], [2.0], [3.0], [4.0]]), tw.tensor([[1.0], [3.0], [5.0], [7.0]])
    w, b = tw.Variable([[0.0]]), tw.Variable([0.0])
    optimizer = tw.optimizers.SGD(0.05)
    for _ in range(500):
        optimizer.minimize(lambda: tw.mean((x @ w + b - y) ** 2))
    assert abs(float(tw.tensor([[5.0]]) @ w + b) - 9.0) < 0.01


def test_the_program_of_the_readme(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text()
    tw.utils.set_random_seed(0)
    scope: dict = {}
    exec(text.split("```python")[1].split("```")[0], scope)
    assert abs(scope["model"].predict(tw.tensor([[5.0]]), verbose=0).item() - 9.0) < 1.0
    assert "Epoch 200/200" in capsys.readouterr().out


def test_a_layer_of_ones_own_in_a_model_that_is_saved(tmp_path):
    @tw.saving.register_keras_serializable()
    class Double(tw.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    inputs = tw.Input((3,))
    model = tw.Model(inputs, tw.layers.Dense(1)(Double()(inputs)))
    model.save(tmp_path / "model.json")
    again = tw.load_model(tmp_path / "model.json")
    x = tw.ones((2, 3))
    assert again.predict(x, verbose=0).tolist() == model.predict(x, verbose=0).tolist()


def test_an_op_of_ones_own():
    @tw.ops.define.elementwise
    def cube(x):
        """Return x * x * x."""
        return x * x * x

    assert cube(tw.tensor([2.0])).tolist() == [8.0]
    assert tw.grad(cube)(tw.tensor([2.0])).tolist() == [12.0]


@pytest.mark.usefixtures("nothing_left")
def test_memory_is_free_of_care():
    before = tw.memory().num_tensors
    tw.exp(tw.ones((10,)) * 2)
    assert tw.memory().num_tensors == before


def test_the_same_on_every_backend():
    results = []
    for name in tw.registered_backends():
        tw.set_backend(name)
        results.append(tw.round(tw.softmax(tw.tensor([1.0, 2.0, 3.0])), 5).tolist())
    tw.set_backend("numpy")
    assert all(r == results[0] for r in results)
