"""Cases of the attention layers: python -m tests.layers.generate attention"""

from tests.layers.generate.common import LayerCases, keras, np, values

L = keras.layers
cases = LayerCases("attention")


def data(shape, seed):
    """Return float32 inputs."""
    return values(*shape, seed=seed, low=-1.0, high=1.0)


Q, V, K = data((2, 3, 4), 1), data((2, 5, 4), 2), data((2, 5, 4), 3)
Q_MASK = np.array([[True, True, False], [True, False, True]])
V_MASK = np.array([[True, True, False, True, False], [True, True, True, False, True]])
BOTH = np.random.default_rng(4).random((2, 3, 5)) < 0.7
BOTH[:, :, :2] = True

for layer, options in (
    (L.Attention, {}), (L.Attention, {"use_scale": True}), (L.Attention, {"score_mode": "concat"}), (L.Attention,
    {"dropout": 0.5, "seed": 3}),
    (L.Attention, {"score_mode": "concat", "use_scale": True}), (L.AdditiveAttention, {}), (L.AdditiveAttention, {"use_scale": False}),
):  # fmt: skip
    cases.add(layer(**options), [Q, V])
    cases.add(layer(**options), [Q, V, K], use_causal_mask=True)
    cases.add(layer(**options), [Q, V], masks=[Q_MASK, V_MASK], return_attention_scores=True)
    cases.add(layer(**options), [Q, V, K], masks=[Q_MASK, V_MASK, None], use_causal_mask=True)

# The bias of the keys has no effect but by rounding.
ZERO = {"shape": False, "tolerance": 2e-4, "note": "the gradient of the keys' bias is zero but for rounding"}
BASE = {"num_heads": 2, "key_dim": 3, "attention_axes": (1,)}
for options in (
    {}, {"value_dim": 2}, {"use_bias": False}, {"output_shape": 5}, {"output_shape": (2, 3)}, {"use_gate": True, "value_dim": 4},
    {"sliding_window": 2}, {"dropout": 0.25, "seed": 1},
    {"kernel_regularizer": "l2", "bias_initializer": "ones", "kernel_constraint": "max_norm", "bias_constraint": "non_neg"},
):  # fmt: skip
    made = {**BASE, **options}
    cases.add(L.MultiHeadAttention(**made), Q, V, **ZERO)
    cases.add(L.MultiHeadAttention(**made), Q, V, K, **ZERO, return_attention_scores=True)
    cases.add(L.MultiHeadAttention(**made), Q, V, **ZERO, attention_mask=BOTH)
    cases.add(L.MultiHeadAttention(**made), Q, Q, **ZERO, use_causal_mask=True)
mha = L.MultiHeadAttention
cases.add(mha(**BASE), Q, V, **ZERO, masks=Q_MASK)
cases.add(mha(**BASE), Q, V, **ZERO, masks=Q_MASK, value_mask=V_MASK, use_causal_mask=True)
cases.add(mha(**BASE), Q, V, K, **ZERO, key_mask=V_MASK, value_mask=V_MASK[::-1].copy(), attention_mask=BOTH, return_attention_scores=True)
cases.add(mha(**BASE), Q, V, **ZERO, query_mask=Q_MASK)
cases.add(mha(2, 3), Q, Q, **ZERO, config=False)
X2 = data((2, 3, 2, 4), 5)
for axes in ((1,), (2,), (1, 2), (-1,), None):
    cases.add(
        mha(2, 3, attention_axes=axes),
        X2,
        data((2, 3, 2, 4), 6),
        **ZERO,
        config=axes not in ((-1,), None),
        return_attention_scores=True,
    )
    if axes != (-1,):
        cases.add(mha(2, 3, attention_axes=axes), X2, data((2, 3, 2, 4), 6), **ZERO, config=axes is not None)

G = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
for options in (
    {}, {"use_bias": False}, {"use_gate": True}, {"sliding_window": 2}, {"num_key_value_heads": 1},
    {"dropout": 0.25, "seed": 2}, {"kernel_regularizer": "l1", "bias_initializer": "ones", "bias_constraint": "unit_norm"},
):  # fmt: skip
    made = {**G, **options}
    cases.add(L.GroupQueryAttention(**made), Q, V, shape=False)
    cases.add(L.GroupQueryAttention(**made), Q, V, K, shape=False, return_attention_scores=True, attention_mask=BOTH)
    cases.add(L.GroupQueryAttention(**made), Q, Q, shape=False, use_causal_mask=True)
cases.add(L.GroupQueryAttention(**G), Q, V, shape=False, query_mask=Q_MASK, value_mask=V_MASK, key_mask=V_MASK[::-1].copy())
cases.add(L.GroupQueryAttention(**G), Q, V, shape=False, masks=Q_MASK)

cases.write()
