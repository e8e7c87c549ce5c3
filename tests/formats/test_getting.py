"""What breaks off or fails for a moment is got again, what was kept is not: counted at a server that fails and changes."""

import asyncio
import gc
import hashlib
import re
import warnings

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, FetchError, FormatError, OutOfMemoryError
from tensorweb.flags import flags
from tensorweb.io import caching, getting

from .server import Server
from .test_http import put_model


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(getting, "FIRST_PAUSE", 0.001)
    made = Server()
    yield made
    made.close()


def paths(server):
    """Return the paths that were asked for since the last look."""
    seen = [path for _, path, _, _ in server.seen]
    server.seen.clear()
    return seen


class Failing:
    """Answers with each of `failures` (functions of the whole answer) before it answers as it should; Range is understood or not."""

    def __init__(self, server, path, failures, ranges=True, **headers):
        _, self.headers, self.body = server.answers[path]
        self.headers = {**self.headers, **headers}
        self.failures, self.ranges, self.asked = list(failures), ranges, []
        server.answers[path] = self

    def __call__(self, headers):
        self.asked.append(headers.get("Range"))
        begun = re.match(r"bytes=(\d+)-$", headers.get("Range") or "")
        start = int(begun[1]) if begun and self.ranges else 0
        told = {"Content-Range": f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"} if start else {}
        answer = (206 if start else 200, {**self.headers, **told, "Content-Length": str(len(self.body) - start)}, self.body[start:])
        return self.failures.pop(0)(*answer) if self.failures else answer


def status(number, **headers):
    return lambda *answer: (number, headers, b"not now")


def cut(count):
    return lambda number, headers, body: (number, headers, body[:count])


# --- again ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_passes(server, number):
    url = put_model(server, size=4000)
    shard = Failing(server, "/models/w1.bin", [status(number)] * 3)
    assert tw.io.http(url).load().tensors()["small"].tolist() == [1, 2, 3]
    assert len(shard.asked) == 4


@pytest.mark.parametrize("number", [400, 401, 403, 404, 410, 501])
def test_a_status_that_stays_is_told_at_once(server, number):
    url = put_model(server, size=4000)
    shard = Failing(server, "/models/w1.bin", [status(number)] * 2)
    with pytest.raises(FetchError, match=f"status {number}"):
        tw.io.http(url).load()
    assert len(shard.asked) == 1


def test_how_often_and_how_long(server, monkeypatch):
    url = put_model(server, size=4000)
    shard = Failing(server, "/models/w1.bin", [status(503)] * 100)
    with pytest.raises(FetchError, match="status 503"):
        tw.io.http(url, retries=5).load()
    assert len(shard.asked) == 6
    pauses = []
    monkeypatch.setattr(getting.time, "sleep", pauses.append)
    shard.failures = [status(429, **{"Retry-After": "7"}), status(429), status(429)]
    tw.io.http(url).load()
    assert pauses == [7.0, 0.002, 0.004]
    shard.failures = [status(429, **{"Retry-After": "3600"})]
    with pytest.raises(FetchError, match="429"):
        tw.io.http(url).load()
    for wrong in (-1, 1.5, "3", True, 1000):
        with pytest.raises(ArgumentError, match="retries"):
            tw.io.http(url, retries=wrong)


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without"])
def test_what_breaks_off_goes_on_from_there(server, ranges):
    url = put_model(server)
    whole = tw.io.http(url).load().weight_data
    shard = Failing(server, "/models/w1.bin", [cut(1_200_000), cut(10), cut(0)], ranges)
    told = []
    loaded = tw.io.http(url, on_progress=told.append).load()
    assert b"".join(loaded.weight_data) == b"".join(whole)
    assert told == sorted(told) and told[-1] == 1.0
    assert shard.asked == ([None, "bytes=1200000-", "bytes=1200010-", "bytes=1200010-"] if ranges else [None] + ["bytes=1200000-"] * 3)
    shard.failures = [cut(5)] * 3
    assert asyncio.run(tw.io.http(url, stream_weights=True).load_async()).tensors()["small"].tolist() == [1, 2, 3]


def test_a_file_that_changes_meanwhile_is_refused(server):
    url = put_model(server)
    shard = Failing(server, "/models/w1.bin", [cut(1000)], ETag='"one"')

    def renew(headers):
        shard.headers["ETag"] = '"two"'
        return shard(headers)

    shard.failures.insert(0, lambda *answer: server.answers.update({"/models/w1.bin": renew}) or cut(1000)(*answer))
    with pytest.raises(FetchError, match="changed meanwhile"):
        tw.io.http(url).load()


@pytest.mark.parametrize("wrong", ["bytes 999-2000/3000", "bytes */3000", "nonsense", ""])
def test_a_range_that_is_another(server, wrong):
    url = put_model(server)
    Failing(server, "/models/w1.bin", [cut(100), lambda number, headers, body: (206, {**headers, "Content-Range": wrong}, body)])
    with pytest.raises((FetchError, FormatError)):
        tw.io.http(url).load()


def test_a_fetch_of_ones_own_is_called_again():
    class Response:
        status, headers = 200, {}

        def __init__(self, body):
            self.body = body

        async def read(self, count):
            if not self.body:
                raise ConnectionResetError("gone")
            piece, self.body = self.body[:5], self.body[5:]
            return piece

    class Whole(Response):
        async def read(self, count):
            piece, self.body = self.body[:count], self.body[count:]
            return piece

    text, asked = b'{"modelTopology": {"a": 1}}', []

    async def fetch(url, init):
        asked.append(init["headers"])
        return Response(text[:12]) if len(asked) < 3 else Whole(text)

    loaded = asyncio.run(tw.io.http("https://nowhere.invalid/m.json", fetch_func=fetch).load_async())
    assert loaded.model_topology == {"a": 1} and asked == [{}] * 3  # no range: its size is not known


def test_saving_is_not_done_twice(server):
    server.answers["/upload"] = (503, {}, b"")
    with pytest.raises(FetchError, match="503"):
        tw.io.http(f"{server.url}/upload").save(tw.io.ModelArtifacts({"class_name": "Model"}))
    assert len(server.seen) == 1


# --- kept -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    before = flags.get("CACHE_DIR")
    flags.set("CACHE_DIR", str(tmp_path))
    yield tmp_path / "files"
    flags.set("CACHE_DIR", before)


def tagged(server, headers=None):
    """Let the server tell versions of its files, and count the bytes that it sends whole."""
    for path, (number, _, body) in list(server.answers.items()):
        server.answers[path] = (number, headers or {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, body)


ALL = ["/models/model.json", "/models/w1.bin", "/models/sub/w2.bin"]


@pytest.mark.parametrize("load", [lambda h: h.load(), lambda h: asyncio.run(h.load_async())], ids=["blocking", "async"])
@pytest.mark.parametrize("headers", [None, {"Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT"}], ids=["etag", "date"])
def test_files_are_kept_while_they_are_the_same(server, folder, headers, load):
    url = put_model(server)
    tagged(server, headers)
    whole = b"".join(load(tw.io.http(url)).weight_data)
    assert not folder.exists()
    for _ in range(3):
        assert load(tw.io.http(url, cache=True, stream_weights=True)).tensors()["small"].tolist() == [1, 2, 3]
    assert len(list(folder.iterdir())) == 3
    paths(server)
    for path, (number, told, body) in server.answers.items():  # none of these bytes is that of the model
        server.answers[path] = (number, told, b"x" * len(body))
    assert b"".join(load(tw.io.http(url, cache=True)).weight_data) == whole
    assert paths(server) == ALL


def test_what_changed_is_got_anew(server, folder):
    url = put_model(server)
    tagged(server)
    tw.io.http(url, cache=True).load()
    number, _, body = server.answers["/models/sub/w2.bin"]
    changed = body[:-12] + tw.io.encode_weights({"small": tw.tensor([7, 8, 9])})[0]
    server.answers["/models/sub/w2.bin"] = (number, {}, changed)
    tagged(server)
    assert tw.io.http(url, cache=True).load().tensors()["small"].tolist() == [7, 8, 9]
    server.answers["/models/sub/w2.bin"] = (200, {}, body)  # versions that are not told are always got
    assert tw.io.http(url, cache=True).load().tensors()["small"].tolist() == [1, 2, 3]


def test_without_a_server(server, folder):
    url = put_model(server)
    tw.io.http(url, cache=True).load()
    paths(server)
    tw.io.http(url, cache="immutable").load()
    assert paths(server) == []
    server.close()
    assert tw.io.http(url, cache=True).load().tensors()["small"].tolist() == [1, 2, 3]
    with pytest.raises(FetchError):
        tw.io.http(url, retries=0).load()
    with pytest.raises(FetchError):  # with other headers it is another's file
        tw.io.http(url, headers={"Authorization": "other"}, cache=True, retries=0).load()
    assert tw.io.clear_cache() == 3 and tw.io.clear_cache() == 0
    with pytest.raises(FetchError):
        tw.io.http(url, cache="immutable", retries=0).load()


def test_a_server_that_refuses_is_believed(server, folder):
    url = put_model(server)
    tw.io.http(url, cache=True).load()
    server.answers["/models/model.json"] = (403, {}, b"")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(FetchError, match="403"):
            tw.io.http(url, cache=True).load()
        gc.collect()
    assert not [str(w.message) for w in told if str(folder) in str(w.message)], "the kept file is closed"


def test_where_a_fetch_of_ones_own_reaches_nobody_the_kept_file_is_read(server, folder):
    online = True

    def fetch(url, init):
        if not online:
            raise ConnectionRefusedError("no network")
        return tw.io.fetch(url, init)

    url = put_model(server)
    tw.io.http(url, cache=True, fetch_func=fetch).load()
    online = False
    assert tw.io.http(url, cache=True, fetch_func=fetch).load().tensors()["small"].tolist() == [1, 2, 3]
    with pytest.raises(ConnectionRefusedError):
        tw.io.http(url, fetch_func=fetch, retries=0).load()


def test_only_whole_files_are_kept(server, folder):
    url = put_model(server)
    Failing(server, "/models/sub/w2.bin", [cut(1000)] * 9)
    with pytest.raises(FetchError):
        tw.io.http(url, cache=True, retries=1).load()
    assert len(list(folder.iterdir())) == 2
    assert tw.io.http(url, cache=True, retries=100).load().tensors()["small"].tolist() == [1, 2, 3]
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-1], lambda data: data + b"x", lambda data: b"x" + data[1:], lambda data: b"[]" + data[2:],
     lambda data: data[:100], lambda data: b"{" * 4096 + data[4096:], lambda data: b'{"headers": 3}' + b" " * 4082 + data[4096:]],
)  # fmt: skip
def test_damaged_files_are_got_again(server, folder, damage):
    url = put_model(server, size=4000)
    tagged(server)
    tw.io.http(url, cache=True).load()
    for path in folder.iterdir():
        path.write_bytes(damage(path.read_bytes()))
    assert tw.io.http(url, cache="immutable").load().tensors()["small"].tolist() == [1, 2, 3]


