"""What image layers do under given transformations, and box functions: python -m tests.layers.generate image_transformations

Keras draws the transformation; case and transformation are stored, so that the same one can be applied without Keras.
"""

import json
from pathlib import Path

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import keras, np, tf, values
from tests.oracle.generate.common import encode

install()
L = keras.layers
DATA = Path(__file__).parents[2] / "data"
FIRST = "channels_first"
LABELS = np.array([[1, 0, 0], [0, 0, 1]], "float32")
BOXES = np.array([[[1.0, 1.0, 4.0, 3.0], [0.0, 2.0, 5.0, 6.0]], [[2.0, 0.0, 6.0, 4.0], [0.0, 0.0, 0.0, 0.0]]])
lines, inputs = [], {}


def data(single=False, first=False, high=255, dtype="float32", channels=3):
    """Return a dict of images 5 by 6 and all that may belong to them."""
    images = values(2, 5, 6, channels, seed=1, low=0, high=high, dtype=dtype)
    masks = values(2, 5, 6, 1, seed=2, low=0, high=4, dtype="int32").astype("float32")
    made = {
        "images": images.transpose(0, 3, 1, 2) if first else images,
        "labels": LABELS,
        "segmentation_masks": masks.transpose(0, 3, 1, 2) if first else masks,
        "bounding_boxes": {"boxes": BOXES.astype("float32"), "labels": np.array([[1, 2], [0, 3]])},
    }
    return tf.nest.map_structure(lambda v: v[0], made) if single else made


def stored(value):
    """Return a transformation with its tensors encoded."""
    if isinstance(value, dict):
        return {"dict": {k: stored(v) for k, v in value.items() if k != "seed"}}
    if isinstance(value, (list, tuple)):
        return [stored(v) for v in value]
    return value if value is None or isinstance(value, (int, float, str)) else encode(value)


def add(layer, given, seed=3, parts=("images", "labels", "segmentation_masks", "bounding_boxes"), tolerance=None):
    """Store what `layer` does to the parts of `given` under one transformation."""
    single = given["images"].ndim == 3
    tensors = tf.nest.map_structure(tf.constant, given)
    drawn = layer.get_random_transformation(tensors["images"], training=True, seed=keras.random.SeedGenerator(seed))
    out = {}
    kinds = {"images": "image", "labels": "label", "segmentation_masks": "segmentation_mask", "bounding_boxes": "bounding_box"}
    for part in parts:
        many = {"bounding_boxes": "bounding_boxes"}.get(part, part)
        function = getattr(layer, f"transform_single_{kinds[part]}" if single else f"transform_{many}")
        value = dict(tensors[part]) if part == "bounding_boxes" else tensors[part]
        out[part] = encode(function(value, transformation=drawn, training=True))
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"]))
    data = {part: encode(given[part]) for part in out}
    for part, value in data.items():
        data[part] = inputs.setdefault(json.dumps(value), len(inputs))
    case = {"layer": type(layer).__name__, "config": config, "data": data, "transformation": stored(drawn)}
    lines.append({**case, "single": single, "out": out, **({"tolerance": tolerance} if tolerance else {})})


NO_BOXES, ONLY = ("images", "labels", "segmentation_masks"), ("images",)
WARPS = [
    (L.RandomRotation, {"factor": 0.2}), (L.RandomRotation, {"factor": (0.1, 0.3), "fill_value": 9.0}),
    (L.RandomZoom, {"height_factor": (-0.4, -0.1), "width_factor": 0.3}), (L.RandomZoom, {"height_factor": 0.5}),
    (L.RandomTranslation, {"height_factor": 0.3, "width_factor": (-0.2, 0.4)}),
    (L.RandomShear, {"x_factor": (0.1, 0.5), "y_factor": (0.2, 0.3)}),
]  # fmt: skip
for kind, options in WARPS:
    for mode in ("reflect", "wrap", "constant", "nearest"):
        for way in ("nearest", "bilinear"):
            add(kind(**options, fill_mode=mode, interpolation=way), data(), parts=("images", "segmentation_masks"))
    for form in ("xyxy", "yxyx", "center_xywh", "rel_xyxy"):
        add(kind(**options, bounding_box_format=form), data(), parts=("bounding_boxes",))
    add(kind(**options, bounding_box_format="xywh", data_format=FIRST), data(first=True))
    add(kind(**options, bounding_box_format="xywh"), data(single=True))
