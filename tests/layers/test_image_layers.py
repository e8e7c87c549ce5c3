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


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_given_transformation_does_what_keras_does(case):
    serialized = {"module": "keras.layers", "class_name": case["layer"], "config": case["config"], "registered_name": None}
    layer = tw.saving.deserialize_keras_object(serialized)
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
