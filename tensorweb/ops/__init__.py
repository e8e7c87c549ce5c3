"""The vocabulary: every public op, by subject; written by `python -m tools.document`.

`tw.ops` has the names of `keras.ops`; the top level has the same objects.
"""

from ..autodiff import (
    custom_gradient,
)
from . import (
    define, fused, gathering, image, image_boxes, image_color, image_filter, image_places, image_resize, image_sampling,
    image_transform, linalg_gradients, math, places, primitives, ragged, signal, sparse, spatial, steps, strings,
    threefry, unknown, update, window,
)
from .activations import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, log_sigmoid, log_softmax, prelu,
    relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax,
    squareplus, tanh_shrink, threshold,
)
from .attention import (
    dot_product_attention,
)
from .blocks import (
    batch_to_space_nd, depth_to_space, rearrange, space_to_batch_nd, space_to_depth,
)
from .casting import (
    cast, saturate_cast, stop_gradient, view,
)
from .comparison import (
    allclose, equal, greater, greater_equal, isclose, isfinite, isinf, isnan, isneginf, isposinf, isreal, less,
    less_equal, not_equal, where,
)
from .complex_numbers import (
    angle, complex, conjugate, imag, polar, real, view_as_complex, view_as_real,
)
from .contraction import (
    cross, dot, inner, kron, matmul, outer, tensordot, vdot,
)
from .control import (
    associative_scan, cond, fori_loop, jvp, map, scan, switch, vectorize, vectorized_map, while_loop,
)
from .convolution import (
    conv, conv1d, conv2d, conv2d_transpose, conv3d, conv3d_transpose, conv_transpose, depthwise_conv, depthwise_conv2d,
    dilation2d, separable_conv, separable_conv2d,
)
from .creation import (
    arange, array, convert_to_numpy, convert_to_tensor, empty, empty_like, full, full_like, geomspace, is_tensor,
    linspace, logspace, meshgrid, ones, ones_like, zeros, zeros_like,
)
from .ctc import (
    ctc_decode, ctc_loss,
)
from .cumulative import (
    cummax, cummin, cumprod, cumsum, logcumsumexp, nancumprod, nancumsum,
)
from .diagonals import (
    diag, diagflat, diagonal, eye, identity, trace, tri, tril, triu, vander,
)
from .distance import (
    cdist,
)
from .einsum import (
    einsum,
)
from .elementwise import (
    absolute, add, add_n, cbrt, divide, divide_no_nan, fabs, floor_divide, fmax, fmin, fmod, gcd, heaviside, hypot, lcm,
    ldexp, maximum, minimum, mod, multiply, negative, nextafter, power, reciprocal, rsqrt, sign, signbit, sqrt, square,
    squared_difference, step, subtract,
)
from .exponential import (
    exp, exp2, expm1, log, log10, log1p, log2, logaddexp, logaddexp2,
)
from .frames import (
    extract_sequences, istft, stft,
)
from .indexing import (
    gather, gather_nd, get_item, slice, strided_slice, take, take_along_axis, unravel_index,
)
from .joining import (
    append, array_split, concatenate, dsplit, dstack, hsplit, hstack, split, stack, unstack, vsplit, vstack,
)
from .linalg import (
    cholesky, cholesky_inverse, det, eig, eigh, inv, logdet, lstsq, lu_factor, matrix_rank, pinv, qr, slogdet, solve,
    solve_triangular, svd,
)
from .logic import (
    bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor, logical_and,
    logical_not, logical_or, logical_xor,
)
from .losses import (
    binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy,
)
from .masking import (
    boolean_mask, boolean_mask_async, nonzero, select, where_async,
)
from .normalization import (
    batch_normalization, layer_normalization, rms_normalization,
)
from .padding import (
    mirror_pad, pad,
)
from .patches import (
    fold, unfold,
)
from .pooling import (
    adaptive_average_pool, adaptive_max_pool, average_pool, local_response_normalization, max_pool,
    max_pool_with_argmax, pool,
)
from .random import (
    dropout,
)
from .random_tfjs import (
    multinomial, rand, random_gamma, random_normal, random_standard_normal, random_uniform, random_uniform_int,
    truncated_normal,
)
from .recurrent import (
    basic_lstm_cell, moving_average, multi_rnn_cell,
)
from .reduction import (
    all, any, argmax, argmin, count_nonzero, euclidean_norm, logsumexp, max, min, nanargmax, nanargmin, nanmax, nanmin,
    nanprod, nansum, norm, normalize, prod, ptp, sum,
)
from .rounding import (
    ceil, clip, floor, nan_to_num, round, trunc,
)
from .scattering import (
    multi_hot, one_hot, scatter, scatter_update, slice_update, sparse_to_dense,
)
from .segment import (
    segment_max, segment_min, segment_prod, segment_sum,
)
from .sets import (
    isin, setdiff1d, unique,
)
from .shaping import (
    broadcast_args, broadcast_to, copy, dtype, ensure_shape, expand_dims, flip, fliplr, flipud, moveaxis, ndim, ravel,
    repeat, reshape, roll, rot90, shape, size, squeeze, swapaxes, tile, transpose,
)
from .sorting import (
    argpartition, argsort, bincount, dense_bincount, digitize, in_top_k, lower_bound, searchsorted, sort, top_k,
    upper_bound,
)
from .special import (
    erf, erfc, erfinv, i0,
)
from .spectral import (
    fft, fft2, ifft, ifft2, irfft, rfft,
)
from .statistics import (
    average, corrcoef, correlate, diff, histogram, mean, median, moments, nanmean, nanmedian, nanpercentile,
    nanquantile, nanstd, nanvar, percentile, psnr, quantile, std, trapezoid, var,
)
from .trigonometry import (
    arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, cos, cosh, deg2rad, rad2deg, sin, sinc, sinh, tan, tanh,
)
from .windows import (
    bartlett, blackman, hamming, hanning, kaiser,
)

