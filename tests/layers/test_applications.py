"""The networks of `applications` have Keras's layers, names, weights and, with equal weights, outputs, in stored cases."""

import json
from pathlib import Path

import pytest

pytest.importorskip("numpy")

import tensorweb as tw
from tensorweb.naming import clear_session

from .networks import digest, images, sample, structure, weight

A = tw.applications
CASES = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "applications.jsonl").read_text().splitlines()]
SMALL = {"input_shape": (32, 32, 3), "weights": None}


@pytest.fixture(autouse=True)
def quick_weights(monkeypatch):
    """Random numbers for millions of weights take seconds: zeros do."""
    monkeypatch.setattr(tw.initializers.VarianceScaling, "__call__", lambda self, shape, dtype=None: tw.zeros(shape, dtype or "float32"))


def make(case):
    clear_session()
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in case["arguments"].items()}
    return getattr(A, case["network"])(**arguments)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['network']}-{c['params']}")
def test_network(case):
    model = make(case)
    assert len(model.layers) == case["layers"]
    lines = structure(model)
    if "structure" in case:
        assert lines == case["structure"]
    else:
        assert digest(lines) == case["digest"]
    assert model.count_params() == case["params"]
    if "out" in case:
        model.set_weights([weight(w.path, w.shape, i) for i, w in enumerate(model.weights)])
        rows = sample(model(images(model), training=False).tolist(), len(case["out"][0]))
        worst = max(abs(a - b) for got, want in zip(rows, case["out"], strict=True) for a, b in zip(got, want, strict=True))
        assert worst <= 1e-5 * case["largest"]


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "MobileNetV3Small", "ResNet50", "EfficientNetB0", "VGG16", "DenseNet121"])
def test_nothing_is_downloaded(name):
    network = getattr(A, name)
    with pytest.raises(ValueError, match="downloaded"):
        network()
    with pytest.raises(ValueError, match="no such file"):
        network(weights="/nowhere/weights.h5")
    with pytest.raises(ValueError, match="32"):
        network(weights=None, input_shape=(31, 64, 3), include_top=False)
    with pytest.raises(ValueError, match="input_tensor"):
        network(weights=None, input_tensor=tw.ones((1, 32, 32, 3)))


def test_shapes():
    with pytest.raises(ValueError, match="three"):
        A.ResNet50(weights=None, input_shape=(32, 32))
    with pytest.raises(ValueError, match="fixed"):
        A.VGG16(weights=None, input_shape=(None, 32, 3))
    with pytest.raises(ValueError, match="fits"):
        A.MobileNetV2(weights=None, input_shape=(64, 64, 3), input_tensor=tw.Input((32, 32, 3)))
    with pytest.warns(UserWarning, match="channels"):
        A.MobileNet(weights=None, input_shape=(32, 32, 4), alpha=0.25)


def test_on_an_input_tensor():
    x = tw.Input((40, 40, 1), name="pixels")
    tripled = tw.layers.Concatenate()([x, x, x])
    model = A.MobileNet(input_tensor=tripled, alpha=0.25, weights=None, include_top=False, pooling="avg")
    assert model.input_shape == (None, 40, 40, 1) and model.output_shape == (None, 256)
    assert model.layers[0].name == "pixels"


def test_weights_from_a_file(tmp_path, monkeypatch):
    monkeypatch.undo()
    model = A.MobileNet(**SMALL, alpha=0.25, classes=5)
    path = str(tmp_path / "net.weights.h5")
    pytest.importorskip("h5py")
    model.save_weights(path)
    again = A.MobileNet(input_shape=(32, 32, 3), alpha=0.25, classes=5, weights=path)
    assert all(a.tolist() == b.tolist() for a, b in zip(model.get_weights(), again.get_weights()))
    with pytest.raises(ValueError, match="softmax"):
        A.MobileNet(input_shape=(32, 32, 3), alpha=0.25, classes=5, weights=path, classifier_activation="relu")


# As Keras gives them for the pixel (10, 100, 200).
PREPROCESSED = {
    "tf": [-0.9215686274509804, -0.21568627450980393, 0.5686274509803921],
    "torch": [-1.9466563, -0.2850140, 1.6813943],
    "caffe": [96.061, -16.779, -113.68],
}


@pytest.mark.parametrize("mode", PREPROCESSED)
def test_preprocess_input(mode):
    x = tw.tensor([10.0, 100.0, 200.0])
    for last, first in (((3,), (3, 1, 1)), ((1, 1, 3), (3, 1, 1)), ((1, 1, 1, 3), (1, 3, 1, 1))):
        for shape, data_format in ((last, "channels_last"), (first, "channels_first")):
            made = A.imagenet_utils.preprocess_input(tw.reshape(x, shape), data_format, mode)
            assert made.shape == shape and tw.reshape(made, (-1,)).tolist() == pytest.approx(PREPROCESSED[mode], abs=1e-5)
    assert A.imagenet_utils.preprocess_input(tw.Input((None, None, 3)), mode=mode).shape == (None, None, None, 3)
    assert A.imagenet_utils.preprocess_input(tw.tensor([[[10, 100, 200]]]), mode=mode).dtype == "float32"
    with pytest.raises(ValueError, match="mode"):
        A.imagenet_utils.preprocess_input(x, mode="jax")


def test_each_module_preprocesses():
    x = tw.tensor([[[10.0, 100.0, 200.0]]])
    modes = {"mobilenet": "tf", "mobilenet_v2": "tf", "resnet": "caffe", "resnet_v2": "tf", "vgg16": "caffe", "densenet": "torch"}
    for module, mode in modes.items():
        assert getattr(A, module).preprocess_input(x).tolist() == A.imagenet_utils.preprocess_input(x, mode=mode).tolist()
    assert A.efficientnet.preprocess_input(x) is x and A.mobilenet_v3.preprocess_input(x) is x


def test_decode_predictions(tmp_path, monkeypatch):
    monkeypatch.setattr(A.imagenet_utils, "_class_index", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    scores = [0.0] * 1000
    scores[3], scores[7] = 0.75, 0.25
    with pytest.raises(ValueError, match="set_class_index"):
        A.mobilenet.decode_predictions(tw.tensor([scores]))
    with pytest.raises(ValueError, match="1000"):
        A.mobilenet.decode_predictions(tw.ones((1, 10)))
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({str(i): [f"n{i}", f"class {i}"] for i in range(1000)}))
    A.imagenet_utils.set_class_index(path)
    assert A.resnet.decode_predictions(tw.tensor([scores]), top=2) == [[("n3", "class 3", 0.75), ("n7", "class 7", 0.25)]]
    with pytest.raises(ValueError, match="set_class_index"):
        A.imagenet_utils.set_class_index([1])


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "DenseNet121"])
def test_channels_first(name):
    arguments = {"weights": None, "include_top": False, "pooling": "avg"}
    last = getattr(A, name)(input_shape=(32, 40, 3), **arguments)
    last.set_weights([weight(w.path, w.shape, i) for i, w in enumerate(last.weights)])
    x = images(last)
    tw.config.set_image_data_format("channels_first")
    try:
        first = getattr(A, name)(input_shape=(3, 32, 40), **arguments)
    finally:
        tw.config.set_image_data_format("channels_last")
    first.set_weights(last.get_weights())
    a, b = last(x), first(tw.transpose(tw.tensor(x), (0, 3, 1, 2)))
    assert first.input_shape == (None, 3, 32, 40)
    assert tw.max(tw.abs(a - b)).item() <= 1e-5 * tw.max(tw.abs(a)).item()
