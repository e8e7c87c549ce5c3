"""Models from other libraries, read without them, and written as TensorFlow.js's or ONNX's. Running graphs is `graph`'s business.

`read_saved_model`, `read_frozen_graph`, `read_onnx` and `read_tflite` return a `Graph`; `tw.GraphModel(graph)` runs it, `write_onnx`
writes it.
"""

from .converting import Report, convert, info
from .onnx import read_onnx
from .onnx_writing import write_onnx
from .optimizing import Changes, optimize
from .tensorflow import read_frozen_graph, read_saved_model, signature_names
from .tflite import read_tflite
