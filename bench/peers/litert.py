"""LiteRT with its XNNPACK kernels."""

from ai_edge_litert.interpreter import Interpreter

from .tflite_model import FILE

threads = 1


def set_up(variant, count):
    global threads
    threads = count


def arrays(value):
    return value


def open_model(folder, given):
    interpreter = Interpreter(str(folder / FILE), num_threads=threads)
    interpreter.allocate_tensors()
    places = {d["name"].removeprefix("serving_default_").split(":")[0]: d["index"] for d in interpreter.get_input_details()}
    feeds = [(places[n], a) for n, a in given.items() if "." not in n]
    output = interpreter.get_output_details()[0]["index"]

    def run():
        for index, array in feeds:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return run
