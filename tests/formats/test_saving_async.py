"""The twins that do not block, URLs, and handlers that a user makes."""

import asyncio

import pytest

import tensorweb as tw
from tensorweb.errors import FetchError

from .server import Server


def small():
    model = tw.Sequential([tw.Input((3,)), tw.layers.Dense(2, name="a")])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("place", ["m.keras", "m.h5", "folder"])
def test_async_twins(place, tmp_path):
    pytest.importorskip("h5py")
    model = small()

    async def both():
        await model.save_async(tmp_path / place)
        return await tw.saving.load_model_async(tmp_path / place)

    assert [w.value.tolist() for w in asyncio.run(both()).weights] == [w.value.tolist() for w in model.weights]


def test_handlers():
    model, seen = small(), []
    model.save(tw.io.with_save_handler(seen.append))
    again = tw.saving.load_model(seen[0])
    assert [w.value.tolist() for w in again.weights] == [w.value.tolist() for w in model.weights]
    model.save("memory://handlers")
    assert "memory://handlers" in tw.io.list_models()


def test_urls(tmp_path):
    pytest.importorskip("h5py")
    model, server = small(), Server()
    try:
        for place in ("m.keras", "m.h5", "folder"):
            model.save(tmp_path / place)
        for path in [p for p in tmp_path.rglob("*") if p.is_file()]:
            server.answers["/" + path.relative_to(tmp_path).as_posix()] = (200, {}, path.read_bytes())
        for place in ("m.keras", "m.h5", "m.keras?key=1", "folder/model.json"):
            again = tw.saving.load_model(f"{server.url}/{place}")
            assert [w.value.tolist() for w in again.weights] == [w.value.tolist() for w in model.weights]
        server.answers["/short.keras"] = (200, {"Content-Length": "9999"}, (tmp_path / "m.keras").read_bytes()[:500])
        for place in ("none.keras", "none/model.json", "short.keras"):
            with pytest.raises(FetchError):
                tw.saving.load_model(f"{server.url}/{place}")
    finally:
        server.close()
