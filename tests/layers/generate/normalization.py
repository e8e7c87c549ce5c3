"""Cases of the normalization layers: python -m tests.layers.generate normalization"""

from tests.layers.generate.common import LayerCases, keras, np, values

L = keras.layers
cases = LayerCases("normalization")
x24, x234, image = values(5, 4, seed=1), values(2, 3, 4, seed=2), values(2, 3, 3, 4, seed=3)
mask23 = np.array([[True, False, True], [False, False, True]])



def built(layer, x):
    """Return the layer built: axes and groups are then as the config of a layer in use has them."""
    layer.build(x.shape)
    return layer


OPTIONS = (
    {}, {"center": False}, {"scale": False}, {"center": False, "scale": False}, {"epsilon": 0.1}, {"momentum": 0.7},
    {"beta_initializer": "ones", "gamma_initializer": "random_normal", "moving_mean_initializer": "ones",
     "moving_variance_initializer": "zeros"},
    {"gamma_regularizer": "l2", "beta_regularizer": "l1", "gamma_constraint": "non_neg", "beta_constraint": "max_norm"},
)  # fmt: skip
for options in OPTIONS:
    cases.add(L.BatchNormalization(**options), x24)
    cases.add(L.BatchNormalization(**options), x24, training=True, after=True)
for axis, x in ((1, x234), (-1, x234), (1, image), (3, image), (-2, image), (2, x234)):
    cases.add(L.BatchNormalization(axis=axis, momentum=0.9), x, training=False)
    cases.add(L.BatchNormalization(axis=axis, momentum=0.9), x, training=True, after=True)
for mask in (mask23, np.ones((2, 3), bool), np.zeros((2, 3), bool), np.array([[True, False, False], [False, False, False]])):
    cases.add(L.BatchNormalization(momentum=0.5), x234, masks=mask, training=True, after=True)
    cases.add(L.BatchNormalization(momentum=0.5), x234, masks=mask)
    cases.add(L.BatchNormalization(), x234, mask=mask, training=True, after=True)
cases.add(L.BatchNormalization(trainable=False), x24, training=True, after=True)
cases.add(L.BatchNormalization(synchronized=True), x24, training=False)
cases.add(L.BatchNormalization(), x24[:1], training=True, after=True)
cases.add(L.BatchNormalization(), values(4, 1, seed=4), training=True, after=True)
far = np.float32(100) + np.float32(0.5) * x24
NOTE = "float32 keeps 1e-5 of the spread around 100"
cases.add(L.BatchNormalization(), far, training=True, after=True, gradient=False, tolerance=1e-4, note=NOTE)
cases.add(L.BatchNormalization(), np.array([[np.nan, 1.0], [2.0, np.inf]], "float32"), gradient=False)
for options in (
    {}, {"renorm_clipping": {"rmax": 1.5, "rmin": 0.7, "dmax": 0.3}}, {"renorm_clipping": {"dmax": 0.0}},
    {"renorm_momentum": 0.5, "center": False},
    {"scale": False, "momentum": 0.6}, {"scale": False, "center": False, "renorm_clipping": {"rmax": 1.1}},
):  # fmt: skip
    cases.add(L.BatchNormalization(renorm=True, **options), x24, training=True, after=True)
    cases.add(L.BatchNormalization(renorm=True, **options), x24)

for options in ({}, {"center": False}, {"scale": False}, {"center": False, "scale": False}, {"epsilon": 0.2}, {"gamma_initializer": "zeros",
                "beta_regularizer": "l2", "gamma_constraint": "non_neg"}, {"rms_scaling": True},
                {"rms_scaling": True, "scale": False}):  # fmt: skip
    cases.add(built(L.LayerNormalization(**options), x234), x234)
for axis in (1, 2, -1, -2, [1, 2], (2, 1), [-1, -2], (-2, -1), [1], (1, 2, 3), (1, 3)):
    cases.add(built(L.LayerNormalization(axis=axis), image), image)
cases.add(built(L.LayerNormalization(axis=(1, 2), rms_scaling=True), image), image)
cases.add(built(L.LayerNormalization(), x234), x234, masks=mask23)
cases.add(built(L.LayerNormalization(epsilon=1e-5), far), far, tolerance=1e-4, note=NOTE)
edges = np.array([[np.nan, 1.0, 2.0], [3.0, 3.0, 3.0]], "float32")
cases.add(built(L.LayerNormalization(), edges), edges, gradient=False)

for groups in (1, 2, 4, -1):
    for x, axis in ((x24, -1), (x234, -1), (image, -1), (image, 3), (values(2, 4, 3, seed=5), 1), (values(2, 4, 2, 3, seed=5), -3)):
        cases.add(built(L.GroupNormalization(groups=groups, axis=axis), x), x)
for options in ({"center": False}, {"scale": False}, {"center": False, "scale": False, "epsilon": 0.1}, {"gamma_initializer": "zeros",
                "beta_regularizer": "l2", "gamma_constraint": "non_neg"}):  # fmt: skip
    cases.add(built(L.GroupNormalization(groups=2, **options), image), image)
cases.add(built(L.GroupNormalization(groups=2), x234), x234, masks=mask23)

for axis in (-1, 2, [1, 2]):
    cases.add(built(L.RMSNormalization(axis=axis), x234), x234)
    cases.add(built(L.RMSNormalization(axis=axis, epsilon=0.1), values(3, 2, 4, seed=11)), values(3, 2, 4, seed=11))
for axis in (-1, 1, [1, 2], (0, 1), 0):
    cases.add(L.UnitNormalization(axis=axis), x234)
cases.add(L.UnitNormalization(), np.zeros((2, 3), "float32"), gradient=False)
cases.add(L.UnitNormalization(), x234, masks=mask23)

u = values(1, 3, seed=6)
for layer, x, weights in (
    (L.Dense(3), x24, [values(4, 3, seed=7), u, values(3, seed=8)]),
    (L.Dense(3, use_bias=False, activation="relu"), x24, [values(4, 3, seed=7), u]),
    (L.Conv2D(3, 2), image, [values(2, 2, 4, 3, seed=7), u, values(3, seed=8)]),
    (L.Embedding(6, 3), np.array([[1, 2, 5]], "int32"), [values(6, 3, seed=9), u]),
    (L.Dense(3, use_bias=False), x24, [np.zeros((4, 3), "float32"), u]),
):
    for iterations in (1, 3):
        for training in (False, True):
            made = L.SpectralNormalization(layer, power_iterations=iterations)
            # Keras differentiates only with respect to the kernel as it was before it is divided.
            cases.add(made, x, weights=weights, training=training, after=training, gradient=not training)
