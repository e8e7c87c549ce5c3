"""Pictures, cameras, microphones and sensors in real browsers, in the worker of our page and on a page's main thread."""

import json

import pytest

from tensorweb.web.pictures import write_png
from tests.browser.places import open_place, parameter
from tests.browser.test_player_types import ROOT, check
from tools.node import node

PLACES = [parameter(place) for place in ("chromium worker", "firefox worker", "chromium main")]
# On the main thread and in workers alike: what is drawn comes back exactly, since nothing is scaled and nothing transparent.
PROGRAM = """
import asyncio, json, js
import tensorweb as tw
from pyodide.ffi import to_js
from tensorweb.browser.services import to_page

told = {}
def note(name, value):
    told[name] = value.tolist() if isinstance(value, tw.Tensor) else value

def refused(name, function):
    try:
        function()
    except tw.errors.TensorWebError as error:
        told[name] = f"{type(error).__name__}: {error}"

def canvas(width, height):
    if not hasattr(js, "document"):
        return js.OffscreenCanvas.new(width, height)
    made = js.document.createElement("canvas")
    made.width, made.height = width, height
    return made

def painted():
    made = canvas(3, 2)
    context = made.getContext("2d")
    for i in range(6):
        context.fillStyle = f"rgb({i * 40}, {255 - i * 30}, {i})"
        context.fillRect(i % 3, i // 3, 1, 1)
    return made

made = painted()
note("canvas", tw.browser.from_pixels(made))
note("grey", tw.browser.from_pixels(made, 1))
note("ImageData", tw.browser.from_pixels(made.getContext("2d").getImageData(0, 0, 3, 2), 4))
bitmap = await js.createImageBitmap(made)
note("ImageBitmap", tw.browser.from_pixels(bitmap))
note("pixel data", tw.browser.from_pixels(to_page({"data": bytes(range(24)), "width": 3, "height": 2}), 4))
note("bytes", tw.browser.from_pixels({"data": bytes(range(24)), "width": 3, "height": 2}, 2))

gl_canvas = canvas(2, 1)
gl = gl_canvas.getContext("webgl2", to_page({"preserveDrawingBuffer": True}))
if gl:
    gl.clearColor(1, 0, 1, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
note("webgl", tw.browser.from_pixels(gl_canvas) if gl else [[[255, 0, 255]] * 2])

png = js.Blob.new(to_js([to_js(bytes(PNG))]), to_page({"type": "image/png"}))
note("png", await tw.browser.from_pixels_async(png))
try:
    await tw.browser.from_pixels_async(js.Blob.new(to_js(["no picture"])))
except tw.errors.ArgumentError as error:
    told["no picture"] = str(error)

target = canvas(1, 1)
note("content", list(tw.browser.to_pixels([[0.0, 0.5], [1.0, 0.2]], target)))
note("drawn", tw.browser.from_pixels(target, 4))
await tw.browser.draw_async(tw.tensor([[[255, 0, 7], [1, 2, 3]]]), target)
note("drawn again", tw.browser.from_pixels(target, 4))
tw.browser.draw(tw.zeros((2, 3)), target, alpha=0.0)
note("invisible", tw.browser.from_pixels(target, 4))

refused("out of range", lambda: tw.browser.to_pixels([[300]], target))
refused("no picture's object", lambda: tw.browser.from_pixels(js.Object.new()))
refused("empty canvas", lambda: tw.browser.from_pixels(canvas(0, 5)))
refused("canvas of webgl", lambda: tw.browser.draw([[0.5]], gl_canvas) if gl else tw.browser.draw([[0.5]], 3))
refused("nothing to draw", lambda: tw.browser.draw(tw.zeros((0, 2)), target))
refused("no canvas", lambda: tw.browser.draw([[0.5]], js.Object.new()))
if hasattr(js, "document"):
    image = js.document.createElement("img")
    refused("no image yet", lambda: tw.browser.from_pixels(image))
    image.src = js.URL.createObjectURL(png)
    await image.decode()
    note("image", tw.browser.from_pixels(image))
    refused("video", lambda: tw.browser.from_pixels(js.document.createElement("video")))
large = tw.browser.from_pixels(js.ImageData.new(640, 480))
note("large", [list(large.shape), float(tw.sum(large))])
print(json.dumps(told))
"""
PNG = write_png(bytes(range(60, 78)), 3, 2, 3)
PAINTED = [[[i * 40, 255 - i * 30, i] for i in row] for row in ((0, 1, 2), (3, 4, 5))]


def told(result):
    """Return what a program printed as JSON in its last line."""
    assert result["ok"], result["error"]
    return json.loads(result["stdout"].splitlines()[-1])


