"""What the cases of recurrent and attention layers cannot show: states across batches, dropout, users' cells, old configs."""

import math

import pytest

import tensorweb as tw

L = tw.layers


def data(*shape, seed=1):
    return tw.random.normal(shape, seed=seed)


def near(a, b, tolerance=1e-5):
    return tw.max(tw.abs(a - b)).item() <= tolerance


# --- states ---


@pytest.mark.parametrize("make", [L.SimpleRNN, L.GRU, L.LSTM])
def test_a_stateful_layer_goes_on_where_the_last_batch_ended(make):
    layer, x = make(3, stateful=True, return_sequences=True), data(2, 6, 4)
    whole = layer(x)
    assert not near(layer(x), whole)
    layer.reset_state()
    assert near(tw.concatenate([layer(x[:, :2]), layer(x[:, 2:])], axis=1), whole)
    assert len(layer.weights) == 3
    assert all(s.shape == (2, 3) for s in tw.tree.flatten(layer.states))


def test_reset_states_takes_values():
    layer = L.LSTM(2, stateful=True)
    layer(data(1, 2, 2))
    layer.reset_states([tw.ones((1, 2)), tw.zeros((1, 2))])
    assert layer.states[0].tolist() == [[1.0, 1.0]]
    assert layer.states[1].tolist() == [[0.0, 0.0]]


def test_stacked_stateful_cells_and_bidirectional():
    layer, x = L.RNN([L.LSTMCell(2), L.GRUCell(3)], stateful=True), data(2, 4, 3)
    layer(x[:, :2])
    end = layer(x[:, 2:])
    layer.reset_states()
    assert near(layer(x), end)
    both = L.Bidirectional(L.LSTM(2, stateful=True))
    first = both(x)
    assert not near(both(x), first)
    both.reset_state()
    assert near(both(x), first)
    assert len(both.states) == 4


def test_states_may_follow_the_inputs_in_a_list():
    layer, x, h, c = L.LSTM(2), data(3, 4, 2), data(3, 2, seed=2), data(3, 2, seed=3)
    assert near(layer([x, h, c]), layer(x, initial_state=[h, c]))
    masked = data(3, 4, 2)
    masked._keras_mask = tw.tensor([[True, True, False, False]] * 3)
    assert near(layer([masked, h, c]), layer(x[:, :2], initial_state=[h, c]))


def test_as_in_keras_an_attached_mask_is_not_used_beside_given_states():
    layer, x, h, c = L.LSTM(2), data(3, 4, 2), data(3, 2, seed=2), data(3, 2, seed=3)
    plain, mask = layer(x, initial_state=[h, c]), tw.tensor([[True, True, False, False]] * 3)
    x._keras_mask = mask
    assert near(layer(x, initial_state=[h, c]), plain)
    assert near(layer(x, initial_state=[h, c], mask=mask), layer(data(3, 4, 2)[:, :2], initial_state=[h, c]))


# --- shapes ---


