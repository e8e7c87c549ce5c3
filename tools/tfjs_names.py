"""Where each function of TensorFlow.js is in TensorWeb: the rule (snake_case) and the exceptions to it. Data, and one function."""

from __future__ import annotations

import re

GROUPS = (
    "tensors: Creation", "tensors: Classes", "tensors: Matrices", "tensors: Random", "tensors: Slicing and Joining",
    "tensors: Transformations", "ops: Arithmetic", "ops: Basic math", "ops: Convolution", "ops: Dropout", "ops: Evaluation",
    "ops: Logical", "ops: Matrices", "ops: Moving Average", "ops: Normalization", "ops: RNN", "ops: Ragged", "ops: Reduction", "ops: Scan",
    "ops: Segment", "ops: Slicing and Joining", "ops: Spectral", "ops: undocumented-heading", "tf.browser.*", "tf.fused.*", "tf.image.*",
    "tf.io.*", "tf.linalg.*", "tf.losses.*", "tf.math.*", "tf.signal.*", "tf.sparse.*", "tf.spectral.*", "tf.string.*", "tf.train.*",
    "performance: Memory", "performance: Profile", "performance: Timing", "training: Classes", "training: Gradients", "backends",
    "engine/env functions", "models: Classes", "models: Creation", "models: Inputs", "models: Loading", "models: Op Registry",
    "tf.constraints.*", "tf.data.*", "tf.initializers.*", "tf.layers.*", "tf.metrics.*", "tf.models.*", "tf.regularizers.*",
    "tf.serialization.*",
)  # fmt: skip

# Where Keras (NumPy) has another name, or several functions are one.
NAMES = {
    "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power", "neg": "negative", "acos": "arccos", "acosh": "arccosh",
    "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2", "atanh": "arctanh", "clipByValue": "clip",
    "isFinite": "isfinite", "isInf": "isinf", "isNaN": "isnan", "avgPool": "average_pool", "avgPool3d": "average_pool",
    "maxPool": "max_pool", "maxPool3d": "max_pool", "topk": "top_k", "inTopKAsync": "in_top_k", "searchSorted": "searchsorted",
    "whereAsync": "where_async", "matMul": "matmul", "outerProduct": "outer", "batchNorm": "batch_normalization",
    "batchNorm2d": "batch_normalization", "batchNorm3d": "batch_normalization", "batchNorm4d": "batch_normalization",
    "argMax": "argmax", "argMin": "argmin", "logSumExp": "logsumexp", "unsortedSegmentSum": "segment_sum", "scatterND": "scatter",
    "gatherND": "gather_nd", "tensorScatterUpdate": "scatter_update", "buffer": "buffer", "clone": "copy", "fill": "full",
    "range": "arange", "scalar": "tensor", "print": "Tensor.print", "reverse": "flip", "concat": "concatenate",
    "booleanMaskAsync": "boolean_mask_async", "setdiff1dAsync": "setdiff1d", "batchToSpaceND": "batch_to_space_nd",
    "spaceToBatchND": "space_to_batch_nd", "fused.matMul": "fused.matmul", "fused.conv2d": "fused.conv2d",
    "fused.depthwiseConv2d": "fused.depthwise_conv2d", "image.grayscaleToRGB": "image.grayscale_to_rgb",
    "image.rgbToGrayscale": "image.rgb_to_grayscale", "linalg.qr": "qr", "spectral.fft": "fft", "spectral.ifft": "ifft",
    "spectral.rfft": "rfft", "spectral.irfft": "irfft", "string.stringNGrams": "strings.string_n_grams",
    "string.stringSplit": "strings.string_split", "string.stringToHashBucketFast": "strings.string_to_hash_bucket_fast",
    "string.staticRegexReplace": "strings.static_regex_replace", "raggedGather": "ragged.ragged_gather",
    "raggedRange": "ragged.ragged_range", "raggedTensorToTensor": "ragged.ragged_tensor_to_tensor", "train.sgd": "optimizers.SGD",
    "train.momentum": "optimizers.SGD", "train.rmsprop": "optimizers.RMSprop", "train.adam": "optimizers.Adam",
    "train.adadelta": "optimizers.Adadelta", "train.adamax": "optimizers.Adamax", "train.adagrad": "optimizers.Adagrad",
    "Optimizer": "optimizers.Optimizer",
    "Reduction": "tfjs.Reduction", "enclosingPowerOfTwo": "signal.enclosing_power_of_two",
    "cosineWindow": "signal.cosine_window", "setBackend": "set_backend", "backend": "find_backend",
    "KernelBackend": "backends.protocol.Backend", "MathBackendCPU": "find_backend", "ENV": "flags",
    "findBackend": "find_backend", "registerKernel": "ops.define.primitive", "registerGradient": "ops.define.Primitive.vjp",
    "getGradient": "ops.define.Primitive.vjp", "nextFrame": "next_frame",
    "divNoNan": "divide_no_nan", "floorDiv": "floor_divide", "basicLSTMCell": "basic_lstm_cell", "multiRNNCell": "multi_rnn_cell",
    "io.isHTTPScheme": "io.is_http_scheme", "io.browserHTTPRequest": "io.http", "io.fromMemorySync": "io.from_memory",
    "io.withSaveHandlerSync": "io.with_save_handler", "io.CompositeArrayBuffer": "io.CompositeArrayBuffer",
    "io.getModelArtifactsForJSONSync": "io.get_model_artifacts_for_json_sync",
    "model": "Model", "sequential": "Sequential", "input": "Input", "LayersModel": "Model", "SymbolicTensor": "KerasTensor",
    "loadLayersModel": "load_model", "models.modelFromJSON": "models.model_from_json", "serialization.registerClass":
    "saving.register_keras_serializable", "serialization.getRegisteredName": "saving.get_registered_name",
    "serialization.SerializationMap": "saving.get_custom_objects", "serialization.Serializable": "saving.serialize_keras_object",
    "layers.input": "layers.Input", "layers.Layer": "layers.Layer", "layers.convLstm2d": "layers.ConvLSTM2D",
    "layers.convLstm2dCell": "layers.ConvLSTM2DCell", "regularizers.l1l2": "regularizers.l1_l2",
    "initializers.leCunNormal": "initializers.lecun_normal", "initializers.leCunUniform": "initializers.lecun_uniform",
    "metrics.precision": "metrics.Precision", "metrics.recall": "metrics.Recall", "metrics.r2Score": "metrics.R2Score",
    "metrics.cosineProximity": "metrics.CosineSimilarity", "metrics.MAPE": "metrics.mean_absolute_percentage_error",
    "metrics.mape": "metrics.mean_absolute_percentage_error", "metrics.MSE": "metrics.mean_squared_error",
    "metrics.mse": "metrics.mean_squared_error", "data.func": "data.generator", "data.CSVDataset": "data.csv",
    "loadGraphModelSync": "load_graph_model",
    **{f"layers.avgPooling{n}d": f"layers.AvgPool{n}D" for n in (1, 2, 3)},
    **{f"tensor{n}d": "tensor" for n in range(1, 7)}, **{f"concat{n}d": "concatenate" for n in range(1, 5)},
    **{f"pad{n}d": "pad" for n in range(1, 5)}, **{f"reverse{n}d": "flip" for n in range(1, 5)},
    **{f"slice{n}d": "slice" for n in range(1, 5)},
}  # fmt: skip