abs = absolute
amax = max
amin = min
bitwise_invert = bitwise_not
conj = conjugate
hard_swish = hard_silu
left_shift = bitwise_left_shift
right_shift = bitwise_right_shift
swish = silu
true_divide = divide

__all__ = [
    "abs", "absolute", "adaptive_average_pool", "adaptive_max_pool", "add", "add_n", "all", "allclose", "amax", "amin",
    "angle", "any", "append", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "argmax", "argmin", "argpartition", "argsort", "array", "array_split", "associative_scan", "average",
    "average_pool", "bartlett", "basic_lstm_cell", "batch_normalization", "batch_to_space_nd", "binary_crossentropy",
    "bincount", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "blackman", "boolean_mask", "boolean_mask_async", "broadcast_args",
    "broadcast_to", "cast", "categorical_crossentropy", "cbrt", "cdist", "ceil", "celu", "cholesky", "cholesky_inverse",
    "clip", "complex", "concatenate", "cond", "conj", "conjugate", "conv", "conv1d", "conv2d", "conv2d_transpose",
    "conv3d", "conv3d_transpose", "conv_transpose", "convert_to_numpy", "convert_to_tensor", "copy", "corrcoef",
    "correlate", "cos", "cosh", "count_nonzero", "cross", "ctc_decode", "ctc_loss", "cummax", "cummin", "cumprod",
    "cumsum", "custom_gradient", "deg2rad", "dense_bincount", "depth_to_space", "depthwise_conv", "depthwise_conv2d",
    "det", "diag", "diagflat", "diagonal", "diff", "digitize", "dilation2d", "divide", "divide_no_nan", "dot",
    "dot_product_attention", "dropout", "dsplit", "dstack", "dtype", "eig", "eigh", "einsum", "elu", "empty",
    "empty_like", "ensure_shape", "equal", "erf", "erfc", "erfinv", "euclidean_norm", "exp", "exp2", "expand_dims",
    "expm1", "extract_sequences", "eye", "fabs", "fft", "fft2", "flip", "fliplr", "flipud", "floor", "floor_divide",
    "fmax", "fmin", "fmod", "fold", "fori_loop", "full", "full_like", "gather", "gather_nd", "gcd", "gelu", "geomspace",
    "get_item", "glu", "greater", "greater_equal", "hamming", "hanning", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "heaviside", "histogram", "hsplit", "hstack", "hypot", "i0", "identity", "ifft", "ifft2",
    "imag", "in_top_k", "inner", "inv", "irfft", "is_tensor", "isclose", "isfinite", "isin", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "istft", "jvp", "kaiser", "kron", "layer_normalization", "lcm", "ldexp",
    "leaky_relu", "left_shift", "less", "less_equal", "linspace", "local_response_normalization", "log", "log10",
    "log1p", "log2", "log_sigmoid", "log_softmax", "logaddexp", "logaddexp2", "logcumsumexp", "logdet", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logspace", "logsumexp", "lower_bound", "lstsq", "lu_factor", "map",
    "matmul", "matrix_rank", "max", "max_pool", "max_pool_with_argmax", "maximum", "mean", "median", "meshgrid", "min",
    "minimum", "mirror_pad", "mod", "moments", "moveaxis", "moving_average", "multi_hot", "multi_rnn_cell",
    "multinomial", "multiply", "nan_to_num", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean",
    "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "ndim", "negative",
    "nextafter", "nonzero", "norm", "normalize", "not_equal", "one_hot", "ones", "ones_like", "outer", "pad",
    "percentile", "pinv", "polar", "pool", "power", "prelu", "prod", "psnr", "ptp", "qr", "quantile", "rad2deg", "rand",
    "random_gamma", "random_normal", "random_standard_normal", "random_uniform", "random_uniform_int", "ravel", "real",
    "rearrange", "reciprocal", "relu", "relu6", "repeat", "reshape", "rfft", "right_shift", "rms_normalization", "roll",
    "rot90", "round", "rsqrt", "saturate_cast", "scan", "scatter", "scatter_update", "searchsorted", "segment_max",
    "segment_min", "segment_prod", "segment_sum", "select", "selu", "separable_conv", "separable_conv2d", "setdiff1d",
    "shape", "sigmoid", "sign", "signbit", "silu", "sin", "sinc", "sinh", "size", "slice", "slice_update", "slogdet",
    "soft_shrink", "softmax", "softplus", "softsign", "solve", "solve_triangular", "sort", "space_to_batch_nd",
    "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus", "sparse_sigmoid", "sparse_to_dense",
    "sparsemax", "split", "sqrt", "square", "squared_difference", "squareplus", "squeeze", "stack", "std", "step",
    "stft", "stop_gradient", "strided_slice", "subtract", "sum", "svd", "swapaxes", "swish", "switch", "take",
    "take_along_axis", "tan", "tanh", "tanh_shrink", "tensordot", "threshold", "tile", "top_k", "trace", "transpose",
    "trapezoid", "tri", "tril", "triu", "true_divide", "trunc", "truncated_normal", "unfold", "unique", "unravel_index",
    "unstack", "upper_bound", "vander", "var", "vdot", "vectorize", "vectorized_map", "view", "view_as_complex",
    "view_as_real", "vsplit", "vstack", "where", "where_async", "while_loop", "zeros", "zeros_like",
]