@pytest.mark.parametrize("place", PLACES)
def test_pictures(place, serve):
    page = open_place(place, serve)
    got = told(page.run(f"PNG = {PNG!r}\n{PROGRAM}", backend="wasm"))
    page.close()
    alpha = [[[*pixel, 255] for pixel in row] for row in PAINTED]
    assert got["canvas"] == got["ImageBitmap"] == PAINTED and got["ImageData"] == alpha
    assert got["grey"] == [[[pixel[0]] for pixel in row] for row in PAINTED]
    assert got["pixel data"] == [[[4 * (3 * y + x) + c for c in range(4)] for x in range(3)] for y in range(2)]
    assert got["bytes"] == [[pixel[:2] for pixel in row] for row in got["pixel data"]]
    assert got["webgl"] == [[[255, 0, 255]] * 2]
    assert got["png"] == [[[60 + 9 * y + 3 * x + c for c in range(3)] for x in range(3)] for y in range(2)]
    assert "expected a picture, got a file" in got["no picture"]
    levels = [0, 128, 255, 51]
    assert got["content"] == [v for level in levels for v in (level, level, level, 255)]
    assert [pixel for row in got["drawn"] for pixel in row] == [[level, level, level, 255] for level in levels]
    assert got["drawn again"] == [[[255, 0, 7, 255], [1, 2, 3, 255]]]
    assert got["invisible"] == [[[0, 0, 0, 0]] * 3] * 2
    assert "ArgumentError: to_pixels: expected int32 values from 0 to 255, got 300" in got["out of range"]
    assert "ConversionError" in got["no picture's object"] and "got Object" in got["no picture's object"]
    assert "a picture with pixels, got 0 x 5" in got["empty canvas"]
    assert "Error: " in got["canvas of webgl"] and "ArgumentError" in got["nothing to draw"]
    assert "ConversionError: draw" in got["no canvas"]
    assert got["large"] == [[480, 640, 3], 0]
    if place.endswith("main"):
        assert got["image"] == got["png"] and "a picture with pixels, got 0 x 0" in got["no image yet"] and "0 x 0" in got["video"]


@pytest.mark.skipif(node() is None, reason="no Node here")
def test_the_types_of_the_scripts_hold():
    scripts = sorted((ROOT / "tensorweb" / "browser").glob("*.js"))
    done = check(*scripts)
    assert done.returncode == 0 and len(scripts) == 2, done.stdout


# --- devices ------------------------------------------------------------------------------------------------------------------

# The page's own end of what is asked for: which streams are open, and the permission that a test takes away.
WATCHED = """
window.streams = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.refusal) throw new DOMException("no", window.refusal);
  const stream = await ask(wanted);
  streams.push(stream);
  return stream;
};
"""
LIVE = "return streams.map((stream) => stream.getTracks().some((track) => track.readyState === 'live'));"
CAMERA = """
import json
import tensorweb as tw

told = {}
camera = await tw.data.webcam()
pictures = [await camera.capture() for _ in range(2)]
told["shapes"], told["dtype"] = [list(p.shape) for p in pictures], pictures[0].dtype
told["range"] = [float(tw.min(pictures[0])), float(tw.max(pictures[0]))]
count = 0
async for picture in camera:
    count += 1
    if count == 3:
        break
told["count"] = count
camera.stop()
told["stopped"] = await camera.capture() is None
told["after"] = [p async for p in camera]
await camera.start()
told["again"] = list((await camera.capture()).shape)
camera.stop()

async with await tw.data.webcam(resize_width=40, resize_height=30) as small:
    picture = await small.capture()
    told["small"], told["small dtype"] = list(picture.shape), picture.dtype
async with await tw.data.webcam(resize_width=40, resize_height=30, center_crop=True) as crop:
    told["crop"] = list((await crop.capture()).shape)
dataset = tw.data.Dataset.from_generator(lambda: small).take(2).batch(2)
await small.start()
told["batch"] = [list(b.shape) async for b in dataset]
small.stop()
left = await tw.data.webcam(facing_mode="environment")
print(json.dumps(told))
"""


@pytest.mark.parametrize("place", PLACES)
def test_webcam(place, serve):
    page = open_place(place, serve, before=WATCHED)
    if not place.endswith("main"):
        page.ready()
        page.evaluate(WATCHED)
    got = told(page.run(CAMERA, backend="wasm"))
    assert got["shapes"][0] == got["shapes"][1] == got["again"] and got["shapes"][0][2] == 3 and got["dtype"] == "int32"
    low, high = got["range"]
    assert 0 <= low < high <= 255
    assert got["count"] == 3 and got["stopped"] and got["after"] == []
    assert got["small"] == got["crop"] == [30, 40, 3] and got["small dtype"] == "float32"
    assert got["batch"] == [[2, 30, 40, 3]]
    *stopped, left = page.evaluate(LIVE)
    assert len(stopped) == 5 and not any(stopped)
    assert not left or place.endswith("main")  # the worker's page closes what its program left open
    page.close()


