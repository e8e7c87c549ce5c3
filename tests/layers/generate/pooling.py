"""Cases of the pooling layers: python -m tests.layers.generate pooling"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras, np, values

install()
L = keras.layers
cases = LayerCases("pooling")
LAST, FIRST = "channels_last", "channels_first"


def image(rank, size=5, channels=2, batch=2, seed=1, data_format=LAST):
    sizes = (size, size - 1, size - 2)[:rank]
    return values(batch, *((channels, *sizes) if data_format == FIRST else (*sizes, channels)), seed=seed)


def each(name, ranks, options, size=5):
    for rank in ranks:
        for given in options:
            layer = getattr(L, name.format(rank))(**given)
            cases.add(layer, image(rank, size, batch=2 if rank < 3 else 1, data_format=layer.data_format))


WINDOWS = [
    {"pool_size": 2},
    {"pool_size": 3},
    {"pool_size": 2, "strides": 1},
    {"pool_size": 3, "strides": 2, "padding": "same"},
    {"pool_size": 2, "padding": "same"},
    {"pool_size": 2, "strides": 3},
    {"pool_size": 1, "strides": 2},
    {"pool_size": 2, "data_format": FIRST},
    {"pool_size": 2, "data_format": FIRST, "padding": "same", "strides": 1},
]
each("MaxPooling{}D", (1, 2, 3), [{}, *WINDOWS])
each("AveragePooling{}D", (1, 2, 3), WINDOWS)
for kind in ("Max", "Average"):
    each(f"{kind}Pooling{{}}D", (2,), [{"pool_size": (1, 3)}, {"pool_size": (3, 1), "strides": (1, 2), "padding": "same"},
    {"pool_size": [2, 3], "strides": 1}])
    each(f"{kind}Pooling{{}}D", (3,), [{"pool_size": (1, 2, 3)}, {"pool_size": 2, "strides": (2, 1, 1), "padding": "same"}])

GLOBAL = [{"data_format": d, "keepdims": k} for d in (None, LAST, FIRST) for k in (False, True)]
each("GlobalAveragePooling{}D", (1, 2, 3), GLOBAL, 4)
each("GlobalMaxPooling{}D", (1, 2, 3), GLOBAL, 4)
for options in GLOBAL:
    layer = L.GlobalAveragePooling1D(**options)
    mask = np.array([[True, False, True, True], [False, False, True, False]])
    cases.add(layer, image(1, 4, 3, data_format=layer.data_format), masks=mask)
    cases.add(layer, image(1, 4, 3, data_format=layer.data_format), mask=mask)
cases.add(L.GlobalAveragePooling1D(), image(1, 4, 3), masks=np.zeros((2, 4), bool), gradient=False)

ADAPTIVE = [{"output_size": 1}, {"output_size": 2}, {"output_size": 3}, {"output_size": 2, "data_format": FIRST}]
each("AdaptiveAveragePooling{}D", (1, 2, 3), ADAPTIVE)
each("AdaptiveMaxPooling{}D", (1, 2, 3), ADAPTIVE)
each("AdaptiveAveragePooling{}D", (1, 2), [{"output_size": 6}])
for kind in ("Average", "Max"):
    each(f"Adaptive{kind}Pooling{{}}D", (2,), [{"output_size": (2, 3)}, {"output_size": [1, 4], "data_format": FIRST}], 7)
    each(f"Adaptive{kind}Pooling{{}}D", (3,), [{"output_size": (1, 2, 3)}])

whole = values(1, 4, 4, 2, seed=3, low=-9, high=9, dtype="int32")
for layer in (L.MaxPooling2D(2), L.GlobalMaxPooling2D(), L.GlobalAveragePooling2D()):
    cases.add(layer, whole, gradient=False, wide=False)
