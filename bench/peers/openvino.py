"""OpenVINO in float32, from the ONNX model."""

import openvino

from .onnx_model import FILE, channels_first, channels_last

arrays = channels_last
threads = 1


def set_up(variant, count):
    global threads
    threads = count


def open_model(folder, given):
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(str(folder / FILE), "CPU", settings).create_infer_request()
    feeds = channels_first(given)

    def run():
        return list(request.infer(feeds, share_inputs=True, share_outputs=True).values())

    return run
