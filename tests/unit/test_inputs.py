"""Pictures as tensors and back, against TensorFlow.js, PIL and NumPy; devices of the page say what is missing where there is no page."""

import asyncio
import json
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, DeviceError, DTypeError, ShapeError
from tests.formats import live
from tools.node import node

Image = pytest.importorskip("PIL.Image")
PICTURE = {"data": bytes(range(24)), "width": 3, "height": 2}


def ask_tfjs(jobs, folder):
    """Return what TensorFlow.js gives: {value} or {error} for each job."""
    if live.tfjs_folder() is None:
        pytest.skip(live.NO_TFJS)
    (folder / "jobs.json").write_text(json.dumps(jobs))
    script = Path(__file__).parent / "pixels_tfjs.mjs"
    command = [node(), script, live.tfjs_folder(), folder / "jobs.json", folder / "results.json"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "results.json").read_text())


def test_from_pixels_as_tensorflow_js(tmp_path):
    make = random.Random(1)
    jobs = []
    for width, height in ((1, 1), (3, 2), (5, 7), (64, 1), (1, 33)):
        data = [make.randrange(256) for _ in range(4 * width * height)]
        jobs += [{"job": "fromPixels", "data": data, "width": width, "height": height, "channels": n} for n in (1, 2, 3, 4)]
    for job, told in zip(jobs, ask_tfjs(jobs, tmp_path), strict=True):
        picture = {"data": bytes(job["data"]), "width": job["width"], "height": job["height"]}
        made = tw.browser.from_pixels(picture, job["channels"])
        assert made.dtype == "int32" and made.tolist() == told["value"]


def exact(x):
    """Whether 255 x is so near to a half that float32 may round it the other way."""
    return abs((255 * x) % 1 - 0.5) > 1e-4


def test_to_pixels_as_tensorflow_js(tmp_path):
    make = random.Random(2)
    jobs = []
    for shape in ([1, 1], [2, 3], [4, 5, 1], [3, 4, 3], [5, 2, 4], [16, 16, 3], [0, 3], [2, 0, 3]):
        count = int(np.prod(shape))
        floats = [make.choice([0.0, 1.0, make.randrange(256) / 255, 1e-38, 0.3, make.random()]) for _ in range(count)]
        floats = [x if exact(x) else 0.25 for x in np.float32(floats).tolist()]
        jobs.append({"job": "toPixels", "values": floats, "shape": shape, "dtype": "float32"})
        jobs.append({"job": "toPixels", "values": [make.randrange(256) for _ in range(count)], "shape": shape, "dtype": "int32"})
    jobs.append({"job": "toPixels", "values": [None, 0.5, None, 1.0], "shape": [2, 2], "dtype": "float32"})
    for job, told in zip(jobs, ask_tfjs(jobs, tmp_path), strict=True):
        values = [float("nan") if v is None else v for v in job["values"]]
        picture = tw.tensor(values, job["shape"], job["dtype"])
        assert list(tw.browser.to_pixels(picture)) == told["value"], job


WRONG = [
    ([0.5] * 4, [4], "float32", ShapeError),
    ([0.5] * 4, [1, 2, 2, 1], "float32", ShapeError),
    ([0.5] * 4, [1, 2, 2], "float32", ShapeError),
    ([0.5] * 5, [1, 1, 5], "float32", ShapeError),
    ([1, 0], [1, 2], "bool", DTypeError),
    ([0.5, 1.01], [1, 2], "float32", ArgumentError),
    ([-0.01, 0.5], [1, 2], "float32", ArgumentError),
    ([None, 2.0], [1, 2], "float32", ArgumentError),
    ([0, 256], [1, 2], "int32", ArgumentError),
    ([-1, 0], [1, 2], "int32", ArgumentError),
    ([255, 2**31 - 1, 0], [1, 1, 3], "int32", ArgumentError),
]


def test_what_to_pixels_refuses(tmp_path):
    jobs = [{"job": "toPixels", "values": values, "shape": shape, "dtype": dtype} for values, shape, dtype, _ in WRONG]
    assert all("error" in told for told in ask_tfjs(jobs, tmp_path))


@pytest.mark.parametrize("values, shape, dtype, error", WRONG)
def test_how_to_pixels_refuses(values, shape, dtype, error):
    picture = tw.tensor([float("nan") if v is None else v for v in values], shape, dtype)
    with pytest.raises(error, match="to_pixels: expected"):
        tw.browser.to_pixels(picture)
    with pytest.raises(error, match="to_pixels: expected"):
        asyncio.run(tw.browser.to_pixels_async(picture))


def test_to_pixels_names_the_value_that_is_out_of_range():
    with pytest.raises(ArgumentError, match=r"from 0 to 255, got 300"):
        tw.browser.to_pixels(tw.tensor([[0, 300, 400]]))
    with pytest.raises(ArgumentError, match=r"from 0 to 1, got inf"):
        tw.browser.to_pixels(tw.tensor([[0.0, float("nan"), float("inf")]]))


@pytest.mark.parametrize("backend", ["numpy", "python"])
def test_to_pixels_of_other_dtypes_and_lists(backend):
    before = tw.get_backend()
    tw.set_backend(backend)
    try:
        grey = [0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]
        for picture in ([[0, 128, 255]], [[0.0, 128 / 255, 1.0]], np.uint8([[0, 128, 255]]), tw.cast([[0, 128, 255]], "uint8")):
            assert list(tw.browser.to_pixels(picture)) == grey
        half = list(tw.browser.to_pixels(tw.tensor([[0.0, 128 / 255, 1.0]], dtype="float16")))
        assert half[::4] == [0, 128, 255]
        assert tw.browser.from_pixels(np.uint8([[1, 2], [3, 4]]), 1).tolist() == [[[1], [2]], [[3], [4]]]
    finally:
        tw.set_backend(before)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "CMYK", "HSV", "I", "F"])
