"""Models in the stores of real browsers: they outlive a reload, TensorFlow.js reads them and we read its, and a failure changes nothing."""

import functools
import json
import time

import pytest

import tensorweb as tw
from tests.browser.conftest import ROOT
from tests.browser.places import open_place, parameter
from tests.browser.test_inputs import PREPARED, prepared, told

TFJS = ROOT / "tests" / "node_modules" / "@tensorflow" / "tfjs" / "dist" / "tf.min.js"
_PLACES = "chromium worker", "firefox worker", "chromium main"
PLACES = [parameter(place) for place in _PLACES]


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory):
    """A server with TensorFlow.js, and with a model, of which it has damaged and slow copies too."""
    made = serve()
    folder = tmp_path_factory.mktemp("net")
    served().save(folder, weight_shard_size=4000)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    made.site |= {f"net/{name}": content for name, content in files.items()}
    made.site |= {f"cut/{name}": content if name.endswith("json") else content[:-1] for name, content in files.items()}
    made.site |= {"slow.json": lambda: time.sleep(2) or b"{}", "tf.min.js": TFJS}
    return made


@functools.cache
def served():
    """Return the model that the server has."""
    return tw.Sequential([tw.Input((3,)), tw.layers.Dense(700, activation="tanh"), tw.layers.Dense(2)])


@pytest.fixture(scope="module", params=PLACES)
def page(request, server):
    """A page that the tests of a place share; each leaves the stores empty."""
    made = prepared(request.param, lambda isolated: server)
    yield made
    made.close()


def near(a, b):
    """Tell whether two predictions are the same but for rounding."""
    return all(abs(p - q) < 1e-5 for row, other in zip(a, b, strict=True) for p, q in zip(row, other, strict=True))


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


def reload(page):
    """Load the page anew: nothing of Python is left."""
    if page.place.endswith("main"):
        page.__init__(page.page, page.evaluate("return location.origin"), PREPARED)  # Python is loaded as at first
    else:
        page.call("reload")
        page.ready()
        page.evaluate(PREPARED)


def test_models_outlive_a_reload(page):
    before = told(page.run(SAVE, backend="wasm"))
    assert before["again"] == before["made"] and before["optimizer"] == 1
    assert before["sizes"][0] == before["sizes"][1] > 3 * 4 * 32  # Adam keeps two numbers for each weight
    assert before["models"] == ["indexeddb://net", "indexeddb://plain.keras", "localstorage://net"]
    reload(page)
    after = told(page.run(LOAD, backend="wasm"))
    for url in before["models"]:
        assert after[url] == before["made"]
    assert after["back"] == before["made"] and after["removed"] == before["sizes"][0]
    assert after["models"] == ["indexeddb://back", "indexeddb://plain.keras", "localstorage://moved/net", "memory://net"]
    assert after["left"] == [] and len(after["missing"]) == 4
    assert all("expected the name of a model that was saved, got net" in text for text in after["missing"])
    assert page.evaluate("return Object.keys(localStorage).filter((key) => key.startsWith('tensorflowjs'))") == []


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


@pytest.mark.parametrize("page", PLACES[:1], indirect=True)
def test_with_tensorflow_js(page):
    ours = told(page.run(SAVE, backend="wasm"))
    urls = ["indexeddb://net", "localstorage://net"]
    theirs = page.evaluate(THEIRS_LOAD, urls)
    assert theirs["models"] == ours["models"] and all(near(theirs[url], ours["made"]) for url in urls)
    assert page.evaluate(THEIRS_REMOVE, ours["models"]) == []
    want = page.evaluate(THEIRS_SAVE, urls)
    again = told(page.run(OURS_LOAD, backend="wasm"))
    assert again["infos"] == {url: [True, 4 * 32] for url in urls} and all(near(again[url], want) for url in urls)
    assert page.evaluate(THEIRS_REMOVE, urls) == []


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


