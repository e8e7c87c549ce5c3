"""Cases of layers that reshape, pad, crop, repeat, and of noise layers out of training: python -m tests.layers.generate reshaping"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras, np, values

install()
L = keras.layers
cases = LayerCases("reshaping")
FIRST = "channels_first"
x23, x234, x2334 = values(2, 3, seed=1), values(2, 3, 4, seed=2), values(2, 3, 3, 4, seed=3)
image, volume = values(2, 4, 5, 2, seed=4), values(1, 4, 5, 6, 2, seed=5)
mask23 = np.array([[True, False, True], [False, False, True]])

whole = np.arange(6, dtype="int32").reshape(2, 3)
for x in (x23, x234, x2334, values(2, seed=6), np.zeros((0, 3, 2), "float32"), np.zeros((2, 0, 2), "float32"), whole):
    cases.add(L.Flatten(), x, gradient=x.size > 0 and x.dtype != np.int32)
    cases.add(L.Flatten(data_format=FIRST), x, gradient=x.size > 0 and x.dtype != np.int32)
for shape in ((4, 3), (-1,), (2, -1), (12,), (-1, 6), [3, 4]):
    cases.add(L.Reshape(shape), x234)
for shape in ((3, 1), (1, 1, 3)):
    cases.add(L.Reshape(shape), x23)
cases.add(L.Reshape(()), values(2, 1, seed=7))
for dims, x in (((2, 1), x234), ((1, 2), x234), ((3, 1, 2), x2334), ((1,), x23), ([2, 3, 1], x2334)):
    cases.add(L.Permute(dims), x)
for n in (1, 3):
    cases.add(L.RepeatVector(n), x23)
cases.add(L.RepeatVector(2), np.zeros((0, 3), "float32"), gradient=False)

for padding in (1, 0, (2, 1), [0, 3]):
    cases.add(L.ZeroPadding1D(padding), x234)
cases.add(L.ZeroPadding1D((1, 2), data_format=FIRST), x234)
for padding in (1, (1, 2), ((1, 0), (2, 1)), [[0, 1], [0, 0]], 0):
    cases.add(L.ZeroPadding2D(padding), image)
    cases.add(L.ZeroPadding2D(padding, data_format=FIRST), image)
for padding in (1, (1, 2, 0), ((1, 0), (2, 1), (0, 0))):
    cases.add(L.ZeroPadding3D(padding), volume)
cases.add(L.ZeroPadding3D(1, data_format=FIRST), volume)
cases.add(L.ZeroPadding2D(1), np.arange(8, dtype="int32").reshape(1, 2, 2, 2), gradient=False)
for cropping in ((1, 1), 1, (0, 2), 0, [2, 0]):
    cases.add(L.Cropping1D(cropping), values(2, 4, 3, seed=8))
for cropping in (1, (1, 2), ((1, 0), (2, 1)), ((0, 2), (0, 0)), 0):
    cases.add(L.Cropping2D(cropping), image)
cases.add(L.Cropping2D(((0, 1), (1, 0)), data_format=FIRST), values(2, 2, 4, 5, seed=9))
for cropping in (1, (1, 2, 0), ((1, 0), (2, 1), (0, 0))):
    cases.add(L.Cropping3D(cropping), volume)
cases.add(L.Cropping3D(((1, 0), (0, 1), (1, 1)), data_format=FIRST), values(1, 2, 4, 3, 4, seed=9))
for size in (1, 2, 3):
    cases.add(L.UpSampling1D(size), x234)
for size in (2, (1, 3), [3, 2]):
    cases.add(L.UpSampling2D(size), values(2, 2, 3, 2, seed=10))
    cases.add(L.UpSampling2D(size, data_format=FIRST), values(2, 2, 3, 2, seed=10))
for interpolation in ("bilinear", "bicubic", "lanczos3", "lanczos5", "BILINEAR"):
    linear = interpolation.lower() == "bilinear"
    loose = {} if linear else {"tolerance": 1e-3, "note": "TensorFlow tabulates bicubic kernels, and resizes in float32"}
    cases.add(L.UpSampling2D((2, 3), interpolation=interpolation), values(1, 3, 2, 2, seed=11), gradient=linear, **loose)
    cases.add(L.UpSampling2D(2, data_format=FIRST, interpolation=interpolation), values(1, 2, 3, 2, seed=11), gradient=False, **loose)
for size in (2, (1, 2, 3)):
    cases.add(L.UpSampling3D(size), values(1, 2, 2, 1, 2, seed=12))
    cases.add(L.UpSampling3D(size, data_format=FIRST), values(1, 2, 2, 1, 2, seed=12))

# Out of training, and with nothing to draw, the noise layers give what they get.
for make, value in ((L.Dropout, 0.4), (L.AlphaDropout, 0.4), (L.GaussianDropout, 0.4), (L.GaussianNoise, 0.4)):
    for training, strength, more in ((None, value, {}), (False, value, {"seed": 3}), (True, 0, {}), (False, 0.0, {"name": "still"})):
        cases.add(make(strength, **more), x234, training=training, masks=mask23)
cases.add(L.Dropout(0.5, noise_shape=(None, 1, 4)), x234, training=False)
cases.add(L.AlphaDropout(0.5, noise_shape=(2, 1, 4)), x234, training=False)
cases.add(L.Dropout(1.0), x234, training=True)
for make, x in ((L.SpatialDropout1D, x234), (L.SpatialDropout2D, x2334), (L.SpatialDropout3D, volume)):
    cases.add(make(0.3, seed=1), x)
    cases.add(make(0.0), x, training=True)
cases.add(L.SpatialDropout2D(0.3, data_format=FIRST), x2334)
cases.add(L.SpatialDropout3D(0.3, data_format=FIRST, name="v"), volume)
for l1, l2 in ((0.0, 0.0), (0.1, 0.0), (0.2, 0.3)):
    cases.add(L.ActivityRegularization(l1=l1, l2=l2), x234, masks=mask23)
