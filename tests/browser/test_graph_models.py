"""Real graph models in real browsers give what TensorFlow.js gives, fetched shard by shard, on each backend of the page.

The models and stored outputs are those of tests/graph/test_real_models.py.
"""

import json

import pytest

from tests.browser.conftest import start_browser
from tests.browser.places import parameter
from tests.graph.test_real_models import CASES, FOLDER

NAMES = {"iris": "@vladmandic/human/models/iris.json", "movenet": "@vladmandic/human/models/movenet-lightning.json"}
PLACES = {"chromium": ["wasm", "webgl", "webgpu"], "firefox": ["wasm"]}

SCRIPT = """
import json
import tensorweb as tw
from array import array

told = json.loads('''{told}''')


def numbers(spec):
    size, state = 1, 1
    for n in spec["shape"]:
        size *= n
    values = array("f", bytes(4 * size))
    for i in range(size):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        value = spec["low"] + ((state >> 8) / 2**24) * (spec["high"] - spec["low"])
        values[i] = value // 1 if spec["dtype"] == "int32" else value
    return tw.cast(tw.reshape(tw.tensor(values), spec["shape"]), spec["dtype"])


seen = []
model = await tw.load_graph_model_async("{url}", on_progress=seen.append)
outputs = await model.execute_async([numbers(x) for x in told["inputs"]], list(told["outputs"]))
worst = 0.0
for expected, got in zip(told["outputs"].values(), outputs if isinstance(outputs, list) else [outputs]):
    assert list(got.shape) == expected["shape"], got.shape
    values = list(await got.data())[:: expected["step"]]
    worst = max([worst, *(abs(a - b) / expected["largest"] for a, b in zip(values, expected["values"]))])
print(json.dumps([worst, seen[-1], tw.get_backend()]))
"""


QUICK = ("chromium", "wasm", "iris")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no npm here that could fetch the models")
@pytest.mark.parametrize("kind, backend, name", [
    parameter(kind, b, name, slow=(kind, b, name) != QUICK) for kind, backends in PLACES.items() for b in backends for name in NAMES
])  # fmt: skip
def test_real_models(serve, kind, backend, name):
    server = serve()
    path = FOLDER / NAMES[name]
    server.site |= {f"models/{file.name}": file for file in (path, *path.parent.glob(f"{path.stem}*.bin"))}
    page = start_browser(kind).open(server.url)
    case = CASES[NAMES[name]]
    source = SCRIPT.replace("{told}", json.dumps(case)).replace("{url}", f"{server.url}models/{path.name}")
    result = page.run(source, backend=backend)
    page.close()
    assert result["ok"], result["error"]
    worst, progress, used = json.loads(result["stdout"])
    assert (progress, used) == (1, backend) and worst <= 1e-4