# What has no counterpart here, and why.
LEFT_OUT = {
    "op": "registers a function under a scope name for graphs; ops are declared by decorators (ops/define.py)",
    "OP_SCOPE_SUFFIX": "belongs to `op`",
    "train.prototype": "JavaScript's class mechanics",
    "DataStorage": "moves data between backends; the engine does that by itself (engine.replica)",
    "version_cpu": "one version for all: __version__",
    "version_webgl": "one version for all: __version__",
    "webgl": "the insides of a backend are its own; find_backend gives the backend",
    "MathBackendWebGL": "the insides of a backend are its own; find_backend gives the backend",
    "setWebGLContext": "the insides of a backend are its own; find_backend gives the backend",
    "GPGPUContext": "the insides of a backend are its own; find_backend gives the backend",
    "disableDeprecationWarnings": "Python's warnings filters do this",
    "deprecationWarn": "Python's warnings module does this",
    "findBackendFactory": "find_backend gives the backend itself",
    "setPlatform": "Python is the platform",
    "getKernel": "kernels follow from one definition for all backends; there is nothing to register for one of them",
    "getKernelsForBackend": "as getKernel",
    "unregisterKernel": "as getKernel",
    "unregisterGradient": "as getKernel",
    "copyRegisteredKernels": "as getKernel",
    "data.FileDataSource": "data.csv takes paths and URLs",
    "data.URLDataSource": "data.csv takes paths and URLs",
    "data.version_data": "one version for all: __version__",
}


def _layer(name: str) -> str:
    """Return Keras's name of a layer's factory function: reLU gives layers.ReLU."""
    from tensorweb import layers

    return "layers." + next((n for n in dir(layers) if n[0].isupper() and n.lower() == name.lower()), name)


def snake_case(name: str) -> str:
    """Return camelCase as snake_case.

    >>> snake_case("depthToSpace"), snake_case("image.cropAndResize"), snake_case("log1p")
    ('depth_to_space', 'image.crop_and_resize', 'log1p')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def ours(name: str) -> str:
    """Return TensorWeb's name for TensorFlow.js's (without `tf.`)."""
    if name in NAMES:
        return NAMES[name]
    if name.startswith("losses."):
        return "tfjs." + snake_case(name)
    if name.startswith("layers."):
        return _layer(name.removeprefix("layers."))
    if name.startswith(("metrics.", "initializers.", "constraints.", "regularizers.")):
        return snake_case(name)
    return name if name.rpartition(".")[2][0].isupper() else snake_case(name)
