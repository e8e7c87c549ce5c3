"""Models in the stores of real browsers: they outlive a reload, TensorFlow.js reads them and we read its, and a failure changes nothing."""

import json

import pytest

from tests.browser.conftest import ROOT
from tests.browser.places import open_place, parameter

TFJS = ROOT / "tests" / "node_modules" / "@tensorflow" / "tfjs" / "dist" / "tf.min.js"
PLACES = [parameter(place) for place in ("chromium worker", "firefox worker", "chromium main")]
MODEL = """
import json
import tensorweb as tw

def model():
    made = tw.Sequential([tw.Input((3,)), tw.layers.Dense(5, activation="tanh", name="a"), tw.layers.Dense(2, name="b")])
    made.compile(optimizer="adam", loss="mse")
    return made

async def predict(made):
    return (await made.predict_async(tw.tensor([[0.1, -0.5, 2.0], [1.0, 0.0, -1.0]]), verbose=0)).tolist()

"""
SAVE = (
    MODEL
    + """
made = model()
await made.fit_async(tw.ones((4, 3)), tw.ones((4, 2)), verbose=0)
told = {"made": await predict(made), "sizes": []}
for url in ("indexeddb://net", "localstorage://net"):
    result = await made.save_async(url, include_optimizer=True)
    told["sizes"].append(result.model_artifacts_info.weight_data_bytes)
again = tw.load_model("indexeddb://net")        # plain forms wait by JSPI
again.save("indexeddb://plain.keras")
told["again"], told["optimizer"] = await predict(again), int(again.optimizer.iterations)
told["models"] = sorted(tw.io.list_models())
print(json.dumps(told))
"""
)
LOAD = (
    MODEL
    + """
told = {}
for url in ("indexeddb://net", "localstorage://net", "indexeddb://plain.keras"):
    told[url] = await predict(await tw.saving.load_model_async(url))
await tw.io.move_model_async("indexeddb://net", "localstorage://moved/net")
await tw.io.copy_model_async("localstorage://net", "memory://net")
await tw.io.copy_model_async("localstorage://moved/net", "indexeddb://back")
told["back"] = await predict(tw.load_model("indexeddb://back"))
told["removed"] = (await tw.io.remove_model_async("localstorage://net")).weight_data_bytes
told["models"] = sorted(await tw.io.list_models_async())
for url in told["models"]:
    await tw.io.remove_model_async(url)
told["left"] = sorted(tw.io.list_models())
for use in (tw.load_model, tw.io.remove_model):
    for url in ("indexeddb://net", "localstorage://net"):
        try:
            use(url)
        except tw.errors.ArgumentError as error:
            told.setdefault("missing", []).append(str(error))
print(json.dumps(told))
"""
)


def told(result):
    """Return what a program printed as JSON in its last line."""
    assert result["ok"], result["error"]
    return json.loads(result["stdout"].splitlines()[-1])


def reopened(page, place, serve):
    """Return the page after a reload: nothing of Python is left."""
    if place.endswith("main"):
        address = page.evaluate("return location.origin")
        return type(page)(page.page, address)
    page.call("reload")
    return page


@pytest.mark.parametrize("place", PLACES)
def test_models_outlive_a_reload(place, serve):
    page = open_place(place, serve)
    before = told(page.run(SAVE, backend="wasm"))
    assert before["again"] == before["made"] and before["optimizer"] == 1
    assert before["sizes"] == [4 * (32 * 3 + 1)] * 2 or before["sizes"][0] == before["sizes"][1] > 4 * 32
    assert before["models"] == ["indexeddb://net", "indexeddb://plain.keras", "localstorage://net"]
    page = reopened(page, place, serve)
    after = told(page.run(LOAD, backend="wasm"))
    for url in before["models"]:
        assert after[url] == before["made"]
    assert after["back"] == before["made"] and after["removed"] == before["sizes"][0]
    assert after["models"] == ["indexeddb://back", "indexeddb://plain.keras", "localstorage://moved/net", "memory://net"]
    assert after["left"] == [] and len(after["missing"]) == 4
    assert all("expected the name of a model that was saved, got net" in text for text in after["missing"])
    assert page.evaluate("return Object.keys(localStorage).filter((key) => key.startsWith('tensorflowjs'))") == []
    page.close()


# --- with TensorFlow.js in the same page ----------------------------------------------------------------------------------------

THEIRS = """
if (!window.tf) {
  const script = Object.assign(document.createElement("script"), { src: "/tf.min.js" });
  document.head.append(script);
  await new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }));
  await tf.setBackend("cpu");
}
const predict = (model) => model.predict(tf.tensor([[0.1, -0.5, 2.0], [1.0, 0.0, -1.0]])).arraySync();
"""
THEIRS_LOAD = (
    THEIRS
    + """
const told = {};
for (const url of argument) told[url] = predict(await tf.loadLayersModel(url));
told.models = Object.keys(await tf.io.listModels()).sort();
return told;
"""
)
THEIRS_SAVE = (
    THEIRS
    + """
const model = tf.sequential({ layers: [
  tf.layers.dense({ units: 5, activation: "tanh", inputShape: [3], name: "a" }), tf.layers.dense({ units: 2, name: "b" }) ] });
for (const url of argument) await model.save(url);
return predict(model);
"""
)
THEIRS_REMOVE = THEIRS + "for (const url of argument) await tf.io.removeModel(url);\nreturn Object.keys(await tf.io.listModels());"
OURS_LOAD = (
    MODEL
    + """
told = {"infos": {}}
for url, info in tw.io.list_models().items():
    told["infos"][url] = [info.date_saved.year > 2000, info.weight_data_bytes]
    told[url] = await predict(await tw.saving.load_model_async(url))
print(json.dumps(told))
"""
)