def test_a_folder_that_cannot_be_written_to_costs_a_warning(server, tmp_path):
    url = put_model(server, size=4000)
    before = flags.get("CACHE_DIR")
    (tmp_path / "file").write_text("")
    flags.set("CACHE_DIR", str(tmp_path / "file"))
    try:
        with pytest.warns(UserWarning, match="could not be kept"):
            assert tw.io.http(url, cache=True).load().tensors()["small"].tolist() == [1, 2, 3]
    finally:
        flags.set("CACHE_DIR", before)
    with pytest.raises(ArgumentError, match="immutable"):
        tw.io.http(url, cache="always")


def test_files_of_one_piece(server, folder, tmp_path):
    pytest.importorskip("h5py", reason="h5py reads the files of Keras")
    model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(1, kernel_initializer="ones")])
    model.save(tmp_path / "m.keras")
    server.answers["/m.keras"] = (200, {}, (tmp_path / "m.keras").read_bytes())
    failing = Failing(server, "/m.keras", [status(503), cut(100)])
    loaded = tw.saving.load_model(f"{server.url}/m.keras", headers={"X-One": "1"}, cache=True)
    assert loaded.predict(tw.ones((1, 2)), verbose=0).tolist() == [[2.0]]
    assert len(failing.asked) == 3 and server.seen[0][2]["X-One"] == "1" and len(list(folder.iterdir())) == 1


def test_key_is_of_address_and_headers():
    keys = {caching.key_of(url, init) for url in ("http://a/b", "http://a/c") for init in ({}, {"headers": {"A": "1"}})}
    assert len(keys) == 4 and all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


# --- too large --------------------------------------------------------------------------------------------------------------


def test_weights_beyond_the_limit_are_not_asked_for(server):
    url = put_model(server, size=4_000_000)
    flags.set("WEIGHTS_LIMIT_MB", 3)
    try:
        for stream in (False, True):
            with pytest.raises(OutOfMemoryError, match="3 MB at most, got 3 MB"):
                tw.io.http(url, stream_weights=stream).load()
        assert paths(server) == ["/models/model.json"] * 2
        flags.set("WEIGHTS_LIMIT_MB", 4)
        tw.io.http(url).load()
    finally:
        flags.set("WEIGHTS_LIMIT_MB", 0)