for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
    add(L.RandomFlip(mode, bounding_box_format="xyxy"), data())
    add(L.RandomFlip(mode, bounding_box_format="rel_xyxy"), data(single=True), parts=NO_BOXES)
    add(L.RandomFlip(mode, bounding_box_format="xywh", data_format=FIRST), data(first=True), seed=5)
for way in ("nearest", "bilinear"):
    add(L.RandomPerspective(factor=0.9, scale=0.6, interpolation=way, bounding_box_format="xywh"), data())
    add(L.RandomPerspective(scale=0.4, fill_value=5.0, interpolation=way), data(single=True), parts=NO_BOXES)
add(L.RandomPerspective(scale=0.5, data_format=FIRST), data(first=True), parts=("images", "segmentation_masks"))
for size in ((3, 4), (5, 6), (4, 6), (7, 7), (2, 6)):
    add(L.RandomCrop(*size, seed=4, bounding_box_format="xyxy"), data())
    add(L.RandomCrop(*size, seed=4, bounding_box_format="xywh", data_format=FIRST), data(first=True))
    add(L.RandomCrop(*size, seed=4), data(single=True), parts=NO_BOXES)
    for form in ("xyxy", "rel_xywh"):
        add(L.CenterCrop(*size, bounding_box_format=form), data())
        for aspect in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}):
            add(L.Resizing(*size, bounding_box_format=form, **aspect), data(), parts=("segmentation_masks", "bounding_boxes"))
    add(L.CenterCrop(*size, bounding_box_format="xyxy", data_format=FIRST), data(single=True, first=True))

COLORS = [
    (L.RandomBrightness, {"factor": 0.4}), (L.RandomContrast, {"factor": 0.7}), (L.RandomContrast, {"factor": (0.2, 0.9)}),
    (L.RandomSaturation, {"factor": (0.2, 0.9)}), (L.RandomHue, {"factor": 0.8}), (L.RandomHue, {"factor": (0.2, 0.4)}),
    (L.RandomColorDegeneration, {"factor": (0.2, 0.9)}), (L.RandomInvert, {"factor": 0.9}), (L.RandomPosterization, {"factor": 5}),
    (L.RandomPosterization, {"factor": (2, 2)}), (L.RandomSharpness, {"factor": 0.9}),
    (L.RandomGaussianBlur, {"factor": 0.9, "kernel_size": (5, 5), "sigma": 0.9}),
    (L.RandomErasing, {"factor": (0.6, 0.9)}), (L.RandomErasing, {"fill_value": 7}), (L.RandomErasing, {"fill_value": [1.0, 2.0, 3.0]}),
    (L.Solarization, {"addition_factor": 0.4, "threshold_factor": (0.2, 0.8)}), (L.CutMix, {}),
]  # fmt: skip
for kind, options in COLORS:
    parts = NO_BOXES if kind is L.CutMix else tuple(data())
    # Saturations lie in 0 to 1 only where values do.
    for high in (1,) if kind is L.RandomSaturation else (255, 1):
        given = {**options, "value_range": (0, high)} if kind is not L.CutMix else options
        add(kind(**given), data(high=high), parts=ONLY if kind is L.CutMix else parts)
        if kind is not L.CutMix:
            add(kind(**given), data(high=high, single=True), parts=ONLY)
        last_only = kind in (L.RandomErasing,) and isinstance(options.get("fill_value"), list)
        if not last_only and kind not in (L.RandomBrightness, L.RandomContrast, L.Solarization):
            add(kind(**given, data_format=FIRST), data(high=high, first=True), parts=ONLY)
    if kind not in (L.RandomSaturation, L.RandomContrast, L.RandomBrightness):
        add(kind(**options), data(dtype="int32"), parts=ONLY)