def test_pil_images(mode):
    noise = np.random.default_rng(3).integers(0, 256, (5, 7, 3), np.uint8)
    image = Image.fromarray(noise).convert(mode)
    want = np.asarray(image.convert("RGBA")).astype(np.int32)
    for n in (1, 2, 3, 4):
        made = tw.browser.from_pixels(image, n)
        assert made.dtype == "int32"
        np.testing.assert_array_equal(made.numpy(), want[:, :, :n])


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "int16"])
@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 3), (3, 4, 4)])
def test_arrays_and_tensors(shape, dtype):
    array = np.random.default_rng(4).integers(0, 256, shape).astype(dtype)
    if dtype == "int16":
        array = array[::-1, ::-1]  # not contiguous
    image = Image.fromarray(array.astype(np.uint8).reshape(shape if shape[2:] != (1,) else shape[:2]))
    want = np.asarray(image.convert("RGBA")).astype(np.int32)
    for picture in (array, tw.tensor(array)):
        for n in (1, 3, 4):
            np.testing.assert_array_equal(tw.browser.from_pixels(picture, n).numpy(), want[:, :, :n])


def test_there_and_back():
    array = np.random.default_rng(5).integers(0, 256, (9, 4, 4)).astype(np.uint8)
    content = tw.browser.to_pixels(tw.browser.from_pixels(array, 4))
    np.testing.assert_array_equal(np.asarray(Image.frombytes("RGBA", (4, 9), content)), array)


class Pixels:
    data, width, height = bytearray(range(24)), 3, 2


def test_objects_with_data():
    want = tw.browser.from_pixels(PICTURE).tolist()
    assert tw.browser.from_pixels(Pixels()).tolist() == want
    assert tw.browser.from_pixels({**PICTURE, "data": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)}).tolist() == want
    assert asyncio.run(tw.browser.from_pixels_async(PICTURE)).tolist() == want


@pytest.mark.parametrize(
    "pixels, error",
    [
        (None, ConversionError), ("picture.png", ShapeError), ([[1.5]], DTypeError), ([[True]], DTypeError), ([[0, 256]], ArgumentError),
        ([[-1]], ArgumentError), ([1, 2, 3], ShapeError), (np.zeros((1, 2, 2, 3), np.uint8), ShapeError),
        (np.zeros((2, 2, 2), np.uint8), ShapeError), (np.zeros((0, 2), np.uint8), ShapeError), ({**PICTURE, "width": 4}, ShapeError),
        ({**PICTURE, "width": 0}, ArgumentError), ({**PICTURE, "width": -3}, ArgumentError), ({**PICTURE, "width": 3.0}, ArgumentError),
        ({**PICTURE, "width": 2**40, "height": 2**40}, ArgumentError), ({**PICTURE, "data": "text"}, ConversionError),
        ({**PICTURE, "data": bytes(23)}, ShapeError), ({}, ConversionError), (object(), ConversionError),
    ],
)  # fmt: skip
def test_what_from_pixels_refuses(pixels, error):
    with pytest.raises(error):
        tw.browser.from_pixels(pixels)


@pytest.mark.parametrize("channels", [0, 5, -1, 2.0, "3", None])
def test_wrong_numbers_of_channels(channels):
    with pytest.raises(ArgumentError, match="1 to 4 channels"):
        tw.browser.from_pixels(PICTURE, channels)


def test_drawing_needs_a_page():
    for canvas in (None, Image.new("RGB", (2, 2)), "#canvas"):
        with pytest.raises(ConversionError, match="draw: expected a canvas of the page"):
            tw.browser.draw([[0.5]], canvas)
    with pytest.raises(ConversionError, match="to_pixels: expected a canvas"):
        tw.browser.to_pixels([[0.5]], "#canvas")
    with pytest.raises(ConversionError):
        asyncio.run(tw.browser.draw_async([[0.5]], object()))


DEVICES = {
    "webcam": lambda: tw.data.webcam(), "microphone": lambda: tw.data.microphone(), "accelerometer": lambda: tw.data.accelerometer(),
    "location": lambda: tw.data.location(), "pick_files": lambda: tw.browser.pick_files(),
}  # fmt: skip


@pytest.mark.parametrize("name", DEVICES)
def test_devices_need_a_page(name):
    with pytest.raises(DeviceError, match=f"{name}: expected a program that runs in a browser's page, got one that does not"):
        asyncio.run(DEVICES[name]())


@pytest.mark.parametrize(
    "make",
    [
        lambda: tw.data.webcam(resize_width=3), lambda: tw.data.webcam(center_crop=True),
        lambda: tw.data.webcam(resize_width=0, resize_height=3), lambda: tw.data.webcam(resize_width=2.5, resize_height=3),
        lambda: tw.data.webcam(facing_mode="back"), lambda: tw.data.microphone(fft_size=1000), lambda: tw.data.microphone(fft_size=8),
        lambda: tw.data.microphone(fft_size=32768), lambda: tw.data.microphone(fft_size=-1024), lambda: tw.data.microphone(fft_size="1024"),
        lambda: tw.data.microphone(include_spectrogram=False), lambda: tw.data.microphone(column_truncate_length=1025),
        lambda: tw.data.microphone(column_truncate_length=0), lambda: tw.data.microphone(num_frames_per_spectrogram=0),
        lambda: tw.data.microphone(smoothing_time_constant=1.5), lambda: tw.data.location(timeout=0),
    ],
)  # fmt: skip
def test_wrong_options_of_devices(make):
    with pytest.raises(ArgumentError):
        asyncio.run(make())