def near(a, b):
    return all(abs(p - q) < 1e-5 for row, other in zip(a, b, strict=True) for p, q in zip(row, other, strict=True))


@pytest.mark.skipif(not TFJS.exists(), reason="no TensorFlow.js in tests/node_modules")
@pytest.mark.parametrize("place", PLACES[:1])
def test_with_tensorflow_js(place, serve):
    page = open_place(place, serve)
    # One list of servers' files for all tests: the script is theirs, served as it is.
    page.evaluate("return 1")
    server = serve()
    server.site |= {"tf.min.js": TFJS}
    page.goto(server.url)
    ours = told(page.run(SAVE, backend="wasm"))
    urls = ["indexeddb://net", "localstorage://net"]
    theirs = page.evaluate(THEIRS_LOAD, urls)
    assert theirs["models"] == ours["models"] and all(near(theirs[url], ours["made"]) for url in urls)
    assert page.evaluate(THEIRS_REMOVE, ours["models"]) == []
    want = page.evaluate(THEIRS_SAVE, urls)
    again = told(page.run(OURS_LOAD, backend="wasm"))
    assert again["infos"] == {url: [True, 4 * 32] for url in urls} and all(near(again[url], want) for url in urls)
    assert page.evaluate(THEIRS_REMOVE, urls) == []
    page.close()


# --- what fails changes nothing -------------------------------------------------------------------------------------------------

# The model's store refuses what is larger than it was, after the infos' store has taken the new info.
BROKEN = """
import js
from pyodide.code import run_js

run_js('''(() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value) {
    const request = put.call(this, value);
    if (self.broken === "throws" && this.name === "models_store") throw new DOMException("too large", "DataCloneError");
    if (self.broken === "aborts" && this.name === "models_store") this.transaction.abort();
    return request;
  };
})()''')
made, other = model(), model()
want = await predict(made)
told = {}
await made.save_async("indexeddb://kept")
for how in ("throws", "aborts"):
    js.broken = how
    try:
        await other.save_async("indexeddb://kept")
    except tw.errors.StorageError as error:
        told[how] = str(error)
    try:
        await other.save_async("indexeddb://new")
    except tw.errors.StorageError as error:
        pass
    js.broken = None
    told[how + " kept"] = await predict(await tw.saving.load_model_async("indexeddb://kept")) == want
    told[how + " models"] = list(await tw.io.list_models_async())
await tw.io.remove_model_async("indexeddb://kept")
"""
FULL = """
await made.save_async("localstorage://kept")
large = tw.Sequential([tw.Input((1000,)), tw.layers.Dense(1500)])
for name in ("kept", "new"):
    try:
        await large.save_async("localstorage://" + name)
    except tw.errors.StorageError as error:
        told["full " + name] = str(error)
told["full kept"] = [told["full kept"], await predict(await tw.saving.load_model_async("localstorage://kept")) == want]
told["full models"] = list(await tw.io.list_models_async())
await large.save_async("indexeddb://large")
again = await tw.saving.load_model_async("indexeddb://large")
told["large"] = bool(tw.all(again.weights[0] == large.weights[0]))
for url in await tw.io.list_models_async():
    await tw.io.remove_model_async(url)
print(json.dumps(told))
"""


@pytest.mark.parametrize("place", PLACES[:2])
def test_what_fails_changes_nothing(place, serve):
    page = open_place(place, serve)
    got = told(page.run(MODEL + BROKEN + FULL, backend="wasm"))
    assert "a store that works, got DataCloneError: too large" in got["throws"] and "got AbortError" in got["aborts"]
    for how in ("throws", "aborts"):
        assert got[how + " kept"] and got[how + " models"] == ["indexeddb://kept"]
    error, kept = got["full kept"]
    assert error.startswith("localstorage://kept: expected room for the model, got QuotaExceededError") and kept
    assert "use indexeddb://" in got["full new"] and got["full models"] == ["localstorage://kept"] and got["large"]
    page.close()


# --- downloads and the user's files ---------------------------------------------------------------------------------------------

CAUGHT = """
window.caught = [];
HTMLAnchorElement.prototype.click = function () {
  caught.push(fetch(this.href).then(async (answer) => new File([await answer.blob()], this.download)));
};
"""
PICKED = """
const files = new DataTransfer();
for (const file of (await Promise.all(caught)).reverse()) files.items.add(file);
const input = document.querySelector("dialog input");
input.files = files.files;
input.dispatchEvent(new Event("change"));
return [...files.files].map((file) => file.name);
"""
DOWNLOAD = (
    MODEL
    + """
made = model()
await made.save_async("downloads://mine")
files = await tw.browser.pick_files(title="The model?")
again = await tw.saving.load_model_async(tw.io.browser_files(files))
plain = tw.load_model(tw.io.browser_files(files))
print(json.dumps([await predict(made), await predict(again), await predict(plain)]))
"""
)


@pytest.mark.parametrize("place", PLACES)
def test_downloads_come_back_as_picked_files(place, serve):
    page = open_place(place, serve, before=CAUGHT)
    if place.endswith("main"):
        page.evaluate("window.ended = python.runPythonAsync(argument, { globals: python.toPy({}) });", DOWNLOAD)
    else:
        page.ready()
        page.evaluate(CAUGHT)
        page.start(DOWNLOAD)
    page.evaluate("while (!document.querySelector('dialog input')) await new Promise((go) => setTimeout(go, 20));")
    assert page.evaluate(PICKED) == ["mine.weights.bin", "mine.json"]
    if place.endswith("main"):
        printed = page.evaluate("await ended;\nreturn told;")
    else:
        result = page.finish()
        assert result["ok"], result["error"]
        printed = result["stdout"]
    first, *others = json.loads(printed.splitlines()[-1])
    assert others == [first, first]
    page.close()
