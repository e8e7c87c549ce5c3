"""Cases of the recurrent layers: python -m tests.layers.generate recurrent"""

from tests.layers.generate.common import LayerCases, keras, np, values

L = keras.layers
cases = LayerCases("recurrent")


def data(shape, seed):
    """Return float32 inputs."""
    return values(*shape, seed=seed, low=-1.0, high=1.0)


X = data((2, 4, 3), 1)
MASK = np.array([[True, True, False, True], [False, True, True, False]])
STATES = [data((2, 3), 2), data((2, 3), 3)]

LOOP = [
    {}, {"return_sequences": True}, {"return_state": True}, {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"go_backwards": True}, {"unroll": True, "return_sequences": True}, {"stateful": True},
    {"zero_output_for_mask": True, "return_sequences": True},
]  # fmt: skip
CELL = [
    {"use_bias": False}, {"activation": "relu"}, {"activation": "linear"}, {"activation": "softmax"},
    {"dropout": 0.5, "recurrent_dropout": 0.25},
    {"bias_initializer": "ones", "kernel_initializer": {"class_name": "RandomNormal", "config": {"stddev": 0.1, "seed": 3}}},
    {"kernel_regularizer": "l1", "recurrent_regularizer": "l2", "bias_regularizer": "l1l2", "activity_regularizer": "l2"},
    {"kernel_constraint": "max_norm", "recurrent_constraint": "non_neg", "bias_constraint": "unit_norm", "seed": 7},
]  # fmt: skip
GATES = [
    {"recurrent_activation": "hard_sigmoid"},
    {"recurrent_activation": "relu"},
    {"recurrent_activation": "softmax", "return_sequences": True},
]
OWN = {
    L.SimpleRNN: [], L.LSTM: [*GATES, {"unit_forget_bias": False}, {"use_cudnn": False}],
    L.GRU: [*GATES, {"reset_after": False}, {"reset_after": False, "use_bias": False, "return_sequences": True},
    {"reset_after": False, "activation": "elu"}],
}  # fmt: skip

for layer, own in OWN.items():
    count = 2 if layer is L.LSTM else 1
    for options in [*LOOP, *CELL, *own]:
        cases.add(layer(3, **options), X)
    for options in LOOP:
        cases.add(layer(3, **options), X, masks=MASK)
    cases.add(layer(3, return_sequences=True, return_state=True), X, initial_state=STATES[:count])
    cases.add(layer(3, return_sequences=True), X, masks=MASK, initial_state=STATES[:count])
    cases.add(layer(1), data((1, 1, 1), 4))
    cases.add(layer(3), data((2, 3, 2), 5), training=True)


# RNN: cells of ours, stacked ones, states in and out
for make in (
    lambda: L.LSTMCell(3), lambda: L.GRUCell(3, reset_after=False), lambda: L.SimpleRNNCell(3, activation="relu"),
    lambda: [L.LSTMCell(2), L.LSTMCell(3)], lambda: [L.GRUCell(2), L.LSTMCell(3), L.SimpleRNNCell(2)],
):  # fmt: skip
    for options in ({}, {"return_sequences": True}, {"return_sequences": True, "return_state": True, "go_backwards": True}):
        cases.add(L.RNN(make(), **options), X)
    cases.add(L.RNN(make(), return_sequences=True, zero_output_for_mask=True), X, masks=MASK)
cases.add(L.RNN(L.StackedRNNCells([L.GRUCell(3)])), X)
cases.add(L.RNN(L.LSTMCell(3, dropout=0.5), return_state=True), X, masks=MASK, initial_state=STATES)

# cells by themselves
for cell, count in ((L.SimpleRNNCell, 1), (L.GRUCell, 1), (L.LSTMCell, 2)):
    for options in ({}, {"use_bias": False}, {"activation": "softsign"}):
        cases.add(cell(3, **options), data((2, 4), 6), STATES[:count], shape=False)
cases.add(L.GRUCell(3, reset_after=False), data((2, 4), 6), STATES[:1], shape=False)
cases.add(L.GRUCell(3, reset_after=False, implementation=1), data((2, 4), 6), STATES[:1], shape=False)
cases.add(L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)]), data((2, 4), 6), [STATES, [data((2, 2), 7)]], shape=False)

cases.write()