MICROPHONE = """
import json, math
import tensorweb as tw

told = {}
ears = await tw.data.microphone(fft_size=256, num_frames_per_spectrogram=200, column_truncate_length=100, include_waveform=True)
told["rate"] = ears.sample_rate_hz
heard = await ears.capture()
told["shapes"] = {name: list(t.shape) for name, t in heard.items()}
sound, levels = heard["waveform"].data_sync().tolist(), heard["spectrogram"].data_sync().tolist()
told["finite"] = sum(map(math.isfinite, levels))
told["range"] = [min(sound), max(sound), max(levels)]
ears.stop()
told["stopped"] = await ears.capture() is None
async with await tw.data.microphone(fft_size=16, num_frames_per_spectrogram=2) as ears:
    told["alone"] = {name: list(t.shape) for name, t in (await ears.capture()).items()}
print(json.dumps(told))
"""


@pytest.mark.parametrize("place", PLACES)
def test_microphone(place, serve):
    page = open_place(place, serve, before=WATCHED)
    if not place.endswith("main"):
        page.ready()
        page.evaluate(WATCHED)
    got = told(page.run(MICROPHONE, backend="wasm"))
    assert got["rate"] >= 8000 and got["stopped"]
    assert got["shapes"] == {"spectrogram": [200, 100, 1], "waveform": [200 * 256, 1]}
    low, high, level = got["range"]  # the browsers' false microphones beep
    assert -1.1 <= low < -0.01 < 0.01 < high <= 1.1 and level < 0 and got["finite"] > 1000
    assert got["alone"] == {"spectrogram": [2, 16, 1]}
    assert page.evaluate(LIVE) == [False, False]
    page.close()


# What a telephone's sensors say, and one that says that it has none.
SENSORS = """
window.motion = (accelerationIncludingGravity, acceleration) =>
  dispatchEvent(new DeviceMotionEvent("devicemotion", { accelerationIncludingGravity, acceleration }));
window.watches = new Map();
const place = (latitude, speed) => ({ coords: { latitude, longitude: 13.404954123456, accuracy: 5, altitude: null, altitudeAccuracy: null,
  heading: null, speed }, timestamp: 1_700_000_000_500 });
navigator.geolocation.watchPosition = (tell, fail, options) => {
  if (window.refusal) setTimeout(() => fail({ code: 1, message: "no" }));
  else [52.520006123456, 53].forEach((latitude, i) => setTimeout(() => tell(place(latitude, i ? 2.5 : null)), 200 * i));
  watches.set(watches.size + 1, options);
  return watches.size;
};
navigator.geolocation.clearWatch = (number) => watches.delete(number);
"""
MOTION = """
import json
import tensorweb as tw

sensor = await tw.data.accelerometer(include_gravity={gravity})
print("READY")
told = [(await sensor.capture()).tolist() for _ in range(2)]
sensor.stop()
print(json.dumps([str(told), sensor.kind]))
"""
LOCATION = """
import json
import tensorweb as tw

places = []
async for here in await tw.data.location(high_accuracy=True, timeout=9):
    places.append(list(here))
    if len(places) == 2:
        break
print(json.dumps(places))
"""


def test_sensors(serve):
    page = open_place("chromium worker", serve)
    page.ready()
    page.evaluate(SENSORS + 'addEventListener("devicemotion", (event) => event.isTrusted && event.stopImmediatePropagation());')
    for gravity, want in ((True, "[[0.0, 0.5, 9.5], [1.0, 2.0, 3.0]]"), (False, "[[0.0, 0.25, nan], [nan, nan, nan]]")):
        page.start(MOTION.format(gravity=gravity), backend="wasm")
        page.evaluate("while (!told.stdout.includes('READY')) await new Promise((go) => setTimeout(go, 20));")
        page.evaluate(
            """motion({ x: 0, y: 0.5, z: 9.5 }, { x: 0, y: 0.25, z: null });
            await new Promise((go) => setTimeout(go, 1500));
            motion({ x: 9, y: 9, z: 9 }, null);
            motion({ x: 1, y: 2, z: 3 }, null);"""
        )
        assert told(page.finish())[0] in (want, "[[0.0, 0.5, 9.5], [9.0, 9.0, 9.0]]")
    first, second = told(page.run(LOCATION))
    assert first == [52.520006123456, 13.404954123456, 5, None, None, None, None, 1_700_000_000.5]
    assert second == [53, 13.404954123456, 5, None, None, None, 2.5, 1_700_000_000.5]
    assert page.evaluate("return [...watches.values()]") == []
    page.close()