add(L.RandomGrayscale(0.5), data(), parts=NO_BOXES[:2])
add(L.RandomGrayscale(0.5, data_format=FIRST), data(first=True), parts=ONLY)
add(L.RandomGrayscale(1.0), data(single=True), parts=ONLY)
add(L.CutMix(0.7), data(channels=1), parts=NO_BOXES)
for alpha in (0.2, 2.0):
    add(L.MixUp(alpha), data(), parts=("images", "labels"))
    add(L.MixUp(alpha, data_format=FIRST), data(first=True), parts=ONLY)
for number in (1, 2, 4):
    add(L.MaxNumBoundingBoxes(number, bounding_box_format="xyxy"), data())
for seed in range(4):
    add(L.RandAugment(num_ops=3, bounding_box_format="xyxy", factor=0.4), data(), seed=seed, parts=("images", "bounding_boxes"))
    add(L.RandAugment(value_range=(0, 1)), data(high=1, single=True), seed=seed, parts=ONLY)
    add(L.AugMix(), data(), seed=seed, parts=ONLY)
    add(L.AugMix(value_range=(0, 1), all_ops=seed > 1, num_chains=2), data(high=1), seed=seed, parts=ONLY)

# --- boxes ---

B = keras.utils.bounding_boxes
FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")
calls = []


def call(name, *args, **kwargs):
    """Store keras.utils.bounding_boxes.<name>(*args, **kwargs)."""
    given = tf.nest.map_structure(lambda v: tf.constant(v) if isinstance(v, np.ndarray) else v, [list(args), kwargs])
    out = getattr(B, name)(*given[0], **given[1])
    calls.append({"name": name, "args": encode(list(args)), "kwargs": encode(kwargs)["dict"], "out": encode(out)})


box = np.array([[0.1, 0.2, 0.5, 0.6], [0.0, 0.3, 0.25, 0.9], [0.4, 0.4, 0.4, 0.4]], "float32")
for source in FORMATS:
    for target in FORMATS:
        call("convert_format", box, source, target, height=20, width=10)
call("convert_format", np.stack([box, box * 2]), "xywh", "yxyx")
call("convert_format", {"boxes": box, "labels": np.arange(3)}, "xywh", "yxyx")
call("convert_format", np.zeros((0, 4), "float32"), "xyxy", "xywh")
wide = values(2, 3, 4, seed=3, low=-5, high=15)
call("clip_to_image_size", {"boxes": wide, "labels": np.arange(6).reshape(2, 3)}, height=8, width=6)
call("clip_to_image_size", {"boxes": wide / 10}, bounding_box_format="rel_xyxy")
numbers = [values(2, seed=i, low=-1, high=1) for i in range(6)]
angle, tx, ty, scale, sx, sy = (numbers[0] * 90, numbers[1], numbers[2], 1 + numbers[3] / 2, numbers[4] * 20, numbers[5] * 20)
call("affine_transform", wide, angle, tx, ty, scale, sx, sy, 8, 6)
call("affine_transform", wide, angle, tx, ty, scale, sx, sy, 8, 6, center_x=0.2, center_y=0.9)
call("crop", wide, 2, 1, 5, 4)
call("pad", wide, 2, 1)
anchors = np.array([[0.0, 0.0, 4.0, 4.0], [1.0, 2.0, 6.0, 9.0], [3.0, 3.0, 3.0, 5.0]], "float32")
targets = np.array([[1.0, 1.0, 3.0, 5.0], [0.0, 0.0, 7.0, 7.0], [2.0, 2.0, 5.0, 5.0]], "float32")
for code in ("center_xywh", "center_yxhw"):
    for more in ({}, {"variance": [0.1, 0.1, 0.2, 0.2]}):
        call("encode_box_to_deltas", anchors, targets, "xyxy", "xywh", encoding_format=code, **more)
        call("decode_deltas_to_boxes", anchors, targets / 10, "xyxy", "yxyx", encoded_format=code, **more)
