"""In one page of Chromium, each in a worker: MobileNet, a product of matrices, a training step, and what an eager call costs."""

from dataclasses import replace
from functools import partial

from . import matmul, mobilenet, overhead, train_mnist
from .harness.case import Case

AGAINST = ("tensorflow.js wasm in the page", "tensorflow.js webgl in the page")
SPEED_UP_OVER = ("tensorflow.js webgl in the page", "tensorflow.js webgpu in the page", "onnxruntime-web wasm in the page")
BATCH = 32  # of the training step: the software GPUs of a machine without one are slow


def cases(quick: bool) -> list[Case]:
    """Return the cases; calls of `add` are not waited for. Losses are compared before rounding has made them drift apart."""
    step = train_mnist.cases(quick)[0]
    if not quick:
        step = replace(step, name=f"step of {BATCH}", inputs=partial(train_mnist.inputs, BATCH), flops=step.flops * BATCH / 128)
    step = replace(step, steps=2)
    found = [*mobilenet.cases(quick), matmul.cases(quick)[0], step, overhead.cases(quick)[0]]
    return [replace(case, place="page") for case in found]
