"""Cases of image and audio layers that draw nothing: python -m tests.layers.generate images"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras, np, values

install()
L = keras.layers
cases = LayerCases("images")
FIRST = "channels_first"
photo = values(2, 6, 7, 2, seed=1, low=0, high=255)
one = values(5, 7, 2, seed=2, low=0, high=255)
first = values(2, 2, 5, 6, seed=3, low=0, high=255)
small = values(2, 4, 3, 3, seed=4, low=0, high=1)
whole = values(2, 5, 6, 2, seed=15, low=0, high=255, dtype="int32")
bytes_ = values(2, 5, 6, 2, seed=6, low=0, high=255, dtype="uint8")

for scale, offset in ((1 / 255.0, 0.0), (2, -1), (1 / 127.5, -1.0), ([0.5, -2.0], [0.0, 1.0]), (0, 3)):
    cases.add(L.Rescaling(scale, offset), photo)
    cases.add(L.Rescaling(scale, offset), bytes_, gradient=False)
cases.add(L.Rescaling(0.1), values(3, 2, seed=7), masks=np.array([[True, False], [True, True], [False, False]])[:, 0])
cases.add(L.Rescaling(0.1), np.zeros((0, 4), "float32"), gradient=False)

# TensorFlow resizes in float32, and tabulates bicubic kernels.
loose = {"tolerance": 1e-3, "note": "TensorFlow tabulates bicubic kernels, and resizes in float32"}
for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"):
    more = loose if name in ("bicubic", "lanczos3", "lanczos5") else {}
    linear = name in ("nearest", "bilinear")
    for size in ((3, 4), (9, 5)):
        cases.add(L.Resizing(*size, interpolation=name), photo, gradient=linear, **more)
    cases.add(L.Resizing(4, 4, interpolation=name), one, gradient=False, shape=False, **more)
    cases.add(L.Resizing(4, 4, interpolation=name, data_format=FIRST), first, gradient=False, **more)
    if name != "area":
        cases.add(L.Resizing(3, 4, interpolation=name, antialias=True), photo, gradient=False, **more)
for options in ({"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 7.0}):
    for size in ((4, 4), (8, 3), (3, 9)):
        cases.add(L.Resizing(*size, **options), photo, gradient=False)
        cases.add(L.Resizing(*size, interpolation="nearest", **options), photo, gradient=False)
    cases.add(L.Resizing(4, 4, data_format=FIRST, **options), first, gradient=False)
cases.add(L.Resizing(3, 4), whole, gradient=False)
cases.add(L.Resizing(3, 4, interpolation="nearest"), bytes_, gradient=False)

for size in ((4, 4), (6, 7), (5, 3), (1, 1), (9, 9), (7, 4), (3, 12)):
    cases.add(L.CenterCrop(*size), photo, gradient=max(size) < 7)
    cases.add(L.CenterCrop(*size, data_format=FIRST), first, gradient=False)
cases.add(L.CenterCrop(3, 3), one, shape=False)
cases.add(L.CenterCrop(3, 3), bytes_, gradient=False)

flat = np.concatenate([np.full((2, 3, 3, 1), 7.0), values(2, 3, 3, 1, seed=8, low=0, high=90)], -1).astype("float32")
for images, options in ((photo, {}), (small, {"value_range": (0, 1)}), (flat, {}), (whole, {}), (first, {"data_format": FIRST})):
    cases.add(L.AutoContrast(**options), images, gradient=False)
    for bins in (256, 64):
        cases.add(L.Equalization(bins=bins, **options), images, gradient=False, wide=False, training=True)
    cases.add(L.Equalization(**options), images, gradient=False, wide=False, training=False)
cases.add(L.Equalization(), one, gradient=False, wide=False, training=True, shape=False)
cases.add(L.Equalization(), np.full((1, 3, 3, 1), 9.0, "float32"), gradient=False, wide=False, training=True)

clahe = L.ContrastLimitedAdaptiveHistogramEqualization
for options in ({"tile_grid_size": (2, 2)}, {"tile_grid_size": (3, 2), "clip_limit": 0.0}, {"tile_grid_size": (1, 4), "clip_limit": 40.0}):
    cases.add(clahe(**options), photo, gradient=False, wide=False)
    cases.add(clahe(data_format=FIRST, **options), first, gradient=False, wide=False)
cases.add(clahe(), values(1, 16, 24, 1, seed=9, low=0, high=255), gradient=False, wide=False)
cases.add(clahe(value_range=(0, 1), tile_grid_size=(2, 2)), small, gradient=False, wide=False)
cases.add(clahe(tile_grid_size=(2, 3)), one, gradient=False, wide=False, shape=False)

sound = values(2, 90, seed=10, low=-1, high=1)
mel = {"fft_length": 32, "sequence_stride": 8, "num_mel_bins": 6, "sampling_rate": 8000}
for options in (
    {}, {"sequence_length": 20}, {"power_to_db": False}, {"window": None}, {"window": "hamming"}, {"mag_exp": 1.0}, {"top_db": 5.0},
    {"ref_power": 0.1, "min_power": 1e-3}, {"min_freq": 200.0, "max_freq": 3000.0},
):  # fmt: skip
    cases.add(L.MelSpectrogram(**{**mel, **options}), sound, gradient=False, wide=False)
cases.add(L.MelSpectrogram(**mel), sound[0], gradient=False, wide=False, shape=False)

wave = values(2, 40, 2, seed=11, low=-1, high=1)
stft = {"frame_length": 8}
for options in (
    *({"mode": m} for m in ("log", "magnitude", "psd", "real", "imag", "stft")), {"frame_step": 3}, {"fft_length": 16},
    {"window": "hamming", "periodic": True}, {"window": None}, {"window": "blackman", "scaling": "spectrum"}, {"scaling": None},
    {"padding": "same"}, {"expand_dims": True}, {"mode": "stft", "expand_dims": True},
):  # fmt: skip
    cases.add(L.STFTSpectrogram(**{**stft, **options}), wave)
    cases.add(L.STFTSpectrogram(**{**stft, **options}, data_format=FIRST), wave.transpose(0, 2, 1), gradient=False)
cases.add(L.STFTSpectrogram(mode="angle", frame_length=8), wave)

layers = [L.Rescaling(0.5), L.CenterCrop(4, 4), L.Resizing(2, 3)]
cases.add(L.Pipeline(layers), photo, gradient=False, wide=False)
