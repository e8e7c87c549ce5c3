"""ONNX Runtime."""

from functools import partial

import onnxruntime

from .onnx_model import FILE, channels_first, channels_last

arrays = channels_last
threads = 1


def set_up(variant, count):
    global threads
    threads = count


def open_model(folder, given):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(folder / FILE), options, providers=["CPUExecutionProvider"])
    return partial(session.run, None, channels_first(given))
