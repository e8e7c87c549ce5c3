"""Stored cases of ops, gradients and layers replayed in real browsers, on each backend there; each case says what ran it."""

import pytest

from tensorweb.kernels.shaders import LOWERINGS
from tests.browser.places import parameter, shared_place
from tests.browser.replay import replay, wrong
from tests.layers.replay import subjects as layers
from tests.oracle.replay import subjects

GPUS = ("webgpu", "webgl")
PATTERNS = {kind.__name__.lower() for kind in LOWERINGS}

# Each backend of each browser, where Python mostly runs: there all kinds of cases are replayed, all of them if time does not matter.
MOSTLY = [
    ("chromium worker", "wasm"),
    ("chromium worker", "webgpu"),
    ("chromium worker", "webgl"),
    ("firefox worker", "wasm"),
    ("firefox worker", "webgpu"),
    ("firefox-headed worker", "webgl"),
]
# The code of kernels is the same there; what differs is how Python and the device meet. The last of each is whether it waits for time.
ELSEWHERE = [
    ("chromium worker alone", "wasm", False),
    ("chromium main", "wasm", False),
    ("chromium main", "webgpu", False),
    ("chromium main", "webgl", True),
    ("firefox main", "webgpu", False),
    ("firefox worker", "webgpu", False),  # these two belong to MOSTLY, too, where they wait for time
    ("firefox-headed worker", "webgl", False),
    ("chromium main alone", "wasm", True),
    ("firefox worker alone", "wasm", True),
    ("firefox main", "wasm", True),
    ("firefox-headed main", "webgl", True),
]


def check(told, backend, fewest):
    """Check what `replay` returned: that it was so many cases, that all are right, and that the backend has run them."""
    assert told["backend"] == backend
    assert sum(s["cases"] for s in told["subjects"].values()) >= fewest
    assert not wrong(told), wrong(told)


@pytest.mark.parametrize(("place", "backend"), [parameter(*run, slow=run[0].startswith("firefox") and run[1] in GPUS) for run in MOSTLY])
def test_edges(place, backend, serve):
    """The smallest case of each op, and those with other dtypes and ranks; in Chromium, which is faster, nothing, NaN and infinity too.

    Firefox's GPUs take minutes for them: without time they have some, below.
    """
    few, count = ("edges", 1000) if place.startswith("chromium") else ("telling", 680)
    told = replay(shared_place(place, serve), subjects(), backend, few=few)
    check(told, backend, count)
    assert set(told["here"]) >= PATTERNS, PATTERNS - set(told["here"])


@pytest.mark.parametrize(("place", "backend"), [parameter(*run, slow=slow) for *run, slow in ELSEWHERE])
def test_some(place, backend, serve):
    """The smallest case of each twelfth op, and those with other dtypes and ranks."""
    check(replay(shared_place(place, serve), subjects(), backend, few="telling", part=(0, 12)), backend, 100)


@pytest.mark.parametrize("place", [parameter("chromium worker")])
def test_python(place, serve):
    check(replay(shared_place(place, serve), subjects(), "python", few="smallest", part=(0, 4)), "python", 100)


@pytest.mark.parametrize("subject", subjects())
@pytest.mark.parametrize(("place", "backend"), [parameter(*run, slow=True) for run in MOSTLY])
def test_all(place, backend, subject, serve):
    check(replay(shared_place(place, serve), [subject], backend), backend, 1)


@pytest.mark.parametrize("subject", layers())
@pytest.mark.parametrize(("place", "backend"), [parameter(*run, slow=True) for run in MOSTLY])
def test_layers(place, backend, subject, serve):
    check(replay(shared_place(place, serve), [subject], backend, "layers", few="smallest"), backend, 1)
