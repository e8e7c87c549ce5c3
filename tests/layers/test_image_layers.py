"""Image layers: given transformations against Keras's stored results, box functions, and what draws do: seeds, ranges, statistics."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tests.layers.replay import compare, config_differences
from tests.oracle.replay import decode, flatten

DATA = Path(__file__).parents[1] / "data"
L = tw.layers


def rows(name):
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


(INPUTS, *CASES), CALLS = rows("image_transformations"), rows("bounding_boxes")
SINGLE = {"images": "image", "labels": "label", "segmentation_masks": "segmentation_mask", "bounding_boxes": "bounding_box"}


def label(case):
    shown = {k: v for k, v in case["config"].items() if k not in ("name", "trainable", "dtype", "seed")}
    return f"{case['layer']}-{'-'.join(case['out'])}-{json.dumps(shown)[:90]}"


def made_of(case):
    return tw.saving.deserialize_keras_object(
        {"module": "keras.layers", "class_name": case["layer"], "config": case["config"], "registered_name": None}
    )


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_given_transformation_does_what_keras_does(case):
    layer = made_of(case)
    assert config_differences(tw.saving.serialize_keras_object(layer)["config"], case["config"]) == []
    data, drawn = {k: decode(INPUTS[v], tw, []) for k, v in case["data"].items()}, decode(case["transformation"], tw, [])
    for part, want in case["out"].items():
        name = f"transform_single_{SINGLE[part]}" if case["single"] else f"transform_{part}"
        got = getattr(layer, name)(data[part], transformation=drawn, training=True)
        assert compare(part, flatten(got, tw), want, case.get("tolerance", 1e-5)) == []


@pytest.mark.parametrize("case", CALLS, ids=lambda c: c["name"])
def test_box_functions_do_what_keras_does(case):
    args, kwargs = ([decode(v, tw, []) for v in case["args"]], {k: decode(v, tw, []) for k, v in case["kwargs"].items()})
    got = getattr(tw.utils.bounding_boxes, case["name"])(*args, **kwargs)
    assert compare("out", flatten(got, tw), case["out"], 1e-5) == []


def call_label(case):
    return f"{case['layer']}-{case['input']['d']}-{case['config']['dtype']['config']['name']}-rank{len(case['input']['s'])}"


@pytest.mark.parametrize("case", rows("image_calls"), ids=call_label)
def test_calls_have_keras_dtypes_and_shapes_and_without_training_its_values(case):
    layer, x = made_of(case), decode(case["input"], tw, [])
    if case["symbolic"]:
        out = layer(tw.Input(x.shape[1:], dtype=x.dtype))
        assert [list(out.shape), out.dtype] == case["symbolic"]
    for mode in (False, True):
        if str(mode) in case:
            out = layer(x, **({"training": mode} if case["layer"] != "Rescaling" else {}))
            assert {"shape": list(out.shape), "dtype": out.dtype} == case[str(mode)]
            if not mode and "value" in case:
                assert compare("out", [out], case["value"], 1e-5) == []


ARGUMENTS = {
    "RandomCrop": (3, 4), "RandomRotation": (0.3,), "RandomZoom": (0.3, 0.2), "RandomTranslation": (0.3, 0.2),
    "RandomShear": (0.4, 0.3), "RandomBrightness": (0.4,), "RandomContrast": (0.5,), "RandomSaturation": (0.8,), "RandomHue": (0.8,),
    "RandomColorDegeneration": (0.8,), "RandomPosterization": ((1, 7),), "RandomSharpness": (0.9,), "RandomGrayscale": (0.5,),
    "RandomInvert": (), "RandomGaussianBlur": (), "RandomErasing": (), "RandomPerspective": (), "RandomElasticTransform": (),
    "RandomFlip": (), "MixUp": (), "CutMix": (), "AugMix": (), "RandAugment": (), "RandomColorJitter": ((0, 255), 0.3, 0.3, None, 0.4),
    "Solarization": (0.5, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_seeds_decide_what_is_drawn(name):
    images = tw.random.uniform((8, 10, 12, 3), 0.0, 255.0, seed=1)
    kind, given = getattr(L, name), ARGUMENTS[name]
    results = [kind(*given, seed=seed)(images, training=True).tolist() for seed in (5, 5, 6)]
    assert results[0] == results[1] != results[2]
    layer = kind(*given, seed=5)
    first, second = layer(images, training=True).tolist(), layer(images, training=True).tolist()
    assert first == results[0] and second != first
    again = kind.from_config({**layer.get_config(), "seed": 5})
    assert again(images, training=True).tolist() == first


@pytest.mark.parametrize("name", sorted(set(ARGUMENTS) - {"RandomCrop", "AugMix", "RandAugment"}))
def test_a_dict_goes_through_one_transformation(name):
    kind, given = getattr(L, name), ARGUMENTS[name]
    layer = kind(*given, seed=3, bounding_box_format="xyxy")
    masks = tw.cast(tw.random.uniform((4, 10, 12, 1), 0.0, 3.0, seed=2), "int32")
    data = {"images": tw.random.uniform((4, 10, 12, 3), 0.0, 255.0, seed=1), "segmentation_masks": masks, "labels": tw.eye(4)}
    if name != "CutMix":
        data["bounding_boxes"] = {"boxes": [[[1.0, 2.0, 5.0, 6.0]], [], [[0, 0, 4, 4], [2, 2, 8, 9]], []], "labels": [[1], [], [2, 3], []]}
    out = layer(data, training=True)
    assert list(out) == list(data) and out["images"].shape == (4, 10, 12, 3) and out["segmentation_masks"].shape == (4, 10, 12, 1)
    assert out["images"].tolist() == kind(*given, seed=3)(data["images"], training=True).tolist()
    if name != "CutMix":
        assert isinstance(data["bounding_boxes"]["boxes"], list)  # the caller's dict is not changed
        n = 4 if name == "MixUp" else 2
        assert out["bounding_boxes"]["boxes"].shape == (4, n, 4) and out["bounding_boxes"]["labels"].shape == (4, n)
    still = layer(data, training=False)
    assert still["images"].tolist() == data["images"].tolist() and still["segmentation_masks"].tolist() == masks.tolist()


def test_masks_move_as_images_do():
    images = tw.round(tw.random.uniform((6, 40, 40, 1), 0.0, 255.0, seed=1))
    for layer in (L.RandomRotation(0.3), L.RandomZoom(0.4), L.RandomTranslation(0.4, 0.4), L.RandomShear(0.4), L.RandomPerspective(),
                  L.RandomElasticTransform(scale=(0.9, 1.0)), L.RandomFlip(), L.CutMix(), L.RandomCrop(5, 6)):  # fmt: skip
        more = {"seed": 1, **({"interpolation": "nearest"} if hasattr(layer, "fill_mode") else {})}
        nearest = type(layer).from_config({**layer.get_config(), **more})
        out = nearest({"images": images, "segmentation_masks": images}, training=True)
        assert out["images"].tolist() == out["segmentation_masks"].tolist(), type(layer).__name__
        assert out["images"].tolist() != images.tolist(), type(layer).__name__


def spread(layer, key, n=4000):
    """Return (least, greatest, mean) of what a layer draws for n images."""
    drawn = layer.get_random_transformation(tw.zeros((n, 2, 2, 3)), training=True)
    flat = tw.cast(drawn if key is None else drawn[key], "float32").data_sync()
    return min(flat), max(flat), sum(flat) / len(flat)


@pytest.mark.parametrize(
    "layer, key, low, high, mean",
    [
        (L.RandomFlip(seed=1), "flips", 0, 1, 0.5),
        (L.RandomRotation((-0.1, 0.3), seed=1), "angle", -36, 108, 36),
        (L.RandomZoom(0.5, (0.1, 0.3), seed=1), "height_zoom", 0.5, 1.5, 1.0),
        (L.RandomZoom(0.5, (0.1, 0.3), seed=1), "width_zoom", 1.1, 1.3, 1.2),
        (L.RandomTranslation(0.5, 0.5, seed=1), "translations", -1.0, 1.0, 0.0),
        (L.RandomShear((0.2, 0.4), (0.2, 0.4), seed=1), "shear_factor", -0.4, 0.4, 0.0),
        (L.RandomBrightness(0.4, seed=1), "rgb_delta", -102, 102, 0.0),
        (L.RandomContrast((0.5, 0.25), seed=1), "contrast_factor", 0.75, 1.5, 1.125),
        (L.RandomHue(0.5, seed=1), "factor", -0.25, 0.25, 0.0),
        (L.RandomColorDegeneration((0.2, 0.6), seed=1), "factor", 0.2, 0.6, 0.4),
        (L.RandomGrayscale(0.3, seed=1), None, 0, 1, 0.3),
        (L.RandomInvert((0.2, 0.2), seed=1), "apply_inversion", 0, 1, 0.2),
        (L.RandomInvert(1.0, seed=1), "apply_inversion", 0, 1, 0.5),
        (L.RandomPosterization((2, 6), seed=1), "shift_factor", 3, 6, 4.5),
        (L.RandomSharpness((0.2, 0.6), seed=1), "factor", 0.2, 0.6, 0.4),
        (L.RandomErasing((0.7, 0.7), seed=1), "apply_erasing", 0, 1, 0.7),
        (L.RandomPerspective((0.7, 0.7), seed=1), "apply_perspective", 0, 1, 0.7),
        (L.RandomElasticTransform((0.7, 0.7), seed=1), "apply_transform", 0, 1, 0.7),
        (L.Solarization(0.4, 0.2, seed=1), "additions", 0, 102, 51),
        (L.Solarization(0.4, 0.2, seed=1), "thresholds", 0, 51, 25.5),
        (L.MixUp(2.0, seed=1), "mix_weight", 0, 1, 0.5),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, L.Layer) else None,
)
def test_draws_fill_their_range(layer, key, low, high, mean):
    least, greatest, average = spread(layer, key)
    width = high - low
    assert low - 1e-4 * width <= least <= low + 0.1 * width and high - 0.1 * width <= greatest <= high + 1e-4 * width
    assert average == pytest.approx(mean, abs=0.03 * width)


def test_mixing_shares_go_with_the_pixels():
    images, labels = tw.reshape(tw.cast(tw.arange(6), "float32"), (6, 1, 1, 1)) + tw.zeros((6, 8, 8, 1)), tw.eye(6)
    numbers = tw.reshape(tw.cast(tw.arange(6), "float32"), (6,))
    for layer in (L.MixUp(1.0, seed=2), L.CutMix(seed=2)):
        out = layer({"images": images, "labels": labels}, training=True)
        assert tw.sum(out["labels"], axis=1).tolist() == pytest.approx([1.0] * 6)
        expected = tw.matmul(out["labels"], numbers).tolist()
        got = tw.mean(out["images"], axis=(1, 2, 3)).tolist()
        # A rectangle covers whole pixels, its share is its area.
        assert got == pytest.approx(expected, abs=1e-4 if isinstance(layer, L.MixUp) else 1.2)
        assert any(abs(a - b) > 0.1 for a, b in zip(got, numbers.tolist()))


def test_boxes_need_a_format_and_labels():
    data = {"images": tw.zeros((1, 4, 4, 3)), "bounding_boxes": {"boxes": tw.zeros((1, 2, 4)), "labels": tw.zeros((1, 2))}}
    with pytest.raises(tw.errors.ArgumentError, match="bounding_box_format"):
        L.RandomFlip()(data, training=True)
    with pytest.raises(tw.errors.ArgumentError, match="labels"):
        L.RandomFlip(bounding_box_format="xyxy")({**data, "bounding_boxes": {"boxes": tw.zeros((1, 2, 4))}}, training=True)
    with pytest.raises(tw.errors.ShapeError, match="boxes"):
        bad = {"boxes": tw.zeros((4,)), "labels": tw.zeros((1,))}
        L.RandomFlip(bounding_box_format="xyxy")({**data, "bounding_boxes": bad}, training=True)
    with pytest.raises(NotImplementedError):
        L.CutMix(bounding_box_format="xyxy")(data, training=True)


def test_in_models_layers_follow_the_training_mode():
    inputs = tw.Input((4, 4, 3))
    model = tw.Model(inputs, L.Rescaling(2.0)(L.RandomInvert((1.0, 1.0), value_range=(0, 1))(inputs)))
    x = tw.full((2, 4, 4, 3), 0.25)
    assert set(model(x).data_sync()) == {1.5}  # Keras's image layers train unless told otherwise
    assert set(model(x, training=True).data_sync()) == {1.5}
    assert set(model(x, training=False).data_sync()) == {0.5}
    assert set(tw.Sequential([inputs, L.RandomInvert((1.0, 1.0), value_range=(0, 1))]).predict(x, verbose=0).reshape(-1).tolist()) == {0.25}


def test_a_pipeline_trains_its_layers_and_survives_its_config():
    made = L.Pipeline([L.Rescaling(1 / 255), L.RandomInvert((1.0, 1.0), value_range=(0, 1)), L.CenterCrop(2, 2)])
    x = tw.full((1, 4, 4, 3), 51.0)
    again = L.Pipeline.from_config(made.get_config())
    for layer in (made, again):
        for training, value in ((True, 0.8), (False, 0.2)):
            assert layer(x, training=training).data_sync()[0] == pytest.approx(value)
    assert [type(v).__name__ for v in again.layers] == ["Rescaling", "RandomInvert", "CenterCrop"]
    assert made.compute_output_shape((None, 4, 4, 3)) == (None, 2, 2, 3)


def test_layers_map_over_a_dataset():
    images = tw.random.uniform((4, 6, 6, 3), seed=1)
    found = list(tw.data.Dataset.from_tensor_slices(images).batch(2).map(L.RandomFlip("horizontal", seed=1)))
    assert [tuple(t.shape) for t in found] == [(2, 6, 6, 3)] * 2


@pytest.mark.parametrize(
    "options, shape, want",
    [
        ({}, (None, None, 1), (None, None, 129)),
        ({"mode": "stft"}, (2, 700, 2), (2, 4, 516)),
        ({"padding": "same", "expand_dims": True}, (None, 300, 2), (None, 3, 129, 2)),
        ({"data_format": "channels_first"}, (None, 2, None), (None, 258, None)),
        ({"data_format": "channels_first", "expand_dims": True}, (None, 2, 512), (None, 2, 3, 129)),
    ],
)
def test_spectrogram_shapes_are_known_for_signals_of_unknown_length(options, shape, want):
    layer = L.STFTSpectrogram(**options)
    assert layer.compute_output_shape(shape) == want
    assert L.STFTSpectrogram(**options)(tw.Input(shape[1:])).shape[1:] == want[1:]
