"""Wrong arguments of the recurrent and attention layers: what raises, and that the message names it."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ShapeError

L = tw.layers


def x(*shape):
    return tw.zeros(shape)


class NoState:
    def call(self, inputs, states):
        return inputs, states


CASES = [
    (lambda: L.LSTM(0), ArgumentError, "units"),
    (lambda: L.GRUCell(-3), ArgumentError, "units"),
    (lambda: L.SimpleRNN(2.5), ArgumentError, "units"),
    (lambda: L.LSTM(2, use_cudnn="yes"), ArgumentError, "use_cudnn"),
    (lambda: L.LSTM(2, spam=1), ArgumentError, "spam"),
    (lambda: L.LSTM(2, activation="no"), ArgumentError, "no"),
    (lambda: L.RNN(3), ArgumentError, "call"),
    (lambda: L.RNN(NoState()), ArgumentError, "state_size"),
    (lambda: L.StackedRNNCells([L.LSTMCell(2), 3]), ArgumentError, "call"),
    (lambda: L.LSTM(2)(x(2, 3)), ShapeError, "rank 3"),
    (lambda: L.LSTM(2)(x(2, 0, 3)), ShapeError, "at least one step"),
    (lambda: L.LSTM(2)(x(2, 3, 4), initial_state=[x(2, 2)]), ShapeError, "2 initial states"),
    (lambda: L.LSTM(2, unroll=True)(tw.Input((None, 3))), ShapeError, "unroll"),
    (lambda: L.GRU(2, stateful=True)(tw.Input((4, 3))), ShapeError, "batch"),
    (lambda: L.GRU(2).reset_states([x(2, 2)]), ArgumentError, "stateful"),
    (lambda: L.GRU.from_keras2_config({"units": 2, "time_major": True}), ArgumentError, "time_major"),
    (lambda: L.Bidirectional(3), ArgumentError, "layer"),
    (lambda: L.Bidirectional(L.LSTM(2), merge_mode="max"), ArgumentError, "Invalid merge mode"),
    (lambda: L.Bidirectional(L.LSTM(2), backward_layer=3), ArgumentError, "backward_layer"),
    (lambda: L.Bidirectional(L.LSTM(2), backward_layer=L.LSTM(2)), ArgumentError, "go_backwards"),
    (
        lambda: L.Bidirectional(L.LSTM(2), backward_layer=L.LSTM(2, go_backwards=True, return_sequences=True)),
        ArgumentError,
        "return_sequences",
    ),
    (lambda: L.Bidirectional(L.LSTM(2)).reset_state(), AttributeError, "stateful"),
    (lambda: L.TimeDistributed(3), ArgumentError, "layer"),
    (lambda: L.TimeDistributed(L.Dense(2))(x(2, 3)), ShapeError, "at least 3"),
    (lambda: L.TimeDistributed(L.Dense(2))(x(2, 3, 4), mask=tw.ones((3, 3), dtype="bool")), ShapeError, "mask"),
    (lambda: L.TimeDistributed(L.Dense(2))(x(2, 3, 4), mask=tw.ones((2,), dtype="bool")), ShapeError, "at least 2D"),
    (lambda: L.ConvLSTM2D(2, 3, strides=2, dilation_rate=2), ArgumentError, "strides > 1"),
    (lambda: L.ConvLSTM2D(2, (3, 3, 3)), ArgumentError, "kernel_size"),
    (lambda: L.ConvLSTM2D(2, 3, padding="causal"), ArgumentError, "padding"),
    (lambda: L.ConvLSTM2D(2, 3)(tw.Input((4, None, 8, 1))), ShapeError, "spatial"),
    (lambda: L.ConvLSTMCell(4, 2, 3), ArgumentError, "rank"),
    (lambda: L.Attention(score_mode="sum"), ArgumentError, "score_mode"),
    (lambda: L.Attention()(x(2, 3, 4)), ArgumentError, "list of inputs"),
    (lambda: L.Attention()([x(2, 3, 4)]), ArgumentError, "length 2 or 3"),
    (lambda: L.Attention()([x(2, 3, 4), x(2, 3, 4)], mask=tw.ones((2, 3))), ArgumentError, "mask must be a list"),
    (lambda: L.MultiHeadAttention(0, 3), ArgumentError, "num_heads"),
    (lambda: L.MultiHeadAttention(2, "3"), ArgumentError, "key_dim"),
    (lambda: L.MultiHeadAttention(2, 3, value_dim=-1), ArgumentError, "value_dim"),
    (lambda: L.MultiHeadAttention(2, 3, attention_axes="1"), ArgumentError, "attention_axes"),
    (lambda: L.MultiHeadAttention(2, 3, output_shape=2.5), ArgumentError, "output_shape"),
    (lambda: L.MultiHeadAttention(2, 3, sliding_window=0), ArgumentError, "sliding_window"),
    (lambda: L.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1), ArgumentError, "flash"),
    (
        lambda: L.MultiHeadAttention(2, 3, flash_attention=True)(x(1, 2, 3), x(1, 2, 3), return_attention_scores=True),
        ArgumentError,
        "flash",
    ),
    (lambda: L.MultiHeadAttention(2, 3)(x(1, 2, 3), x(1, 2, 3), x(1, 4, 3)), ShapeError, "must be equal"),
    (lambda: L.GroupQueryAttention(2, 3, 2), ArgumentError, "num_key_value_heads"),
]


@pytest.mark.parametrize(("call", "error", "text"), CASES, ids=range(len(CASES)))
def test_wrong_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_stateful_layer_keeps_its_states_when_a_batch_does_not_fit():
    layer = L.LSTM(2, stateful=True)
    layer(tw.ones((2, 3, 4)))
    before = [s.tolist() for s in layer.states]
    with pytest.raises(ShapeError, match="batch size 2"):
        layer(tw.ones((3, 3, 4)))
    assert [s.tolist() for s in layer.states] == before
