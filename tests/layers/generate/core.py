"""Cases of the core layers and the activation layers: python -m tests.layers.generate core"""

from tests.layers.generate.common import LayerCases, keras, np, values

L = keras.layers
cases = LayerCases("core")
x23, x234 = values(2, 3, seed=1), values(2, 3, 4, seed=2)
mask23 = np.array([[True, False, True], [False, False, True]])

# --- Dense ---
for options in (
    {}, {"use_bias": False}, {"activation": "relu"}, {"activation": "softmax"}, {"activation": "gelu"},
    {"activation": "tanh", "use_bias": False},
    {"activation": "elu"}, {"activation": "selu"}, {"activation": "leaky_relu"},
    {"activation": "hard_sigmoid"}, {"activation": "exponential"},
    {"kernel_initializer": "he_normal", "bias_initializer": keras.initializers.Constant(0.5)},
    {"kernel_regularizer": "l2", "bias_regularizer": keras.regularizers.L1(0.2), "activity_regularizer": "l1"},
    {"kernel_constraint": "non_neg", "bias_constraint": keras.constraints.MaxNorm(1.5, axis=0)},
    {"trainable": False, "name": "kept"},
):  # fmt: skip
    cases.add(L.Dense(4, **options), x23)
cases.add(L.Dense(1), x234)
cases.add(L.Dense(3, activation="sigmoid"), x234, masks=mask23)
cases.add(L.Dense(2), values(2, 2, 1, 2, 3, seed=3))
cases.add(L.Dense(2), np.zeros((0, 3), "float32"), gradient=False)
cases.add(L.Dense(3), np.array([[1.0, np.nan, 2.0], [np.inf, 1.0, 0.0]], "float32"), gradient=False)

# --- EinsumDense ---
for equation, output_shape, bias_axes, shape in (
    ("ab,bc->ac", 4, None, (2, 3)), ("ab,bc->ac", 4, "c", (2, 3)), ("abc,cd->abd", (None, 5), "d", (2, 3, 4)),
    ("abc,cd->abd", (3, 5), "bd", (2, 3, 4)), ("...x,xy->...y", 5, "y", (2, 3, 4)), ("...x,xy->...y", 5, None, (2, 2, 3, 4)),
    ("abc,cde->abde", (None, 2, 3), "de", (2, 3, 4)), ("abcd,cde->abe", (None, 3), "e", (2, 3, 2, 4)),
    ("abc,cde->abde", (None, 2, 3), "e", (2, 3, 4)), ("abc,cde->abde", (None, 2, 3), "d", (2, 3, 4)),
    ("abc,acd->abd", (3, 5), None, (2, 3, 4)),
    ("ab...,bcd->acd...", (3, 4), None, (2, 5)), ("ab...,bc->ac...", 4, "c", (2, 5, 3)), ("ab...,bc->ac...", 4, None, (2, 5, 3)),
    ("abc,ac->a", (), None, (2, 3, 4)), ("aqd,de->aqe", (2, 3), "qe", (2, 2, 4)),
):  # fmt: skip
    # Of sizes that are not given, and of several for ..., Keras tells less or swaps them; ours are the einsum's own.
    known = None not in (output_shape if isinstance(output_shape, tuple) else ()) and len(shape) < 4 and "acd->" not in equation
    layer = L.EinsumDense(equation, output_shape, bias_axes=bias_axes)
    cases.add(layer, values(*shape, seed=4), shape=known and equation != "abc,ac->a")
cases.add(L.EinsumDense("ab,bc->ac", 4, activation="relu", bias_axes="c", kernel_regularizer="l2", activity_regularizer="l2"), x23)
cases.add(L.EinsumDense("ab,bc->ac", 4, activation="softmax", kernel_constraint="unit_norm", bias_initializer="ones", bias_axes="c"), x23)

# --- Embedding ---
ids = np.array([[1, 0, 3], [4, 1, 1]], "int32")
for options in (
    {}, {"mask_zero": True}, {"embeddings_initializer": "zeros"}, {"embeddings_regularizer": "l2", "embeddings_constraint": "max_norm"},
    {"activity_regularizer": "l1"},
):  # fmt: skip
    cases.add(L.Embedding(5, 2, **options), ids)
