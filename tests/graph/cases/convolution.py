"""Cases of convolutions and pooling. TensorFlow's CPU kernels know NHWC only; NCHW is the same between two transposes."""

from . import INF, case, floats, ints
from .matrices import finished

FIRST = (0, 3, 1, 2)
LAST = (0, 2, 3, 1)


def channels_first(op):
    """Return a reference that runs a raw op of NHWC on NCHW tensors."""

    def reference(tf, *args, **attrs):
        attrs["data_format"] = "NHWC"
        for name in ("strides", "ksize", "dilations"):
            if name in attrs:
                attrs[name] = [attrs[name][i] for i in LAST]
        if "explicit_paddings" in attrs:
            pairs = attrs["explicit_paddings"]
            attrs["explicit_paddings"] = [pairs[2 * i + j] for i in LAST for j in (0, 1)]
        made = op(tf, tf.transpose(args[0], LAST), *args[1:], **attrs)
        return tf.transpose(made, FIRST)

    return reference


def raw(name, *parameters):
    """Return a raw op as a function of its inputs."""
    return lambda tf, *args, **attrs: getattr(tf.raw_ops, name)(**dict(zip(parameters, args, strict=True)), **attrs)


def depthwise(tf, x, kernel, strides, padding, dilations):
    """Dilated depthwise convolutions are no kernel of TensorFlow's on CPUs."""
    return tf.nn.depthwise_conv2d(x, kernel, strides, padding, dilations=dilations[1:3])


SLIDES = (
    {"padding": "VALID", "strides": [1, 1, 1, 1]},
    {"padding": "SAME", "strides": [1, 2, 2, 1]},
    {"padding": "SAME", "strides": [1, 1, 1, 1], "dilations": [1, 2, 2, 1]},
    {"padding": "EXPLICIT", "strides": [1, 2, 2, 1], "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]},
)
for slide in SLIDES:
    case("Conv2D", floats(2, 6, 7, 2), floats(3, 2, 2, 3), **slide)
    case("DepthwiseConv2dNative", floats(1, 6, 7, 2), floats(3, 3, 2, 2), reference=depthwise if "dilations" in slide else None, **slide)
case("DepthwiseConv2dNative", floats(1, 5, 5, 3), floats(2, 2, 3, 1), padding="SAME", strides=[1, 1, 1, 1])
case("DepthwiseConv2d", floats(1, 5, 5, 3), floats(2, 2, 3, 1), padding="SAME", strides=[1, 1, 1, 1],
     reference=raw("DepthwiseConv2dNative", "input", "filter"))  # fmt: skip
case("Conv2D", floats(1, 5, 5, 4), floats(3, 3, 2, 4), padding="SAME", strides=[1, 1, 1, 1])  # two groups
case("Conv2D", floats(0, 5, 5, 2), floats(3, 3, 2, 4), padding="VALID", strides=[1, 1, 1, 1])
case("Conv2D", floats(2, 3, 5, 3), floats(1, 1, 3, 4), padding="VALID", strides=[1, 2, 1, 1])
case("Conv2D", floats(1, 7, 7, 1), floats(2, 2, 1, 2), padding="VALID", strides=[1, 3, 3, 1])
case("Conv2D", floats(1, 8, 5, 2), floats(4, 1, 2, 3), padding="SAME", strides=[1, 3, 2, 1])
case("Conv2D", floats(1, 8, 9, 2), floats(2, 3, 2, 1), padding="VALID", strides=[1, 1, 1, 1], dilations=[1, 3, 2, 1])
case("Conv2D", floats(1, 2, 2, 1), floats(3, 3, 1, 1), padding="SAME", strides=[1, 2, 2, 1])
case("Conv2D", floats(2, 12, 11, 16), floats(3, 3, 16, 20), padding="SAME", strides=[1, 2, 2, 1])
case("DepthwiseConv2dNative", floats(1, 9, 8, 17), floats(3, 3, 17, 1), padding="SAME", strides=[1, 2, 2, 1])
NCHW = {"strides": [1, 1, 2, 2], "data_format": "NCHW"}
case("Conv2D", floats(2, 2, 6, 7), floats(3, 2, 2, 3), padding="SAME", reference=channels_first(raw("Conv2D", "input", "filter")), **NCHW)
case("Conv2D", floats(2, 2, 6, 7), floats(3, 2, 2, 3), padding="EXPLICIT", explicit_paddings=[0, 0, 0, 0, 1, 2, 0, 1],
     reference=channels_first(raw("Conv2D", "input", "filter")), **NCHW)  # fmt: skip
case("DepthwiseConv2dNative", floats(2, 2, 6, 7), floats(3, 2, 2, 2), padding="SAME",
     reference=channels_first(raw("DepthwiseConv2dNative", "input", "filter")), **NCHW)  # fmt: skip
for attrs in ({"padding": "VALID", "strides": [1] * 5}, {"padding": "SAME", "strides": [1, 2, 2, 1, 1]}):
    case("Conv3D", floats(1, 4, 5, 4, 2), floats(2, 3, 2, 2, 3), **attrs)
for attrs in ({"stride": 2, "padding": "SAME", "dilation": 1}, {"stride": 1, "padding": "VALID", "dilation": 2}):
    case("Conv1D", floats(2, 8, 2), floats(3, 2, 3), data_format="NWC", **attrs,
         reference=lambda tf, x, f, stride, padding, data_format, dilation: tf.nn.conv1d(x, f, stride, padding, data_format, dilation))  # fmt: skip  # noqa: E501


# --- fused ---


def _fused(op):
    def reference(tf, x, kernel, args, **attrs):
        slide = {name: attrs[name] for name in ("strides", "padding", "explicit_paddings", "dilations") if name in attrs}
        return finished(tf, getattr(tf.raw_ops, op)(input=x, filter=kernel, **slide), args, attrs)

    return reference


def _norm(channels):
    return floats(channels), floats(channels), floats(channels), floats(channels, low=0.5)


for name, plain, kernel in (
    ("_FusedConv2D", "Conv2D", (3, 3, 2, 4)),
    ("FusedDepthwiseConv2dNative", "DepthwiseConv2dNative", (3, 3, 2, 2)),
):
    for fused_ops, args in (
        (["BiasAdd"], (floats(4),)), (["BiasAdd", "Relu"], (floats(4),)), (["BiasAdd", "Relu6"], (floats(4),)),
        (["BiasAdd", "Elu"], (floats(4),)), (["BiasAdd", "LeakyRelu"], (floats(4),)), (["BiasAdd", "Sigmoid"], (floats(4),)),
        (["BiasAdd", "Tanh"], (floats(4),)), (["BiasAdd", "Prelu"], (floats(4), floats(4, low=0))),
        (["FusedBatchNorm"], _norm(4)), (["FusedBatchNorm", "Relu"], _norm(4)),
    ):  # fmt: skip
        case(
            name, floats(1, 5, 5, 2), floats(*kernel), args, reference=_fused(plain), strides=[1, 1, 1, 1], padding="SAME",
            num_args=len(args), fused_ops=fused_ops, leakyrelu_alpha=0.2, epsilon=0.001,
        )  # fmt: skip
ROUND = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 1, 1, 1, 0, 0]}
case("_FusedConv2D", floats(1, 5, 5, 2), floats(3, 3, 2, 4), (floats(4), floats(1, 3, 3, 4)), reference=_fused("Conv2D"), num_args=2,
     strides=[1, 2, 2, 1], fused_ops=["BiasAdd", "Add", "Relu"], **ROUND)  # fmt: skip