REFUSED = """
import json
import tensorweb as tw

told = {}
for name, make in {"webcam": tw.data.webcam, "microphone": tw.data.microphone, "location": tw.data.location,
                   "no video": lambda: tw.data.webcam("#nothing"), "accelerometer": tw.data.accelerometer}.items():
    try:
        device = await make()
        told[name] = str(await device.capture())
    except tw.errors.DeviceError as error:
        told[name] = str(error)
print(json.dumps(told))
"""


def test_what_the_user_or_the_machine_refuses(serve):
    page = open_place("chromium worker", serve)
    page.ready()
    page.evaluate(WATCHED + SENSORS + "window.refusal = 'NotAllowedError';")
    got = told(page.run(REFUSED))
    for name in ("webcam", "microphone", "location"):
        assert got[name].startswith(f"{name}: expected permission to use it, got NotAllowedError: no. Allow it"), got
    assert "#nothing is no video element" in got["no video"]
    assert got["accelerometer"].startswith("accelerometer: expected one that is there, got NotFoundError")
    page.evaluate("window.refusal = 'NotFoundError';")
    assert "webcam: expected one that is there, got NotFoundError: no. Connect one" in told(page.run(REFUSED))["webcam"]
    page.close()


# A worker of somebody else's page, which answers no questions.
FOREIGN = """
const code = `
  import { loadPyodide } from "${location.origin}/pyodide/pyodide.mjs";
  onmessage = async ({ data: { wheels, source } }) => {
    const python = await loadPyodide({ indexURL: "${location.origin}/pyodide/" });
    for (const wheel of wheels)
      python.unpackArchive(wheel, "wheel", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
    postMessage({ told: await python.runPythonAsync(source) });
  };`;
const site = await (await fetch("/site.json")).json();
const fetched = [site.library, ...Object.values(site.later)].map(async (wheel) => (await fetch(`/${wheel}`)).arrayBuffer());
const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
const answer = new Promise((go) => { worker.onmessage = ({ data }) => { if (data.told !== undefined) go(data.told); }; });
worker.postMessage({ wheels: await Promise.all(fetched), source: argument });
return await answer;
"""
ALONE = """
import tensorweb as tw
from tensorweb.browser import services

services.PATIENCE = 0.5
told = []
for use in (tw.data.webcam, lambda: tw.io.local_storage("m").load_async(), tw.browser.pick_files):
    try:
        await use()
    except tw.errors.DeviceError as error:
        told.append(str(error))
await tw.io.indexed_db("alone").save_async(tw.io.ModelArtifacts({"class_name": "Model"}))
told.append(" ".join(await tw.io.list_models_async()))
await tw.io.remove_model_async("indexeddb://alone")
"\\n".join(told)
"""


@pytest.mark.parametrize("kind", [parameter("chromium worker")])
def test_a_worker_whose_page_does_not_answer(kind, serve):
    page = open_place(kind, serve)
    *told, models = page.evaluate(FOREIGN, ALONE).splitlines()
    assert len(told) == 3 and all("expected a worker whose page answers, got one whose page does not" in text for text in told)
    assert [text.split(":")[0] for text in told] == ["webcam", "localstorage", "pick_files"] and models == "indexeddb://alone"
    page.close()


PICK = """
import json
import tensorweb as tw

files = await tw.browser.pick_files(accept=".txt", title="Which?")
print(json.dumps([[file.name, (await file.arrayBuffer()).to_bytes().decode()] for file in files]))
"""


@pytest.mark.parametrize("place", PLACES[:2])
def test_the_user_picks_files(place, serve):
    page = open_place(place, serve)
    page.start(PICK)
    page.wait_for_text("dialog", "Which?")
    page.evaluate(
        """const files = new DataTransfer();
        for (const name of ["b.txt", "a.txt"]) files.items.add(new File([`text of ${name}`], name));
        const input = document.querySelector("dialog input");
        input.files = files.files;
        input.dispatchEvent(new Event("change"));"""
    )
    assert told(page.finish()) == [["b.txt", "text of b.txt"], ["a.txt", "text of a.txt"]]
    assert page.evaluate("return document.querySelector('dialog') === null")
    page.start(PICK)
    page.wait_for_text("dialog", "Which?")
    page.evaluate("document.querySelector('dialog button').click();")
    assert told(page.finish()) == []
    page.close()
