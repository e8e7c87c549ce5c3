"""Cases of the layers around recurrent ones, and of convolutional ones: python -m tests.layers.generate recurrent_wrappers"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras, np, values

install()
L = keras.layers
cases = LayerCases("recurrent_wrappers")


def data(shape, seed):
    """Return float32 inputs."""
    return values(*shape, seed=seed, low=-1.0, high=1.0)


X = data((2, 4, 3), 1)
MASK = np.array([[True, True, False, True], [False, True, True, False]])
STATES = [data((2, 3), 2), data((2, 3), 3)]

# Bidirectional
for options in ({}, {"merge_mode": "sum"}, {"merge_mode": "mul"}, {"merge_mode": "ave"}, {"merge_mode": None}):
    cases.add(L.Bidirectional(L.LSTM(3), **options), X)
    cases.add(L.Bidirectional(L.GRU(3, return_sequences=True), **options), X, masks=MASK)
    cases.add(L.Bidirectional(L.SimpleRNN(3, return_state=True, return_sequences=True), **options), X)
cases.add(L.Bidirectional(L.LSTM(3, return_state=True)), X, initial_state=[*STATES, *STATES[::-1]])
cases.add(L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(3, go_backwards=True)), X)
cases.add(
    L.Bidirectional(L.LSTM(3, go_backwards=True, return_sequences=True), backward_layer=L.LSTM(2, return_sequences=True)), X, shape=False
)
cases.add(L.Bidirectional(L.LSTM(2, stateful=True)), X)
cases.add(L.Bidirectional(L.RNN([L.LSTMCell(2), L.GRUCell(3)], return_sequences=True)), X, masks=MASK)

# TimeDistributed
for layer, x in (
    (L.Dense(2, activation="tanh"), X), (L.Conv2D(2, 2), data((2, 3, 4, 4, 1), 8)), (L.UnitNormalization(), X),
    (L.Flatten(), data((2, 3, 2, 2), 9)), (L.LSTM(3), data((2, 3, 4, 2), 10)), (L.Dropout(0.5), X),
    (L.MaxPooling1D(2), data((2, 3, 4, 2), 11)),
):  # fmt: skip
    cases.add(L.TimeDistributed(layer), x, wide=False)
cases.add(L.TimeDistributed(L.BatchNormalization()), X, wide=False, gradient=False)
cases.add(L.TimeDistributed(L.BatchNormalization()), X, training=True, after=True, wide=False)
cases.add(L.TimeDistributed(L.Dense(2)), X, masks=MASK, wide=False)
cases.add(L.TimeDistributed(L.TimeDistributed(L.Dense(2))), data((2, 3, 4, 2), 12), wide=False)

# ConvLSTM
SHAPES = {L.ConvLSTM1D: (2, 3, 5, 2), L.ConvLSTM2D: (2, 3, 4, 5, 2), L.ConvLSTM3D: (1, 2, 3, 3, 3, 2)}
CONV = [
    {}, {"strides": 2}, {"padding": "same"}, {"padding": "same", "strides": 2, "return_sequences": True},
    {"return_sequences": True, "return_state": True},
    {"data_format": "channels_first", "return_state": True}, {"go_backwards": True, "use_bias": False}, {"stateful": True},
    {"activation": "relu"},
    {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, {"dropout": 0.2, "recurrent_dropout": 0.3},
    {"kernel_regularizer": "l2", "activity_regularizer": "l1", "bias_constraint": "non_neg"}, {"dilation_rate": 2},
]  # fmt: skip
for layer, shape in SHAPES.items():
    for options in CONV if layer is not L.ConvLSTM3D else CONV[:5]:
        small = 2 if "data_format" in options or options.get("dilation_rate") or layer is not L.ConvLSTM2D else (2, 3)
        cases.add(layer(2, small, **options), data(shape, 13))
    steps = np.array([[True, False, True], [True, True, False]])[: shape[0], : shape[1]]
    cases.add(layer(2, 2, return_sequences=True), data(shape, 14), masks=steps)

cases.write()
