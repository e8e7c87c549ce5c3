"""Real TFLite and ONNX models out of packages: where their files are, and what they are fed. What is expected of them is stored by
generate_real_tflite.py and generate_real_onnx.py."""

import base64
import gzip
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.convert.saved_models import noise, pip_files
from tests.formats.test_real_models import find

DATA = Path(__file__).parents[1] / "data"
MEDIAPIPE = "mediapipe==0.10.21"
ANYWHERE = ("--only-binary=:all:", "--python-version=3.12", "--platform=manylinux_2_28_x86_64")  # the files are read, not run
VAD = Path(__file__).parents[1] / "graph" / "node_modules" / "@ricky0123" / "vad-web" / "dist"
KEPT = 1000  # numbers of an output that are stored, at least, where there are as many

# What each model of MediaPipe sees of scikit-image's astronaut: left, top, how many pixels of the photo one of its own is wide, and what
# black is for it; white is 1. Beyond the photo it is black. There is no hand in it, and the models say so.
PICTURES = {
    "face_detection_full_range_sparse": (32, 0, 2, -1), "face_detection_short_range": (0, 0, 4, -1), "face_landmark": (130, 10, 1, 0),
    "face_landmark_with_attention": (130, 10, 1, 0), "hand_landmark_full": (32, 64, 2, 0), "hand_landmark_lite": (32, 64, 2, 0),
    "hand_recrop": (0, 0, 2, 0), "iris_landmark": (217, 71, 1, 0), "palm_detection_full": (64, 128, 2, 0),
    "palm_detection_lite": (64, 128, 2, 0), "pose_detection": (32, 0, 2, -1), "pose_landmark_full": (-160, 0, 2, 0),
    "selfie_segmentation": (0, 0, 2, 0), "selfie_segmentation_landscape": (0, 0, 2, 0),
}  # fmt: skip


def tflite_files(folder):
    """Return MediaPipe's models by name."""
    found = pip_files(MEDIAPIPE, folder, lambda name: name.endswith(".tflite"), *ANYWHERE).rglob("*.tflite")
    return {path.stem: path for path in sorted(found)}


def picture(name, height, width):
    """Return what a model of MediaPipe is to see, as bytes [1, height, width, 3]: means of squares of pixels."""
    from PIL import Image

    left, top, by, _ = PICTURES[name]
    photo = np.asarray(Image.open(find("skimage", "skimage/data/astronaut.png")).convert("RGB")).astype(int)
    photo = np.pad(photo, ((0, 0), (max(-left, 0), 0), (0, 0)))
    part = photo[top : top + height * by, max(left, 0) : max(left, 0) + width * by]
    sums = part.reshape(height, by, width, by, 3).sum((1, 3))
    return ((2 * sums + by * by) // (2 * by * by)).astype(np.uint8)[None]


def pixels(name, height, width):
    """Return a picture as the numbers that a model takes."""
    black = PICTURES[name][3]
    return (picture(name, height, width) / 255 * (1 - black) + black).astype(np.float32)


def voice(rate, silent, count):
    """Return silence and then something like speech: four syllables a second, a pulse of about 120 Hz heard through three formants.

    There is a little noise throughout: models take logarithms, which of true silence are those of rounding errors.
    """
    found, phase = [], 0.0
    for i, rustle in zip(range(-silent, count), noise(silent + count)):
        t = max(i, 0) / rate
        pitch = 120 + 15 * math.sin(6 * math.pi * t)
        phase += 2 * math.pi * pitch / rate
        opened = 0.5 - 0.5 * math.cos(8 * math.pi * t)
        formants = (350 + 400 * opened, 90, 1.0), (1900 - 800 * opened, 120, 0.5), (2600, 180, 0.25)
        parts = (
            sum(loud / (1 + ((h * pitch - at) / wide) ** 2) for at, wide, loud in formants) * math.sin(h * phase)
            for h in range(1, min(25, rate // 280))
        )
        found.append(0.15 * opened * sum(parts) + 0.005 * rustle)
    return np.array(found, np.float32)


class Voice(NamedTuple):
    """A model that tells speech from other sound, frame after frame, with states that it is given back."""

    file: str
    rate: int
    size: int
    context: int  # numbers of the frame before that each is given once more
    states: tuple[str, ...]
    state: tuple[int, ...]

    def frames(self):
        """Return a tenth of a second of silence and half a second of a voice, in frames."""
        silent, spoken = (round(self.rate * seconds / self.size) * self.size for seconds in (0.1, 0.5))
        sound = voice(self.rate, self.context + silent, spoken)
        return [sound[None, i : i + self.context + self.size] for i in range(0, silent + spoken, self.size)]


VOICES = {
    f"silero_vad_{version}-{rate}": Voice(f"silero_vad_{version}.onnx", rate, size * rate // 16000, context * rate // 16000, states, state)
    for version, size, context, states, state in (
        ("v5", 512, 64, ("state",), (2, 1, 128)), ("v6", 512, 64, ("state",), (2, 1, 128)), ("legacy", 1536, 0, ("h", "c"), (2, 1, 64)),
    )
    for rate in (16000, 8000)
}  # fmt: skip


def sine():
    """Return two seconds of a tone of 440 Hz, as basic-pitch takes them."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(43844) / 22050)).astype(np.float32).reshape(1, -1, 1)


# --- what is stored of outputs ----------------------------------------------------------------------------------------------


def told(value, other=None):
    """Return what is kept of an output, and how far another kernel's is from it, relative to the largest value."""
    flat, largest = np.ravel(value), float(np.abs(value).max())
    step = max(1, len(flat) // KEPT)
    kept = base64.b64encode(flat[::step].astype("<f4").tobytes()).decode()
    apart = None if other is None else float(f"{np.abs(np.ravel(other) - flat).max() / largest:.2g}")
    return {"shape": list(np.shape(value)), "step": step, "largest": largest, "kernels": apart, "v": kept}


def difference(flat, expected):
    """Return how far the numbers of an output are from what is stored, relative to its largest value."""
    kept = np.frombuffer(base64.b64decode(expected["v"]), "<f4")
    found = np.array(flat, np.float32)[:: expected["step"]]
    assert found.shape == kept.shape
    return float(np.abs(found - kept).max()) / expected["largest"]


def stored(name):
    """Return a file of tests/data."""
    return json.loads(gzip.decompress((DATA / name).read_bytes())) if (DATA / name).exists() else {}


def store(name, value):
    """Write a file of tests/data."""
    (DATA / name).write_bytes(gzip.compress(json.dumps(value).encode(), 9, mtime=0))
    print(f"{name}: {(DATA / name).stat().st_size} bytes")
