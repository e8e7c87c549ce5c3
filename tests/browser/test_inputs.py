"""Pictures, cameras, microphones and sensors in real browsers, in the worker of our page and on a page's main thread."""

import json

import pytest

from tensorweb.web.pictures import write_png
from tests.browser.places import open_place, parameter
from tests.browser.test_player_types import ROOT, check
from tools.node import node

PLACES = [parameter(place) for place in ("chromium worker", "firefox worker", "chromium main")]
# The page's own end of what is asked for: which streams are open, refusals (`refusal`: why), a telephone's sensors, a user who picks files.
PREPARED = """
window.streams = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.refusal) throw new DOMException("no", window.refusal);
  const stream = await ask(wanted);
  streams.push(stream);
  return stream;
};
window.steps = 0;
setInterval(() => {
  if (!window.moves) return;
  const accelerationIncludingGravity = { x: ++steps, y: 0.5, z: 9.5 };
  dispatchEvent(new DeviceMotionEvent("devicemotion", { accelerationIncludingGravity, acceleration: { x: steps / 2, y: null, z: 0 } }));
}, 50);
addEventListener("devicemotion", (event) => window.moves && event.isTrusted && event.stopImmediatePropagation());
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
setInterval(() => {
  const input = document.querySelector("dialog input");
  if (!input) return;
  window.asked = document.querySelector("dialog").innerText;
  if (!window.chosen) return document.querySelector("dialog button").click();
  const files = new DataTransfer();
  for (const file of window.chosen) files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}, 50);
"""


@pytest.fixture(scope="module", params=PLACES)
def page(request, serve):
    """A prepared page, shared by the tests of a place."""
    made = prepared(request.param, serve)
    yield made
    made.close()


def prepared(place, serve):
    """Return a page at a place that does what a test wants of its user and its devices."""
    made = open_place(place, serve, before=PREPARED)
    if not place.endswith("main"):
        made.ready()
        made.evaluate(PREPARED)
    made.place = place
    return made


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


def test_pictures(page):
    got = told(page.run(f"PNG = {PNG!r}\n{PROGRAM}", backend="wasm"))
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
    if page.place.endswith("main"):
        assert got["image"] == got["png"] and "a picture with pixels, got 0 x 0" in got["no image yet"] and "0 x 0" in got["video"]


@pytest.mark.skipif(node() is None, reason="no Node here")
def test_the_types_of_the_scripts_hold():
    scripts = sorted((ROOT / "tensorweb" / "browser").glob("*.js"))
    done = check(*scripts)
    assert done.returncode == 0 and len(scripts) == 2, done.stdout


# --- devices ------------------------------------------------------------------------------------------------------------------

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


def test_webcam(page):
    page.evaluate("streams.length = 0;")
    got = told(page.run(CAMERA, backend="wasm"))
    assert got["shapes"][0] == got["shapes"][1] == got["again"] and got["shapes"][0][2] == 3 and got["dtype"] == "int32"
    low, high = got["range"]
    assert 0 <= low < high <= 255
    assert got["count"] == 3 and got["stopped"] and got["after"] == []
    assert got["small"] == got["crop"] == [30, 40, 3] and got["small dtype"] == "float32"
    assert got["batch"] == [[2, 30, 40, 3]]
    *stopped, left = page.evaluate(LIVE)
    assert len(stopped) == 5 and not any(stopped)
    assert not left or page.place.endswith("main")  # the worker's page closes what its program left open


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


def test_microphone(page):
    page.evaluate("streams.length = 0;")
    got = told(page.run(MICROPHONE, backend="wasm"))
    assert got["rate"] >= 8000 and got["stopped"]
    assert got["shapes"] == {"spectrogram": [200, 100, 1], "waveform": [200 * 256, 1]}
    low, high, level = got["range"]  # the browsers' false microphones beep
    assert -1.1 <= low < -0.01 < 0.01 < high <= 1.1 and level < 0 and got["finite"] > 1000
    assert got["alone"] == {"spectrogram": [2, 16, 1]}
    assert page.evaluate(LIVE) == [False, False]


MOTION = """
import asyncio, json
import tensorweb as tw

told = []
for include_gravity in (True, False):
    async with await tw.data.accelerometer(include_gravity) as sensor:
        told.append((await sensor.capture()).tolist())
        await asyncio.sleep(0.5)
        told.append((await sensor.capture()).tolist())
print(json.dumps(told))
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


def test_sensors(page):
    page.evaluate("window.moves = true; steps = 0;")
    first, second, own, later = told(page.run(MOTION))
    page.evaluate("window.moves = false;")
    assert first[1:] == second[1:] == [0.5, 9.5]
    assert second[0] >= first[0] + 5, "what nobody asked for in time is dropped"
    assert own[2] == 0 and own[1] != own[1] and later[0] > own[0] > second[0] / 2
    first, second = told(page.run(LOCATION))
    assert first == [52.520006123456, 13.404954123456, 5, None, None, None, None, 1_700_000_000.5]
    assert second == [53, 13.404954123456, 5, None, None, None, 2.5, 1_700_000_000.5]
    if not page.place.endswith("main"):
        assert page.evaluate("return [...watches.values()]") == []


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


def test_what_the_user_or_the_machine_refuses(page):
    got = {}
    for name in ("NotAllowedError", "NotFoundError"):
        page.evaluate("window.refusal = argument;", name)
        got[name] = told(page.run(REFUSED))
    page.evaluate("window.refusal = '';")
    refused = got["NotAllowedError"]
    for name in ("webcam", "microphone", "location"):
        assert refused[name].startswith(f"{name}: expected permission to use it, got NotAllowedError: no. Allow it"), refused
    assert "#nothing is no video element" in refused["no video"]
    assert refused["accelerometer"].startswith("accelerometer: expected one that is there, got NotFoundError")
    assert "webcam: expected one that is there, got NotFoundError: no. Connect one" in got["NotFoundError"]["webcam"]


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


def test_the_user_picks_files(page):
    page.evaluate("window.chosen = ['b.txt', 'a.txt'].map((name) => new File([`text of ${name}`], name));")
    assert told(page.run(PICK)) == [["b.txt", "text of b.txt"], ["a.txt", "text of a.txt"]]
    assert page.evaluate("return [asked.includes('Which?'), document.querySelector('dialog') === null]") == [True, True]
    page.evaluate("window.chosen = undefined;")
    assert told(page.run(PICK)) == []
