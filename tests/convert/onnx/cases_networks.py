"""Cases of convolutions, pooling, normalization, resizing and recurrent ops; see cases.py."""

import numpy as np

from tests.convert.onnx.cases import case, normal, uniform

# --- convolutions

IMAGE, KERNEL, BIAS = normal(1, 2, 6, 7), normal(3, 2, 3, 3, scale=0.5), normal(3)
case("Conv", IMAGE, KERNEL, BIAS, constant=(1, 2))
case("Conv", IMAGE, KERNEL, BIAS, note="computed", dynamic=False)
case("Conv", IMAGE, KERNEL, BIAS, constant=(1, 2), pads=[1, 1, 1, 1], opset=7)
case("Conv", IMAGE, KERNEL, BIAS, constant=(1, 2), pads=[0, 1, 2, 0], strides=[2, 1])
case("Conv", IMAGE, KERNEL, constant=(1,), dilations=[2, 1], pads=[2, 1, 2, 1])
case("Conv", normal(1, 2, 9, 9), KERNEL, constant=(1,), dilations=[2, 2], strides=[2, 2])
case("Conv", IMAGE, KERNEL, constant=(1,), auto_pad="SAME_UPPER")
case("Conv", IMAGE, KERNEL, constant=(1,), auto_pad="SAME_UPPER", strides=[2, 2], dynamic=False)
case("Conv", IMAGE, KERNEL, constant=(1,), auto_pad="SAME_LOWER", strides=[2, 2], dynamic=False)
case("Conv", IMAGE, KERNEL, constant=(1,), auto_pad="VALID")
case("Conv", normal(2, 4, 5, 5), normal(4, 1, 3, 3), normal(4), constant=(1, 2), group=4, pads=[1, 1, 1, 1])
case("Conv", normal(1, 2, 5, 6), normal(4, 1, 3, 3), constant=(1,), group=2, strides=[2, 1])
case("Conv", normal(1, 4, 5, 6), normal(6, 2, 3, 3), constant=(1,), group=2, strides=[2, 2], pads=[1, 1, 1, 1])
case("Conv", normal(2, 3, 8), normal(4, 3, 3), normal(4), constant=(1, 2), pads=[1, 1], strides=[2])
case("Conv", normal(2, 3, 8), normal(4, 3, 3), constant=(1,), dilations=[2])
case("Conv", normal(2, 3, 8), normal(3, 1, 3), constant=(1,), group=3)
case("Conv", normal(1, 2, 4, 5, 4), normal(3, 2, 2, 3, 2), normal(3), constant=(1, 2), pads=[0, 1, 0, 1, 1, 0])
case("Conv", normal(0, 2, 6, 7), KERNEL, constant=(1,), note="empty", dynamic=False)
UP = normal(2, 3, 3, 3, scale=0.5)
for more in (
    {}, {"strides": [2, 2]}, {"strides": [2, 2], "pads": [1, 1, 1, 1]}, {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    {"dilations": [2, 1], "strides": [1, 2]}, {"pads": [0, 1, 1, 0]},
):  # fmt: skip
    case("ConvTranspose", normal(1, 2, 3, 4), UP, normal(3), constant=(1, 2), **more)
case("ConvTranspose", normal(1, 2, 3, 4), UP, constant=(1,), auto_pad="SAME_UPPER", strides=[2, 2], dynamic=False)
case("ConvTranspose", normal(1, 2, 3, 4), UP, constant=(1,), strides=[2, 2], output_shape=[6, 8], dynamic=False)
case("ConvTranspose", normal(1, 4, 3, 3), normal(4, 2, 3, 3), constant=(1,), group=2)
case("ConvTranspose", normal(1, 2, 5), normal(2, 3, 4), normal(3), constant=(1, 2), strides=[2], pads=[1, 1])

# --- pooling

for op in ("MaxPool", "AveragePool", "LpPool"):
    opset = 18 if op == "LpPool" else 12
    for more in (
        {}, {"strides": [2, 2]}, {"pads": [1, 1, 1, 1]}, {"pads": [0, 1, 1, 0], "strides": [2, 2]},
        {"strides": [2, 2], "ceil_mode": 1}, {"strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]},
        {"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    ):  # fmt: skip
        if op == "LpPool" and "ceil_mode" in more:
            continue
        known = "SAME_LOWER" in str(more) or op == "LpPool" or ("pads" in more and "ceil_mode" in more)
        case(op, IMAGE, kernel_shape=[3, 2], opset=opset, dynamic=not known, **more)
    case(op, normal(1, 2, 9), kernel_shape=[3], strides=[2], opset=opset, dynamic=op == "MaxPool")
for more in ({"pads": [1, 1, 1, 1]}, {"pads": [1, 1, 1, 1], "strides": [2, 2], "ceil_mode": 1}):
    case("AveragePool", IMAGE, kernel_shape=[3, 3], count_include_pad=1, opset=19, dynamic="ceil_mode" not in more, **more)
case("AveragePool", IMAGE, kernel_shape=[2, 3], dilations=[2, 1], opset=19, dynamic=False)
case("AveragePool", normal(1, 2, 4, 5, 4), kernel_shape=[2, 2, 2], opset=12)
case("MaxPool", IMAGE, kernel_shape=[2, 3], dilations=[2, 2], pads=[1, 1, 1, 1], opset=12)
case("MaxPool", normal(1, 2, 4, 5, 4), kernel_shape=[2, 2, 2], strides=[2, 1, 1], opset=12)
case("MaxPool", normal(2, 3, 6, 7), kernel_shape=[2, 2], strides=[2, 2], outputs=2, opset=12)
case("MaxPool", normal(2, 3, 6, 7), kernel_shape=[3, 3], strides=[2, 1], pads=[1, 0, 0, 1], outputs=2, opset=8)
case("MaxPool", np.arange(42).reshape(1, 1, 6, 7).astype(np.uint8), kernel_shape=[2, 2], opset=12, note="uint8")
case("LpPool", IMAGE, kernel_shape=[2, 2], p=1, opset=18)
case("LpPool", uniform(0.1, 1, 1, 2, 5, 5), kernel_shape=[2, 2], p=3, opset=18)
for op in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
    case(op, IMAGE)
    case(op, normal(2, 3, 5))

# --- normalization

SCALES = [normal(3), normal(3, seed=1), normal(3, seed=2), uniform(0.5, 2, 3)]
for shape in ((2, 3), (2, 3, 4), (2, 3, 4, 5), (1, 3, 2, 3, 2)):
    case("BatchNormalization", normal(*shape), *SCALES, constant=(1, 2, 3, 4), opset=15, note=str(len(shape)))
case("BatchNormalization", normal(2, 3, 4), *SCALES, opset=9, epsilon=0.01, note="computed")
case("InstanceNormalization", normal(2, 3, 4, 5), normal(3), normal(3, seed=1), constant=(1, 2))
case("InstanceNormalization", normal(2, 3, 7), normal(3), normal(3, seed=1), epsilon=0.1)
case("LayerNormalization", normal(2, 3, 4), normal(4), normal(4, seed=1), constant=(1, 2))
case("LayerNormalization", normal(2, 3, 4), normal(3, 4), axis=1)
case("LayerNormalization", normal(2, 3, 4), normal(4), normal(4, seed=1), outputs=3, constant=(1, 2))
case("GroupNormalization", normal(2, 4, 3, 3), normal(4), normal(4, seed=1), num_groups=2, opset=21, constant=(1, 2), dynamic=False)
case("GroupNormalization", normal(2, 4, 3), normal(2), normal(2, seed=1), num_groups=2, opset=18, constant=(1, 2), dynamic=False)
case("RMSNormalization", normal(2, 3, 4), normal(4), opset=23, constant=(1,))
case("SimplifiedLayerNormalization", normal(2, 3, 4), normal(4), constant=(1,))
case("MeanVarianceNormalization", normal(2, 3, 4, 5), opset=13)
case("LRN", uniform(0, 4, 1, 7, 2, 3), size=3, alpha=0.1, beta=0.6, bias=1.5)
case("Attention", normal(1, 2, 3, 4), normal(1, 2, 5, 4, seed=1), normal(1, 2, 5, 4, seed=2), opset=23, dynamic=False)
case("Attention", normal(1, 3, 8), normal(1, 5, 8, seed=1), normal(1, 5, 8, seed=2), opset=23, dynamic=False, q_num_heads=2, kv_num_heads=2)

for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
    case(op, np.array(9), constant=(0,), dynamic=False)
    case(op, np.array(8), periodic=0, constant=(0,), dynamic=False)

case("Attention", normal(1, 4, 3, 4), normal(1, 2, 3, 4, seed=1), normal(1, 2, 3, 4, seed=2), opset=23, dynamic=False, is_causal=1)
case("Attention", normal(1, 2, 2, 4), normal(1, 2, 2, 4, seed=1), normal(1, 2, 2, 4, seed=2), None, normal(1, 2, 3, 4, seed=3),
     normal(1, 2, 3, 4, seed=4), opset=23, dynamic=False, outputs=3)  # fmt: skip

# --- signals and sampling

for more in ({}, {"inverse": 1}, {"onesided": 1}):
    case("DFT", normal(2, 6, 1), dynamic=False, **more)
case("DFT", normal(2, 6, 3, 2), axis=2, dynamic=False)
case("DFT", normal(2, 6, 2), None, np.array(1), opset=20, constant=(2,), dynamic=False)
case("STFT", normal(2, 20, 1), np.array(4), uniform(0, 1, 8), opset=17, constant=(1, 2), dynamic=False)
case("STFT", normal(2, 20, 1), np.array(4), uniform(0, 1, 8), np.array(8), opset=17, constant=(1, 2, 3), onesided=0, dynamic=False)
for mode in ("linear", "nearest"):
    for padding in ("zeros", "border"):
        for align in (0, 1):
            settings = {"mode": mode, "padding_mode": padding, "align_corners": align}
            case("GridSample", normal(2, 3, 4, 5), uniform(-1.3, 1.3, 2, 3, 2, 2), opset=20, **settings)
for align in (0, 1):
    case("AffineGrid", normal(2, 2, 3), np.array([2, 3, 4, 5]), align_corners=align, opset=20, constant=(1,), dynamic=False)

# --- what ONNX Runtime fuses

MS = "com.microsoft"
case("FastGelu", normal(3, 4), normal(4), domain=MS)
case("BiasGelu", normal(3, 4), normal(4), domain=MS)
case("QuickGelu", normal(3, 4), domain=MS)
case("FusedMatMul", normal(2, 3, 4), normal(2, 3, 5), transA=1, alpha=0.5, domain=MS)
case("FusedMatMul", normal(3, 4), normal(5, 4), transB=1, domain=MS)
case("SkipLayerNormalization", normal(2, 3, 4), normal(2, 3, 4, seed=1), normal(4), normal(4, seed=1), normal(4, seed=2), domain=MS)
case("SkipSimplifiedLayerNormalization", normal(2, 3, 4), normal(2, 3, 4, seed=1), normal(4), domain=MS, epsilon=1e-6)
Q8, S8, Z8 = np.arange(0, 240, 10, dtype=np.uint8).reshape(2, 3, 2, 2), np.array(0.04, np.float32), np.array(99, np.uint8)
AS = np.array(0.09, np.float32)
for op in ("QLinearAdd", "QLinearMul"):
    case(op, Q8, S8, Z8, Q8[:, ::-1].copy(), AS, Z8, AS, Z8, domain=MS, constant=(1, 2, 4, 5, 6, 7), step=1)
for op in ("QLinearSigmoid", "QLinearLeakyRelu", "QLinearGlobalAveragePool"):
    case(op, Q8, S8, Z8, AS, Z8, domain=MS, constant=(1, 2, 3, 4), step=1)
case("QLinearConcat", AS, Z8, Q8, S8, Z8, Q8, AS, Z8, axis=1, domain=MS, constant=(0, 1, 3, 4, 6, 7), step=1)

# --- resizing

NONE = np.array([], np.float32)
SMALL = normal(1, 2, 4, 5)
for kind in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
    for mode in ("nearest", "linear", "cubic"):
        settings = {"mode": mode, "coordinate_transformation_mode": kind}
        case("Resize", SMALL, NONE, np.array([1, 1, 2, 1.6], np.float32), constant=(1, 2), opset=13, dynamic=False, **settings)
        case("Resize", SMALL, NONE, NONE, np.array([1, 2, 3, 9]), constant=(1, 2, 3), opset=13, dynamic=False, **settings)
for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    case("Resize", SMALL, NONE, np.array([1, 1, 0.6, 2], np.float32), constant=(1, 2), opset=11, dynamic=False, mode="nearest",
         nearest_mode=rounding)  # fmt: skip
case("Resize", SMALL, NONE, np.array([1, 1, 2, 2], np.float32), constant=(1, 2), opset=11, mode="nearest", nearest_mode="floor",
     coordinate_transformation_mode="asymmetric")  # fmt: skip
case("Resize", SMALL, NONE, np.array([1, 1, 2, 2], np.float32), constant=(1, 2), opset=11, mode="linear")
case("Resize", SMALL, None, None, np.array([8, 7]), constant=(3,), opset=18, mode="linear", axes=[2, 3])
case("Resize", SMALL, None, np.array([0.5, 0.6], np.float32), constant=(2,), opset=18, mode="linear", axes=[2, 3],
     antialias=1, dynamic=False)  # fmt: skip
case("Resize", SMALL, None, np.array([0.5, 0.6], np.float32), constant=(2,), opset=18, mode="cubic", axes=[2, 3],
     antialias=1, dynamic=False)  # fmt: skip
case("Resize", SMALL, None, np.array([2.0, 1.6], np.float32), constant=(2,), opset=18, mode="cubic", axes=[2, 3], exclude_outside=1,
     cubic_coeff_a=-0.5, dynamic=False)  # fmt: skip
case("Resize", normal(1, 2, 5), NONE, np.array([1, 1, 2], np.float32), constant=(1, 2), opset=13, mode="linear", dynamic=False)
case("Resize", SMALL, np.array([1, 1, 2, 2], np.float32), constant=(1,), opset=10, mode="nearest")
case("Upsample", SMALL, np.array([1, 1, 2, 3], np.float32), constant=(1,), opset=9, mode="nearest")
case("Upsample", SMALL, opset=7, scales=[1.0, 1.0, 2.0, 2.0], mode="linear")

# --- recurrent

LENGTHS = np.array([3, 1], np.int32)
for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
    w, r, b = (normal(1, gates * 3, n, seed=n, scale=0.6) for n in (2, 3, 1))
    b = normal(1, gates * 6, scale=0.3)
    extra = [normal(1, 2, 3, seed=3)] + ([normal(1, 2, 3, seed=4)] if op == "LSTM" else [])
    count = 3 if op == "LSTM" else 2
    for steps in (1, 3, 6):
        case(op, normal(steps, 2, 2), w, r, b, outputs=count, constant=(1, 2, 3), hidden_size=3, note=f"steps{steps}")
    case(op, normal(6, 2, 2), w, r, outputs=count, constant=(1, 2), hidden_size=3, direction="reverse", opset=14)
    case(op, normal(6, 2, 2), w, r, b, np.array([6, 2], np.int32), *extra, outputs=count, constant=(1, 2, 3), hidden_size=3, note="lengths")
    case(op, normal(3, 2, 2), w, r, b, LENGTHS, *extra, outputs=count, constant=(1, 2, 3), hidden_size=3,
         direction="reverse", note="lengths")  # fmt: skip
    case(op, normal(5, 2, 2), np.concatenate([w, w * 0.5]), np.concatenate([r, -r]), np.concatenate([b, b]), outputs=count,
         constant=(1, 2, 3), hidden_size=3, direction="bidirectional")  # fmt: skip
    case(op, normal(5, 2, 2), w, r, b, outputs=count, without=(0,), constant=(1, 2, 3), hidden_size=3, note="last", opset=11)
    case(op, normal(5, 2, 2), w, r, b, outputs=count, hidden_size=3, clip=0.4, note="clip", dynamic=False)
    if op == "GRU":
        case(op, normal(5, 2, 2), w, r, b, outputs=count, constant=(1, 2, 3), hidden_size=3, linear_before_reset=1)
    if op == "LSTM":
        case(op, normal(5, 2, 2), w, r, b, None, None, None, normal(1, 9, seed=5), outputs=count, constant=(1, 2, 3, 7), hidden_size=3)
        case(op, normal(5, 2, 2), w, r, b, outputs=count, constant=(1, 2, 3), hidden_size=3,
             activations=["HardSigmoid", "Tanh", "Softsign"], activation_alpha=[0.3], activation_beta=[0.4])  # fmt: skip