case("_FusedConv2D", floats(1, 2, 5, 5), floats(3, 3, 2, 4), (floats(4),), num_args=1, strides=[1, 1, 1, 1], padding="VALID",
     data_format="NCHW", fused_ops=["BiasAdd", "Relu"], reference=channels_first(_fused("Conv2D")))  # fmt: skip

# --- transposed ---

for shape, x, kernel, attrs in (
    ([2, 8, 6, 3], (2, 4, 3, 2), (3, 3, 3, 2), {"padding": "SAME", "strides": [1, 2, 2, 1]}),
    ([1, 9, 7, 1], (1, 4, 3, 2), (3, 3, 1, 2), {"padding": "VALID", "strides": [1, 2, 2, 1]}),
    ([1, 7, 7, 1], (1, 4, 4, 2), (3, 3, 1, 2), {"padding": "SAME", "strides": [1, 2, 2, 1]}),
    ([1, 7, 7, 1], (1, 4, 4, 2), (3, 3, 1, 2), {"strides": [1, 2, 2, 1], **ROUND}),
):
    case("Conv2DBackpropInput", shape, floats(*kernel), floats(*x), **attrs)
case("Conv3DBackpropInputV2", [1, 4, 6, 4, 1], floats(2, 3, 2, 1, 2), floats(1, 2, 3, 2, 2), padding="SAME", strides=[1, 2, 2, 2, 1])


def _transposed_first(tf, shape, kernel, x, **attrs):
    return tf.transpose(tf.nn.conv2d_transpose(tf.transpose(x, LAST), kernel, tf.gather(shape, LAST), 2, attrs["padding"]), FIRST)


case("Conv2DBackpropInput", [2, 3, 8, 6], floats(3, 3, 3, 2), floats(2, 2, 4, 3), padding="SAME", reference=_transposed_first, **NCHW)
case("Dilation2D", floats(1, 6, 7, 2), floats(2, 3, 2), padding="SAME", strides=[1, 1, 1, 1], rates=[1, 1, 1, 1])
case("Dilation2D", floats(1, 6, 7, 2), floats(2, 3, 2), padding="VALID", strides=[1, 2, 2, 1], rates=[1, 2, 2, 1])

# --- pooling ---

POOLS = (
    {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"},
    {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"},
)
for attrs in POOLS:
    case("MaxPool", floats(2, 5, 6, 2), **attrs)
    case("AvgPool", floats(2, 5, 6, 2), **attrs)
    case("MaxPoolWithArgmax", floats(2, 5, 6, 2), **attrs)
    case("MaxPoolWithArgmax", floats(2, 5, 6, 2), include_batch_in_index=True, **attrs)
case("MaxPool", floats(1, 5, 5, 1), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], **ROUND)
HOLES = floats(1, 4, 4, 1)
HOLES[0, 1, 1, 0], HOLES[0, 3, 3, 0] = INF, -INF
case("MaxPool", HOLES, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
case("AvgPool", HOLES, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
case("MaxPool", ints(1, 4, 4, 2), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
case("MaxPoolV2", floats(1, 4, 4, 2), [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")
for op in ("MaxPool", "AvgPool"):
    case(op, floats(2, 3, 5, 6), ksize=[1, 1, 2, 2], strides=[1, 1, 2, 2], padding="SAME", data_format="NCHW",
         reference=channels_first(raw(op, "input" if op == "MaxPool" else "value")))  # fmt: skip
for op in ("MaxPool3D", "AvgPool3D"):
    case(op, floats(1, 4, 5, 4, 2), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME")
    case(op, floats(1, 4, 5, 4, 2), ksize=[1, 2, 3, 1, 1], strides=[1, 1, 1, 1, 1], padding="VALID")
