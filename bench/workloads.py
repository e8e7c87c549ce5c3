"""The workloads as formulas over a peer's primitives `m` and its values `v` by name; written once for every peer.

A peer that has a better way of its own (its layers, its optimizer, its fused step) defines `build_NAME` in its file instead.
"""

from __future__ import annotations

from typing import Any

PRIMITIVES = ("add", "matmul", "gelu")  # workloads that are one call of the peer, with nothing between
WITH_GRADIENTS = ("lstm", "transformer_block")  # the output, and the gradient of sum(output * seed) with respect to each weight

# (stride, filters) of MobileNet's 13 pairs of a depthwise and a pointwise convolution.
BLOCKS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), *[(1, 512)] * 5, (2, 1024), (1, 1024)]
HEADS = 8


def conv(m: Any, v: Any, stride: int) -> Any:
    """Return a convolution, depthwise where the weight is called so."""
    apply = m.depthwise if "w.depthwise" in v else m.conv
    return apply(v["x"], v.get("w.depthwise", v.get("w.kernel")), None, stride, None)


def mobilenet(m: Any, v: Any) -> Any:
    """Return the classes of an image by MobileNet v1 1.0 224, batch normalization folded into the convolutions."""
    x = m.conv(v["x"], v["0.kernel"], v["0.bias"], 2, "relu6")
    for i, (stride, _) in enumerate(BLOCKS, 1):
        x = m.depthwise(x, v[f"{i}.depthwise"], v[f"{i}.depthwise_bias"], stride, "relu6")
        x = m.conv(x, v[f"{i}.kernel"], v[f"{i}.bias"], 1, "relu6")
    return m.softmax(m.dense(m.spatial_mean(x), v["top.kernel"], v["top.bias"]))


def lstm(m: Any, v: Any) -> Any:
    """Return the last output of a recurrent layer."""
    return m.lstm(v["x"], v["w.kernel"], v["w.recurrent"], v["w.bias"])


def transformer_block(m: Any, v: Any) -> Any:
    """Return an encoder block: attention and a wide layer, each added to its input and normalized."""

    def dense(x: Any, name: str) -> Any:
        return m.dense(x, v[f"{name}.kernel"], v[f"{name}.bias"])

    def normed(x: Any, name: str) -> Any:
        return m.layer_norm(x, v[f"{name}.gamma"], v[f"{name}.beta"])

    x = v["x"]
    attended = m.attention(dense(x, "query"), dense(x, "key"), dense(x, "value"), HEADS)
    x = normed(m.add(x, dense(attended, "out")), "norm1")
    return normed(m.add(x, dense(m.gelu(dense(x, "up")), "down")), "norm2")