class Counting(L.Layer):
    """A cell that counts its calls."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units
        self.calls, self.modes = 0, []

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states, training=None):
        self.calls += 1
        self.modes.append(training)
        output = tw.matmul(inputs, self.kernel) + 0.5 * states[0]
        return output, [output]


def test_shapes_are_found_without_looping_over_unknown_steps():
    cell = Counting(4)
    layer = L.RNN(cell, return_sequences=True, return_state=True)
    out, state = layer(tw.Input((None, 3)))
    assert (out.shape, state.shape) == ((None, None, 4), (None, 4))
    assert cell.calls <= 2
    assert layer.compute_output_shape((None, 7, 3)) == ((None, 7, 4), (None, 4))
    assert L.Bidirectional(L.GRU(2, return_sequences=True))(tw.Input((None, 3))).shape == (None, None, 4)
    assert L.TimeDistributed(L.Dense(2))(tw.Input((None, 5, 3))).shape == (None, None, 5, 2)
    assert L.ConvLSTM2D(2, 3)(tw.Input((None, 8, 8, 1))).shape == (None, 6, 6, 2)
    assert L.MultiHeadAttention(2, 3)(tw.Input((None, 4)), tw.Input((None, 4))).shape == (None, None, 4)


# --- users' cells ---


def test_a_users_cell():
    cell = Counting(2)
    layer, x = L.RNN(cell, return_sequences=True), data(2, 3, 4)
    got, state = layer(x, training=True), tw.zeros((2, 2))
    assert cell.modes[-1] is True
    for i in range(3):
        state = tw.matmul(x[:, i], cell.kernel) + 0.5 * state
        assert near(got[:, i], state)


def test_a_cell_that_is_no_layer_and_a_cell_derived_from_ours():
    class Adding:
        state_size = 2

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    x = data(2, 3, 2)
    assert near(L.RNN(Adding())(x), tw.sum(x, axis=1))

    class Doubled(L.LSTMCell):
        def call(self, inputs, states, training=False):
            output, new = super().call(inputs, states, training=training)
            return output * 2.0, new

    single, doubled = L.RNN(L.LSTMCell(2)), L.RNN(Doubled(2))
    single(x), doubled(x)
    doubled.set_weights(single.get_weights())
    assert near(doubled(x), single(x) * 2.0)


def test_bidirectional_copies_layers_with_users_cells():
    layer = L.Bidirectional(L.RNN(Counting(2)))
    assert layer(data(2, 3, 4)).shape == (2, 4)
    cells = [layer.forward_layer.cell, layer.backward_layer.cell]
    assert cells[0] is not cells[1]
    name = cells[0].name
    paths = [w.path for w in layer.weights]
    assert paths == [f"{layer.name}/{twin.name}/{name}/kernel" for twin in (layer.forward_layer, layer.backward_layer)]


def test_an_activation_that_is_no_kernel_is_applied_op_by_op():
    x = data(2, 3, 4)
    ours, own = L.LSTM(3, activation="tanh"), L.LSTM(3, activation=lambda t: tw.tanh(tw.reshape(t, t.shape)))
    ours(x), own(x)
    own.set_weights(ours.get_weights())
    assert near(ours(x), own(x))


# --- dropout ---


@pytest.mark.parametrize("make", [L.SimpleRNN, L.GRU, L.LSTM])
def test_dropout_draws_in_training_only_and_follows_its_seed(make):
    x = data(4, 3, 5)
    one, two = make(3, dropout=0.5, recurrent_dropout=0.3, seed=7), make(3, dropout=0.5, recurrent_dropout=0.3, seed=7)
    one(x), two(x)
    two.set_weights(one.get_weights())
    assert near(one(x), two(x), 0)
    first = one(x, training=True)
    assert near(first, two(x, training=True), 0)
    assert not near(first, one(x, training=True))
    assert len(one.seed_generators) == 1


def test_the_same_elements_are_dropped_at_each_step():
    layer = L.SimpleRNN(50, dropout=0.5, activation="linear", kernel_initializer="identity", recurrent_initializer="zeros",
                        return_sequences=True, seed=3)  # fmt: skip
    out = layer(tw.ones((8, 4, 50)), training=True)
    assert near(out, tw.broadcast_to(out[:, :1], out.shape), 0)
    assert sorted(set(tw.reshape(out, (-1,)).tolist())) == [0.0, 2.0]
    assert abs(tw.mean(out).item() - 1.0) < 0.2


def test_recurrent_dropout_gives_each_gate_its_mask():
    cell = L.LSTMCell(40, recurrent_dropout=0.5, seed=1)
    masks = cell.get_recurrent_dropout_mask(tw.ones((3, 40)))
    assert len(masks) == 4
    assert not near(masks[0], masks[1])
    assert cell.get_recurrent_dropout_mask(tw.ones((3, 40))) is masks
    cell.reset_recurrent_dropout_mask()
    assert not near(cell.get_recurrent_dropout_mask(tw.ones((3, 40)))[0], masks[0])


# --- derivatives ---


@pytest.mark.parametrize("layer", [L.SimpleRNN(3), L.GRU(3), L.GRU(3, reset_after=False), L.LSTM(3)], ids=lambda v: type(v).__name__)
def test_second_derivatives(layer):
    x, direction = data(2, 4, 3), data(2, 4, 3, seed=5)
    layer(x)
    layer.set_weights([0.5 * data(*w.shape, seed=i) for i, w in enumerate(layer.weights)])

    def slope(v):
        g = tw.grad(lambda u: tw.sum(layer(u) ** 2))(v)
        return tw.sum(g * g)

    with tw.GradientTape() as outer:
        outer.watch(x)
        with tw.GradientTape() as inner:
            inner.watch(x)
            y = tw.sum(layer(x) ** 2)
        g = inner.gradient(y, x)
        total = tw.sum(g * g)
    second = outer.gradient(total, x)
    exact, scale = tw.sum(second * direction).item(), math.sqrt(tw.sum(second**2).item() * tw.sum(direction**2).item())
    step = 1e-2
    measured = (slope(x + step * direction).item() - slope(x - step * direction).item()) / (2 * step)
    assert abs(exact - measured) < 5e-3 * scale


# --- Keras 2 and TensorFlow.js ---


def test_keras2_gru_has_one_bias_and_its_own_hard_sigmoid():
    config = {
        "name": "g", "trainable": True, "dtype": "float32", "units": 1, "activation": "linear", "recurrent_activation": "hard_sigmoid",
        "implementation": 1, "use_bias": True, "time_major": False, "batch_input_shape": [None, 1, 1],
    }  # fmt: skip
    layer = L.GRU.from_keras2_config(config)
    out = layer(tw.ones((1, 1, 1)))
    assert out.shape == (1, 1)
    assert layer.cell.bias.shape == (3,)
    layer.set_weights([[[1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0]], [0.0, 0.0, 0.0]])
    z = 0.2 * 1.0 + 0.5
    assert math.isclose(layer(tw.ones((1, 1, 1))).item(), 1.0 - z, rel_tol=1e-5)
    again = L.GRU.from_config(layer.get_config())
    again(tw.ones((1, 1, 1)))
    again.set_weights(layer.get_weights())
    assert near(again(tw.ones((1, 1, 1))), layer(tw.ones((1, 1, 1))), 0)


def test_keras2_configs_within_configs():
    def config(name, **more):
        return {"class_name": name, "config": {"units": 2, "recurrent_activation": "hard_sigmoid", "implementation": 2, **more}}

    both = L.Bidirectional.from_keras2_config({"merge_mode": "concat", "layer": config("GRU", return_sequences=True)})
    assert (both.forward_layer.reset_after, both.backward_layer.reset_after) == (False, False)
    assert both(data(2, 3, 4)).shape == (2, 3, 4)
    cells = {"class_name": "StackedRNNCells", "config": {"cells": [config("GRUCell"), config("LSTMCell", unit_forget_bias=True)]}}
    stacked = L.RNN.from_keras2_config({"cell": cells, "return_sequences": True, "num_constants": None})
    assert stacked.cell.cells[0].reset_after is False
    assert stacked(data(2, 3, 4)).shape == (2, 3, 2)
    dense = L.TimeDistributed.from_keras2_config({"layer": {"class_name": "Dense", "config": {"units": 3}}})
    assert dense(data(2, 3, 4)).shape == (2, 3, 3)


# --- other ---


def test_mixed_precision():
    x = data(2, 3, 4)
    for layer in (L.LSTM(2, dtype="mixed_float16"), L.Bidirectional(L.GRU(2), dtype="mixed_float16"), L.GRU(2, dtype="mixed_float16")):
        assert layer(x).dtype == "float16"
        assert {w.dtype for w in layer.weights} == {"float32"}
    attention = L.MultiHeadAttention(2, 3, dtype="mixed_float16")
    assert attention(x, x).dtype == "float16"
    assert {w.dtype for w in attention.weights} == {"float32"}


def test_time_distributed_applies_other_layers_step_by_step():
    seen = []

    class Seeing(L.Layer):
        def call(self, inputs):
            seen.append(inputs.shape)
            return inputs - tw.mean(inputs, axis=0)

    x = data(4, 3, 2)
    got = L.TimeDistributed(Seeing())(x)
    assert seen == [(4, 2)] * 3
    assert near(got, x - tw.mean(x, axis=0, keepdims=True))


def test_initial_biases():
    lstm = L.LSTM(2)
    lstm(data(1, 2, 3))
    assert lstm.cell.bias.tolist() == [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    plain = L.LSTM(2, unit_forget_bias=False)
    plain(data(1, 2, 3))
    assert plain.cell.bias.tolist() == [0.0] * 8


def test_attention_leaves_the_masks_of_its_inputs_alone():
    x, mask = data(2, 3, 4), tw.tensor([[True, True, False]] * 2)
    x._keras_mask = mask
    out = L.MultiHeadAttention(2, 3)(x, x)
    assert x._keras_mask is mask
    assert out._keras_mask is mask


def test_attention_axes_are_in_the_config_as_they_were_given_until_the_layer_is_built():
    layer = L.MultiHeadAttention(2, 3)
    assert layer.get_config()["attention_axes"] is None
    layer(data(2, 3, 4), data(2, 3, 4))
    assert layer.get_config()["attention_axes"] == (1,)


def test_attention_dropout_follows_its_seed():
    x = data(2, 5, 4)
    for make in (lambda: L.MultiHeadAttention(2, 3, dropout=0.5, seed=3), lambda: L.GroupQueryAttention(3, 2, 1, dropout=0.5, seed=3)):
        one, two = make(), make()
        one(x, x), two(x, x)
        two.set_weights(one.get_weights())
        first = one(x, x, training=True)
        assert near(first, two(x, x, training=True), 0)
        assert not near(first, one(x, x, training=True))
        assert near(one(x, x), two(x, x), 0)
