"""Writes tests/data/real_tflite.json.gz: what LiteRT computes with the TFLite models in packages, each with two sets of kernels.

    python -m tests.convert.generate_real_tflite             all that LiteRT can run; needs ai-edge-litert
    python -m tests.convert.generate_real_tflite mediapipe   the models with ops of MediaPipe's own; needs mediapipe 0.10.21 and pytest

Each takes the other's part from the file that is there. The first kernels are the reference; how far those of XNNPACK are from them is
stored beside.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.convert.real_models import PICTURES, picture, pixels, store, stored, tflite_files, told
from tests.convert.saved_models import PITCH, pip_files, wave

OWN_OPS = ("face_landmark_with_attention", "selfie_segmentation", "selfie_segmentation_landscape")
TARGET = "real_tflite.json.gz"


def by_litert(path, values):
    """Return the outputs of a file for its input, from both sets of kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    found = []
    for kernels in (OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, OpResolverType.BUILTIN):
        interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kernels)
        place = interpreter.get_input_details()[0]["index"]
        value = values(interpreter.get_input_details()[0]["shape"])
        interpreter.resize_tensor_input(place, value.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(place, value)
        interpreter.invoke()
        found.append([interpreter.get_tensor(each["index"]) for each in interpreter.get_output_details()])
    return found


def litert():
    """Return what is to be stored of the models that LiteRT runs."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        files = tflite_files(Path(place))
        assert files.keys() == PICTURES.keys()
        jobs = {name: (files[name], lambda shape, name=name: pixels(name, *shape[1:3])) for name in PICTURES if name not in OWN_OPS}
        pitches = pip_files(PITCH, Path(place, "pitch"), lambda name: name.endswith("nmp.tflite"))
        sound = np.array(wave(), np.float32).reshape(1, -1, 1)
        jobs["basic_pitch"] = next(pitches.rglob("nmp.tflite")), lambda shape: sound
        for name, (path, values) in jobs.items():
            found[name] = [told(a, b) for a, b in zip(*by_litert(path, values))]
    return found


# --- MediaPipe itself -------------------------------------------------------------------------------------------------------

GRAPH = """
input_stream: "image"
node {{
  calculator: "ImageToTensorCalculator" input_stream: "IMAGE:image" output_stream: "TENSORS:taken"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {width} output_tensor_height: {height} output_tensor_float_range {{ min: 0.0 max: 1.0 }} }} }}
}}
node {{
  calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:ops"
  options {{ [mediapipe.TfLiteCustomOpResolverCalculatorOptions.ext] {{ use_gpu: false }} }}
}}
node {{
  calculator: "InferenceCalculator" input_side_packet: "OP_RESOLVER:ops" input_stream: "TENSORS:taken" output_stream: "TENSORS:given"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{ model_path: "{path}" delegate {{ {kernels} }} }} }}
}}
node {{
  calculator: "SplitTensorVectorCalculator" input_stream: "given" {streams}
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{ {ranges} }} }}
}}
"""
FLOATS = 'node {{ calculator: "TensorsToFloatsCalculator" input_stream: "TENSORS:part{0}" output_stream: "FLOATS:output{0}" }}\n'


def by_mediapipe(path, image, count, kernels):
    """Return the outputs of a model, flat, as MediaPipe's own graph computes them."""
    import mediapipe

    numbers = range(count)
    text = GRAPH.format(
        width=image.shape[1], height=image.shape[0], path=path, kernels=kernels,
        streams=" ".join(f'output_stream: "part{i}"' for i in numbers),
        ranges=" ".join(f"ranges {{ begin: {i} end: {i + 1} }}" for i in numbers),
    )  # fmt: skip
    graph = mediapipe.CalculatorGraph(graph_config=text + "".join(FLOATS.format(i) for i in numbers))
    found = {}
    for i in numbers:
        graph.observe_output_stream(f"output{i}", lambda name, packet: found.update({name: mediapipe.packet_getter.get_float_list(packet)}))
    graph.start_run()
    frame = mediapipe.packet_creator.create_image_frame(image_format=mediapipe.ImageFormat.SRGB, data=image)
    graph.add_packet_to_input_stream("image", frame.at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return [np.array(found[f"output{i}"], np.float32) for i in numbers]


def mediapipes():
    """Return what is to be stored of the models that only MediaPipe runs; their outputs' shapes are those that the files tell."""
    import mediapipe
    from mediapipe.python._framework_bindings import resource_util

    from tensorweb.convert.tflite import read_tflite

    root, found = Path(mediapipe.__file__).parents[1], {}
    resource_util.set_resource_dir(str(root))
    for name in OWN_OPS:
        path = next(root.glob(f"mediapipe/**/{name}.tflite"))
        graph = read_tflite(path)
        image = picture(name, *graph.inputs[0].shape[1:3])[0]
        runs = [by_mediapipe(path.relative_to(root), image, len(graph.outputs), kernels) for kernels in ("tflite {}", "xnnpack {}")]
        found[name] = [told(a.reshape(about.shape), b) for about, a, b in zip(graph.outputs, *runs)]
    return found


if __name__ == "__main__":
    made = mediapipes() if sys.argv[1:] == ["mediapipe"] else litert()
    store(TARGET, dict(sorted({**stored(TARGET), **made}.items())))
    for name, outputs in made.items():
        print(name, [(each["shape"], each["kernels"]) for each in outputs])