cases.add(L.Embedding(5, 3), ids[0])
cases.add(L.Embedding(5, 3), ids[:, :, None])
cases.add(L.Embedding(5, 3, mask_zero=True), ids.astype("float32"))
cases.add(L.Embedding(5, 3), np.zeros((2, 0), "int32"), gradient=False)
for options in ({}, {"tie_weights": False}, {"mask_zero": True}, {"logit_soft_cap": 0.5}, {"logit_soft_cap": 2.0, "tie_weights": False}):
    cases.add(L.ReversibleEmbedding(5, 2, **options), ids)
    cases.add(L.ReversibleEmbedding(5, 2, **options), values(2, 3, 2, seed=5), reverse=True)

# --- Identity, Masking, Wrapper ---
cases.add(L.Identity(), x234, masks=mask23)
cases.add(L.Identity(), [x23, x234])
sequence = np.array([[[0, 0], [1, 0], [2, 3]], [[0, 0], [0, 0], [2, 2]]], "float32")
for value in (0.0, 2.0):
    cases.add(L.Masking(mask_value=value), sequence)
cases.add(L.Masking(), sequence[:, :, :, None])
cases.add(L.Masking(), sequence, masks=np.array([[True] * 3] * 2))

# --- activations ---
for name in ("linear", "relu", "tanh", "softmax", "silu", "gelu", "mish", "hard_silu", "log_softmax", "relu6", "softsign", "elu", "selu",
             "softplus", "exponential", "leaky_relu", "hard_sigmoid", "sigmoid", "celu", "glu", "sparsemax", "squareplus"):  # fmt: skip
    # Keras says that glu keeps the shape.
    cases.add(L.Activation(name), values(2, 3, 4, seed=6, low=-3, high=3), shape=name != "glu")
cases.add(L.Activation("relu"), x234, masks=mask23)
edges = np.array([[-np.inf, -1e30, -2.0, -0.0, 0.0, 3.0, 7.0, 1e30, np.inf, np.nan]], "float32")
some = values(2, 3, 4, seed=7, low=-4, high=9)
for layer in (
    L.ELU(), L.ELU(alpha=0.3), L.LeakyReLU(), L.LeakyReLU(negative_slope=0.0), L.LeakyReLU(negative_slope=0.7), L.ReLU(),
    L.ReLU(max_value=6.0), L.ReLU(max_value=2.5, negative_slope=0.1), L.ReLU(negative_slope=0.2), L.ReLU(threshold=1.0),
    L.ReLU(max_value=5.0, threshold=1.0, negative_slope=0.5), L.ReLU(threshold=2.0, negative_slope=0.5), L.ReLU(max_value=3.0),
):  # fmt: skip
    cases.add(layer, some)
    if layer.get_config().get("max_value") is None or not layer.negative_slope:
        cases.add(layer, edges, gradient=False)
for options in (
    {}, {"shared_axes": [1]}, {"shared_axes": (1, 2)}, {"shared_axes": 2}, {"alpha_initializer": "ones", "alpha_regularizer": "l2"},
    {"alpha_constraint": "non_neg"},
):  # fmt: skip
    cases.add(L.PReLU(**options), some)
for axis in (-1, 1, (1, 2), [-1], (0, 1, 2)):
    cases.add(L.Softmax(axis=axis), some)
for axis, mask in (
    (-1, np.arange(24).reshape(2, 3, 4) % 3 > 0), (1, np.arange(24).reshape(2, 3, 4) % 5 > 1),
    ((1, 2), np.arange(24).reshape(2, 3, 4) % 4 > 0),
    (-1, np.array([True, False, True, True])), (-1, np.array([[True], [False], [True]])), (-1, np.zeros((2, 3, 4), bool)),
    (-1, np.array([1.0, 0.0, 0.25, 0.75], "float32")),
):  # fmt: skip
    cases.add(L.Softmax(axis=axis), some, mask=mask)
cases.add(L.Softmax(), np.array([[1e4, -1e4, 9.9e3], [-np.inf, 0.0, 1.0]], "float32"), gradient=False)
