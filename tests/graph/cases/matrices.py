"""Cases of products, transposes, bands, and linear algebra."""

import numpy as np
import tensorflow as tf

from . import case, complexes, empty, floats, ints

for a, b, attrs in (
    ((2, 3), (3, 4), {}),
    ((3, 2), (3, 4), {"transpose_a": True}),
    ((2, 3), (4, 3), {"transpose_b": True}),
    ((3, 2), (4, 3), {"transpose_a": True, "transpose_b": True}),
    ((0, 3), (3, 2), {}),
    ((2, 0), (0, 2), {}),
):
    case("MatMul", floats(*a), floats(*b), **attrs)
case("MatMul", ints(2, 3), ints(3, 2))
case("MatMul", complexes(2, 3), complexes(3, 2))
case("SparseMatMul", floats(2, 3), floats(3, 2), a_is_sparse=True)
for op in ("BatchMatMul", "BatchMatMulV2"):
    case(op, floats(2, 2, 3), floats(2, 3, 4))
    case(op, floats(2, 3, 2), floats(2, 4, 3), adj_x=True, adj_y=True)
    case(op, complexes(1, 3, 2), complexes(1, 3, 2), adj_x=True)
case("BatchMatMulV2", floats(3, 1, 2, 3), floats(2, 3, 2))
case("BatchMatMulV2", ints(2, 3), ints(3, 2))
case("BatchMatMulV3", floats(2, 2, 3), floats(2, 3, 4), Tout=tf.float32)
case("Transpose", floats(2, 3), [1, 0])
case("Transpose", ints(2, 3, 4), np.array([2, 0, 1], "int64"))
case("Transpose", np.array([["a", "b"]], object), [1, 0])
case("Transpose", floats(), empty(0, dtype="int32"))
case("ConjugateTranspose", complexes(2, 3), [1, 0])
for equation, shapes in (
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("abc,cde->abde", ((2, 3, 4), (4, 2, 3))),
    ("bhqd,bhkd->bhqk", ((1, 2, 3, 4), (1, 2, 5, 4))),
    ("...ij,...jk->...ik", ((2, 2, 3), (2, 3, 2))),
    ("...ij,jk->...ik", ((2, 2, 3), (3, 2))),
    ("ii->i", ((3, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->ji", ((2, 3),)),
    ("i,j->ij", ((2,), (3,))),
):
    case("Einsum", tuple(floats(*shape) for shape in shapes), equation=equation)
case("Einsum", (ints(2, 3), ints(3)), equation="ij,j->i")
for below, above in ((0, 0), (1, -1), (-1, 1), (-1, -1), (2, 0), (0, 2)):
    case("MatrixBandPart", floats(3, 4), below, above)
case("MatrixBandPart", ints(2, 3, 3), np.array(1, "int64"), np.array(0, "int64"))

ACTIVATIONS = {
    "Relu": lambda tf, x, attrs: tf.nn.relu(x),
    "Relu6": lambda tf, x, attrs: tf.nn.relu6(x),
    "Elu": lambda tf, x, attrs: tf.nn.elu(x),
    "Sigmoid": lambda tf, x, attrs: tf.sigmoid(x),
    "Tanh": lambda tf, x, attrs: tf.tanh(x),
    "LeakyRelu": lambda tf, x, attrs: tf.nn.leaky_relu(x, attrs["leakyrelu_alpha"]),
    "GeluApproximate": lambda tf, x, attrs: tf.nn.gelu(x, True),
}


def finished(tf, x, args, attrs):
    """Return what `fused_ops` do to a result, step by step."""
    left = list(args)
    for name in attrs["fused_ops"]:
        if name == "BiasAdd":
            x = tf.nn.bias_add(x, left.pop(0), attrs.get("data_format", "NHWC") if len(x.shape) == 4 else None)
        elif name == "Add":
            x = x + left.pop(0)
        elif name == "FusedBatchNorm":
            scale, offset, mean, variance = left[:4]
            del left[:4]
            x, *_ = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, variance, attrs["epsilon"], is_training=False)
        elif name == "Prelu":
            x = tf.where(x > 0, x, x * left.pop(0))
        else:
            x = ACTIVATIONS[name](tf, x, attrs)
    return x


def _fused_matmul(tf, a, b, args, **attrs):
    return finished(tf, tf.matmul(a, b, attrs.get("transpose_a", False), attrs.get("transpose_b", False)), args, attrs)


for fused_ops, more in (
    (["BiasAdd"], ()), (["BiasAdd", "Relu"], ()), (["BiasAdd", "Relu6"], ()), (["BiasAdd", "Elu"], ()), (["BiasAdd", "Tanh"], ()),
    (["BiasAdd", "Sigmoid"], ()), (["BiasAdd", "LeakyRelu"], ()), (["BiasAdd", "Prelu"], (floats(4),)),
    (["BiasAdd", "GeluApproximate"], ()), (["BiasAdd", "Add"], (floats(2, 4),)),
):  # fmt: skip
    case(
        "_FusedMatMul", floats(2, 3), floats(3, 4), (floats(4), *more), reference=_fused_matmul, fused_ops=fused_ops, leakyrelu_alpha=0.3,
        num_args=1 + len(more),
    )  # fmt: skip
case("_FusedMatMul", floats(3, 2), floats(4, 3), (floats(4),), reference=_fused_matmul, fused_ops=["BiasAdd"], transpose_a=True,
     transpose_b=True, num_args=1)  # fmt: skip

# --- linear algebra ---

POSITIVE = np.array([[4, 1, 0.5], [1, 3, 0.25], [0.5, 0.25, 2]], "float32")
case("Cholesky", POSITIVE)
case("MatrixInverse", POSITIVE)
case("MatrixInverse", np.stack([POSITIVE + 1, POSITIVE * 2]), adjoint=True)
case("MatrixDeterminant", np.stack([POSITIVE + 1, POSITIVE * 2]))
case("LogMatrixDeterminant", -POSITIVE)
case("MatrixSolve", POSITIVE + np.eye(3, 3, 1, "float32"), floats(3, 2))
case("MatrixSolve", POSITIVE + np.eye(3, 3, 1, "float32"), floats(3, 2), adjoint=True)
for lower in (True, False):
    for adjoint in (True, False):
        case("MatrixTriangularSolve", POSITIVE, floats(3, 2), lower=lower, adjoint=adjoint)
case("Cross", floats(2, 3), floats(2, 3))
case("Qr", POSITIVE + 1, outputs=2)
case("SelfAdjointEigV2", POSITIVE, compute_v=False, outputs=1)
case("Svd", floats(2, 3), compute_uv=False, outputs=1)
case("Diag", floats(3))
case("Diag", ints(2, 2))
case("DiagPart", floats(3, 3))
case("DiagPart", ints(2, 2, 2, 2))
case("MatrixDiag", floats(2, 3))
case("MatrixDiagPart", floats(2, 3, 4))
case("MatrixSetDiag", floats(2, 3, 4), floats(2, 3))
for align in ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"):
    case("MatrixDiagPartV3", floats(2, 3, 4), np.array([-2, 1], "int32"), -9.0, align=align)
    case("MatrixSetDiagV3", floats(2, 3, 4), floats(2, 4, 3), np.array([-2, 1], "int32"), align=align)
    case("MatrixDiagV3", floats(2, 4, 3), np.array([-2, 1], "int32"), 3, 4, -9.0, align=align)
for k in (0, 2, -1):
    case("MatrixDiagPartV3", floats(4, 3), k, 0.0)
    case("MatrixDiagV3", floats(2), k, -1, -1, 0.0)
    case("MatrixSetDiagV3", floats(4, 3), floats({0: 3, 2: 1, -1: 3}[k]), k)
case("MatrixDiagV3", floats(2, 2), np.array([1, 2], "int32"), -1, 4, 0.5)
case("MatrixDiagV3", ints(2), 0, 3, -1, 7)
case("MatrixDiagPartV2", ints(3, 3), np.array([-1, 1], "int32"), 5)
case("MatrixDiagV2", floats(3), 0, -1, -1, 0.0)
case("MatrixSetDiagV2", floats(3, 3), floats(2, 3), np.array([0, 1], "int32"))