call("decode_deltas_to_boxes", {"a": anchors, "b": targets}, {"a": box, "b": box}, "xyxy", "xyxy")
call("encode_box_to_deltas", box, box + 0.1, "rel_xyxy", "rel_xywh", image_shape=(20, 10, 3))
other = np.array([[0.0, 0.0, 2.0, 4.0], [-1.0, -1.0, -1.0, -1.0]], "float32")
call("compute_iou", targets, other, "xyxy")
call("compute_iou", targets, other, "xywh", use_masking=True, mask_val=-7)
call("compute_iou", np.stack([targets, anchors]), np.stack([other, other + 1]), "yxyx")
call("compute_iou", np.stack([targets, anchors]), other, "yxyx", use_masking=False)
call("compute_iou", box, box + 0.05, "rel_xyxy", image_shape=(20, 10, 3))
call("compute_ciou", targets, anchors, "xyxy")
call("compute_ciou", np.stack([targets, anchors]), np.stack([anchors, targets]), "center_xywh")


# --- calls: dtypes, shapes, and what happens without training ---

ALL = [
    (L.Rescaling, {"scale": 0.5}), (L.Resizing, {"height": 2, "width": 3}), (L.CenterCrop, {"height": 2, "width": 2}),
    (L.RandomCrop, {"height": 2, "width": 2, "seed": 1}), (L.RandomFlip, {}), (L.RandomRotation, {"factor": 0.2}),
    (L.RandomZoom, {"height_factor": 0.2}), (L.RandomTranslation, {"height_factor": 0.2, "width_factor": 0.1}),
    (L.RandomShear, {"x_factor": (0.1, 0.2)}), (L.RandomBrightness, {"factor": 0.2}), (L.RandomContrast, {"factor": 0.2}),
    (L.RandomSaturation, {"factor": 0.2}), (L.RandomHue, {"factor": 0.2}), (L.RandomColorJitter, {"brightness_factor": 0.1}),
    (L.RandomColorDegeneration, {"factor": 0.2}), (L.RandomGrayscale, {}), (L.RandomInvert, {}), (L.RandomPosterization, {"factor": 3}),
    (L.RandomSharpness, {"factor": 0.2}), (L.RandomGaussianBlur, {}), (L.RandomErasing, {}), (L.RandomPerspective, {}),
    (L.RandomElasticTransform, {}), (L.AutoContrast, {}), (L.Equalization, {}),
    (L.ContrastLimitedAdaptiveHistogramEqualization, {"tile_grid_size": (2, 2)}), (L.Solarization, {}), (L.MixUp, {}), (L.CutMix, {}),
    (L.AugMix, {}), (L.RandAugment, {}), (L.MaxNumBoundingBoxes, {"max_number": 2}),
]  # fmt: skip
made = []
for kind, options in ALL:
    for dtype in ("float32", "uint8", "int32"):
        for policy in ("float32", "mixed_float16"):
            for shape in ((2, 4, 4, 3), (4, 4, 3)):
                x = values(*shape, seed=1, low=0, high=255, dtype=dtype)
                layer = kind(**options, dtype=policy)
                config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"]))
                case = {"layer": kind.__name__, "config": config, "input": encode(x), "symbolic": None}
                if len(shape) == 4:
                    out = layer(keras.Input(shape[1:], dtype=dtype))
                    case["symbolic"] = [list(out.shape), out.dtype]
                for mode in (False, True):
                    try:
                        out = layer(tf.constant(x), **({"training": mode} if kind is not L.Rescaling else {}))
                    except Exception:  # integers are beyond some of Keras's layers on TensorFlow
                        continue
                    case[str(mode)] = {"shape": list(out.shape), "dtype": out.dtype.name}
                    if not mode and policy == "float32" and dtype != "int32":
                        case["value"] = encode(out)
                made.append(case)


def main():
    """Write the files; the first line of the first has the inputs that its cases name by number."""
    whole = [[json.loads(v) for v in inputs], *lines]
    for name, rows in (("image_transformations", whole), ("bounding_boxes", calls), ("image_calls", made)):
        text = "".join(json.dumps(c, separators=(",", ":"), allow_nan=False) + "\n" for c in rows)
        (DATA / f"{name}.jsonl").write_text(text)
        print(f"{name}: {len(rows)} cases, {len(text) // 1024} KB")