def test_what_fails_changes_nothing(page):
    got = told(page.run(MODEL + BROKEN + FULL, backend="wasm"))
    assert "a store that works, got DataCloneError: too large" in got["throws"] and "got AbortError" in got["aborts"]
    for how in ("throws", "aborts"):
        assert got[how + " kept"] and got[how + " models"] == ["indexeddb://kept"]
    error, kept = got["full kept"]
    assert error.startswith("localstorage://kept: expected room for the model, got QuotaExceededError") and kept
    assert "use indexeddb://" in got["full new"] and got["full models"] == ["localstorage://kept"] and got["large"]


# --- downloads and the user's files ---------------------------------------------------------------------------------------------

CAUGHT = """
const files = [];
HTMLAnchorElement.prototype.click = async function () {
  const content = await (await fetch(this.href)).blob();
  files.unshift(new File([content], this.download));
  if (files.length === 2) window.chosen = files;
};
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


def test_downloads_come_back_as_picked_files(page):
    page.evaluate(CAUGHT)
    first, *others = told(page.run(DOWNLOAD, backend="wasm"))
    assert all(near(other, first) for other in others)
    assert page.evaluate("return chosen.map((file) => file.name)") == ["mine.weights.bin", "mine.json"]


# --- models of a server ---------------------------------------------------------------------------------------------------------

FETCH = (
    MODEL
    + """
import js

here = js.location.origin
told = {"seen": [], "errors": {}}
made = await tw.saving.load_model_async(here + "/net/model.json", on_progress=told["seen"].append)
told["later"], told["now"] = await predict(made), await predict(tw.load_model(here + "/net/model.json"))
answer = tw.io.fetch(here + "/net/model.json")
told["answer"] = [answer.status, answer.headers.get("CONTENT-TYPE"), answer.read(5).decode(), len(answer.read())]
answer = await tw.io.fetch_async(here + "/net/model.json")
told["answer later"] = [answer.status, answer.headers.get("content-type"), (await answer.read(5)).decode(), len(await answer.read())]
told["gone"] = tw.io.fetch(here + "/gone").status
for name, load in {
    "gone": lambda: tw.load_model(here + "/gone/model.json"),
    "elsewhere": lambda: tw.load_model("http://127.0.0.1:9/model.json"),
    "slow": lambda: tw.load_model(here + "/slow.json", timeout=0.3),
    "cut": lambda: tw.load_model(here + "/cut/model.json"),
    "no URL": lambda: tw.io.fetch("net/model.json"),
}.items():
    try:
        load()
    except tw.errors.TensorWebError as error:
        told["errors"][name] = f"{type(error).__name__}: {error}"
print(json.dumps(told))
"""
)


def predicted():
    """Return what the server's model predicts."""
    return served().predict(tw.tensor([[0.1, -0.5, 2.0], [1.0, 0.0, -1.0]]), verbose=0).tolist()


def test_models_of_a_server(page, server):
    want = predicted()
    got = told(page.run(FETCH, backend="wasm"))
    assert near(got["later"], want) and near(got["now"], want)
    assert got["seen"] == sorted(got["seen"]) and len(got["seen"]) > 2 and got["seen"][-1] == 1
    size = len(server.site["net/model.json"])
    assert got["answer"] == got["answer later"] == [200, "application/json", '{"mod', size - 5] and got["gone"] == 404
    errors = got["errors"]
    assert errors["gone"].startswith("FetchError: model.json: expected an answer from") and "got status 404" in errors["gone"]
    assert "FetchError: fetch http://127.0.0.1:9/model.json: expected an answer" in errors["elsewhere"]
    assert "expected an answer, got timed out" in errors["slow"] and errors["cut"].startswith("FormatError")
    assert errors["no URL"].startswith("ArgumentError")


