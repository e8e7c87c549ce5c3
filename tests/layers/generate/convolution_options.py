"""Images and options that the cases of convolutions share; the cases: `convolution.py`, `separable.py`."""

from tests.layers.generate.common import values

LAST, FIRST = "channels_last", "channels_first"


def image(rank, size=5, channels=2, batch=1, seed=1, data_format=LAST):
    sizes = (size, size - 1, size - 2)[:rank]
    return values(batch, *((channels, *sizes) if data_format == FIRST else (*sizes, channels)), seed=seed)


def each(cases, make, ranks, options, **data):
    """Add a case for each rank and each set of options."""
    for rank in ranks:
        for given in options:
            size = given.get("size", 5)
            rest = {k: v for k, v in given.items() if k not in ("size", "channels")}
            layer = make(rank)(**rest)
            cases.add(layer, image(rank, size, given.get("channels", 2), 2 if rank == 1 else 1, data_format=layer.data_format, **data))


COMMON = [
    {},
    {"strides": 2},
    {"padding": "same"},
    {"padding": "SAME", "strides": 2},
    {"padding": "same", "strides": 3, "size": 7},
    {"dilation_rate": 2},
    {"dilation_rate": 2, "padding": "same"},
    {"use_bias": False},
    {"data_format": FIRST},
    {"data_format": FIRST, "padding": "same", "strides": 2},
    {"data_format": FIRST, "use_bias": False, "activation": "tanh"},
]
PLAIN = [{"filters": 3, "kernel_size": 2, **o} for o in COMMON]