KEEP = (
    MODEL
    + """
import js

here, told = js.location.origin, {"loaded": [], "errors": []}
for cache in CACHES:
    try:
        told["loaded"].append(await predict(await tw.saving.load_model_async(here + "/net/model.json", cache=cache)))
    except tw.errors.FetchError as error:
        told["errors"].append(str(error))
if CLEAR:
    told["cleared"] = [await tw.io.clear_cache_async(), tw.io.clear_cache()]
print(json.dumps(told))
"""
)


def keep(page, caches, clear=False):
    """Return what comes of loading the server's model with each of some values of `cache`."""
    return told(page.run(KEEP.replace("CACHES", repr(caches)).replace("CLEAR", repr(clear)), backend="wasm"))


@pytest.mark.parametrize("page", [parameter(place, slow=place != _PLACES[0]) for place in _PLACES], indirect=True)
def test_files_of_a_server_are_kept(page, server):
    whole = {name: content for name, content in server.site.items() if name.startswith("net/")}
    server.headers["ETag"] = '"one"'
    try:
        first = keep(page, [True])["loaded"]
        assert near(first[0], predicted())
        for name in whole:
            server.site[name] = b"x" * len(whole[name])  # of the same version, it says
        reload(page)
        assert keep(page, [True, "immutable"])["loaded"] == first * 2
        for name in whole:
            del server.site[name]
        gone = keep(page, ["immutable", True], clear=True)
        assert gone["loaded"] == first and "got status 404" in gone["errors"][0] and gone["cleared"] == [len(whole), 0]
        server.site |= whole
        server.headers["ETag"] = '"two"'
        assert keep(page, [True], clear=True)["loaded"] == first
    finally:
        server.site |= whole
        server.headers.pop("ETag", None)


TOO_LARGE = """
import js
import tensorweb as tw

try:
    tw.load_graph_model(js.location.origin + "/huge/model.json")
except tw.errors.OutOfMemoryError as error:
    print(error)
"""


@pytest.mark.parametrize("page", PLACES[:1], indirect=True)
def test_a_model_that_is_too_large_for_the_page_is_not_fetched(page, server):
    asked = []
    weights = [{"name": name, "shape": [300_000_000], "dtype": "float32", "quantization": {"dtype": "float16"}} for name in "ab"]
    manifest = [{"paths": [f"{i}.bin" for i in range(300)], "weights": weights}]
    text = json.dumps({"modelTopology": {"node": []}, "format": "graph-model", "weightsManifest": manifest})
    server.site |= {"huge/model.json": text.encode(), **{f"huge/{i}.bin": lambda: asked.append(1) or b"" for i in range(300)}}
    said = page.run(TOO_LARGE, backend="wasm")["stdout"]
    assert said.startswith("load: expected weights of 2048 MB at most, got 2288 MB.") and not asked


WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;"
AWAITED = (
    MODEL
    + """
import js

told = {"errors": []}
made = await tw.saving.load_model_async(js.location.origin + "/net/model.json")
told["made"] = await predict(made)
await made.save_async("indexeddb://awaited")
await tw.io.move_model_async("indexeddb://awaited", "localstorage://awaited")
told["again"] = await predict(await tw.saving.load_model_async("localstorage://awaited"))
for use in (lambda: made.save("indexeddb://x"), lambda: tw.load_model("localstorage://awaited"), tw.io.list_models,
            lambda: tw.io.fetch(js.location.origin)):
    try:
        use()
    except tw.errors.DeviceError as error:
        told["errors"].append(str(error))
await tw.io.remove_model_async("localstorage://awaited")
told["models"] = list(await tw.io.list_models_async())
print(json.dumps(told))
"""
)


@pytest.mark.parametrize("place", PLACES[2:])
def test_where_nobody_can_wait_all_can_be_awaited(place, server):
    want = predicted()
    page = open_place(place, lambda isolated: server, before=WITHOUT_JSPI)
    got = told(page.run(AWAITED, backend="wasm"))
    assert near(got["made"], want) and near(got["again"], want) and got["models"] == []
    assert len(got["errors"]) == 4 and all("wait: expected a place that may wait" in text for text in got["errors"]), got
    page.close()
