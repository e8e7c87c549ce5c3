"""get_file and the unpacking of archives that nobody vouches for."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError
from tensorweb.utils import archives
from tensorweb.utils.archives import extract_archive
from tensorweb.utils.downloads import hash_file, validate_file

CONTENT = b"some data\n" * 1000


def tar_bytes(members, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return out.getvalue()


def zip_bytes(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


FILES = {
    "/data.txt": CONTENT,
    "/archive.tar.gz": tar_bytes([("folder/a.txt", b"a"), ("folder/deep/b.txt", b"b")]),
    "/archive.zip": zip_bytes([("folder/a.txt", b"a"), ("b.txt", b"b")]),
}


class Handler(http.server.BaseHTTPRequestHandler):
    asked: ClassVar[list] = []

    def do_GET(self):
        self.asked.append(self.path)
        content = FILES.get(self.path.partition("?")[0].removeprefix("/cut").removeprefix("/unknown"))
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if not self.path.startswith("/unknown"):
            self.send_header("Content-Length", str(len(content) + 10 * self.path.startswith("/cut")))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def fetch(tmp_path, server):
    Handler.asked.clear()

    def get(path, fname=None, **kwargs):
        return tw.utils.get_file(fname, origin=server + path, cache_dir=tmp_path, **kwargs)

    return get


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_download_is_kept(fetch, tmp_path, capsys):
    path = fetch("/data.txt")
    assert path == str(tmp_path / "datasets" / "data.txt") and Path(path).read_bytes() == CONTENT
    assert fetch("/data.txt") == path and Handler.asked == ["/data.txt"]
    assert "Downloading data from http://127" in capsys.readouterr().out
    fetch("/data.txt", force_download=True)
    assert len(Handler.asked) == 2 and names(tmp_path) == ["datasets/data.txt"]
    assert fetch("/unknown/data.txt", "other", cache_subdir="deep/er").endswith("deep/er/other")
    assert fetch("/data.txt?x=1#y", "named.txt", cache_subdir=str(tmp_path / "abs")) == str(tmp_path / "abs" / "named.txt")


def test_hashes(fetch, tmp_path):
    sha, md5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()
    path = fetch("/data.txt", file_hash=sha)
    assert fetch("/data.txt", file_hash=md5) == fetch("/data.txt", md5_hash=md5) == path and len(Handler.asked) == 1
    assert hash_file(path) == sha and hash_file(path, "md5") == md5 and validate_file(path, sha) and not validate_file(path, md5, "sha256")
    with open(path, "wb") as file:
        file.write(b"damaged")
    fetch("/data.txt", file_hash=sha)
    assert len(Handler.asked) == 2 and Path(path).read_bytes() == CONTENT


def test_a_wrong_download_leaves_what_was_there(fetch, tmp_path):
    path = fetch("/data.txt")
    with pytest.raises(ArgumentError, match="get_file: expected a file of hash"):
        fetch("/data.txt", file_hash="0" * 64)
    assert Path(path).read_bytes() == CONTENT
    with pytest.raises(ArgumentError, match="of hash"):
        fetch("/data.txt", "new", file_hash="0" * 32)
    with pytest.raises(ArgumentError, match="got 10000 of 10010 bytes"):
        fetch("/cut/data.txt", "cut")
    with pytest.raises(ArgumentError, match="404"):
        fetch("/none.txt")
    assert names(tmp_path) == ["datasets/data.txt"]


def test_wrong_arguments(fetch, tmp_path):
    for kwargs in ({"origin": None}, {"origin": "ftp://a/b"}, {"origin": "/etc/passwd"}, {"origin": "http://a.b/"}):
        with pytest.raises(ArgumentError):
            tw.utils.get_file(cache_dir=tmp_path, **kwargs)
    for name in ("../up", "a/b", ".."):
        with pytest.raises(ArgumentError, match="fname without a path"):
            fetch("/data.txt", name)
    with pytest.raises(ArgumentError, match="the file at"):
        tw.utils.get_file(origin="http://127.0.0.1:9/none", cache_dir=tmp_path)
    with pytest.raises(ArgumentError, match="the file at"):
        tw.utils.get_file(origin=(tmp_path / "none").as_uri(), cache_dir=tmp_path)


def test_file_urls_and_the_cache_of_the_environment(tmp_path, monkeypatch):
    (tmp_path / "source.txt").write_bytes(CONTENT)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    path = tw.utils.get_file(origin=(tmp_path / "source.txt").as_uri())
    assert path == str(tmp_path / "home" / "datasets" / "source.txt") and os.path.getsize(path) == len(CONTENT)


def test_archives(fetch, tmp_path):
    folder = fetch("/archive.tar.gz", extract=True)
    assert folder == str(tmp_path / "datasets" / "archive.tar.gz")
    assert names(tmp_path / "datasets") == ["archive.tar.gz/folder/a.txt", "archive.tar.gz/folder/deep/b.txt", "archive.tar.gz_archive"]
    assert fetch("/archive.zip", "named.zip", extract=True) == str(tmp_path / "datasets" / "named_extracted")
    assert fetch("/archive.tar.gz", "plain", untar=True) == str(tmp_path / "datasets" / "plain")
    (tmp_path / "datasets" / "plain" / "own.txt").write_text("mine")
    (tmp_path / "datasets" / "plain" / "folder" / "a.txt").unlink()
    fetch("/archive.tar.gz", "plain", untar=True)
    assert names(tmp_path / "datasets" / "plain") == ["folder/a.txt", "folder/deep/b.txt", "own.txt"]
    with pytest.warns(UserWarning, match="Could not extract"):
        fetch("/data.txt", "no_archive", extract=True)


CLIMBING = ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt", "a/.."]


# zipfile itself cuts names at a NUL, so that there is nothing to test.
@pytest.mark.parametrize("kind, name", [*(("zip", n) for n in CLIMBING), *(("tar", n) for n in [*CLIMBING, "ok/\0evil"])])
def test_paths_that_climb_are_left_out(kind, name, tmp_path):
    members = [("good.txt", b"good"), (name, b"evil")]
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "archive"
    file.write_bytes(tar_bytes(members) if kind == "tar" else zip_bytes(members))
    if kind == "tar" and "\0" in name:
        extract_archive(file, tmp_path / "in" / "out")  # the format itself ends names there
        assert set(names(tmp_path)) <= {"in/archive", "in/out/good.txt", "in/out/ok"}
        return
    with pytest.warns(UserWarning, match="leads outside the folder"):
        assert extract_archive(file, tmp_path / "in" / "out")
    assert names(tmp_path) == ["in/archive", "in/out/good.txt"]


def test_links_and_devices_are_left_out(tmp_path):
    (tmp_path / "secret").write_text("secret")
    file = tmp_path / "archive.tar"
    file.write_bytes(tar_bytes([
        ("link", (tarfile.SYMTYPE, str(tmp_path / "secret"))), ("hard", (tarfile.LNKTYPE, "../secret")), ("pipe", (tarfile.FIFOTYPE, "")),
        ("up", (tarfile.SYMTYPE, "..")), ("up/written.txt", b"x"), ("good.txt", b"good"),
    ], "w"))  # fmt: skip
    with pytest.warns(UserWarning, match="a link or a device"):
        extract_archive(file, tmp_path / "out")
    assert names(tmp_path) == ["archive.tar", "out/good.txt", "out/up/written.txt", "secret"]
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.warns(UserWarning, match="a link"):
        extract_archive(tmp_path / "archive.zip", tmp_path / "out2")
    assert list((tmp_path / "out2").iterdir()) == []


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_bombs_leave_nothing_behind(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 2**20)
    monkeypatch.setattr(archives, "MOST_GROWTH", 100)
    file = tmp_path / "bomb"
    members = [("small.txt", b"small"), ("zeros", bytes(4 * 2**20))]
    file.write_bytes(tar_bytes(members) if kind == "tar" else zip_bytes(members))
    with pytest.raises(ArgumentError, match="looks like a bomb"):
        extract_archive(file, tmp_path / "out")
    assert names(tmp_path) == ["bomb"] and sorted(p.name for p in tmp_path.iterdir()) == ["bomb"]


def test_a_zip_that_lies_about_its_size(tmp_path):
    raw = bytearray(zip_bytes([("zeros", bytes(2**20))]))
    for at in (22, raw.rfind(b"PK\x01\x02") + 24):  # the two places where the size is written
        raw[at : at + 4] = (10).to_bytes(4, "little")
    (tmp_path / "liar.zip").write_bytes(raw)
    with pytest.raises(ArgumentError):
        extract_archive(tmp_path / "liar.zip", tmp_path / "out")
    assert names(tmp_path) == ["liar.zip"]


@pytest.mark.parametrize("path", ["/archive.tar.gz", "/archive.zip"])
@pytest.mark.parametrize("cut", [False, True])
def test_damaged_archives(path, cut, tmp_path):
    raw = bytearray(FILES[path])
    at = raw.find(b"folder/a.txt") + 12 if path.endswith("zip") else len(raw) - 8  # gzip has its checksum there
    raw[at : at + 3] = b"\xff" * 3
    (tmp_path / "damaged").write_bytes(FILES[path][: len(raw) * 3 // 4] if cut else raw)
    if cut and path.endswith("zip"):
        assert not extract_archive(tmp_path / "damaged", tmp_path / "out")  # its table of contents is at the end
    else:
        with pytest.raises(ArgumentError, match="a whole archive"):
            extract_archive(tmp_path / "damaged", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["damaged"]


def test_formats(tmp_path):
    (tmp_path / "a.zip").write_bytes(FILES["/archive.zip"])
    assert not extract_archive(tmp_path / "a.zip", tmp_path / "out", "tar") and not extract_archive(tmp_path / "a.zip", tmp_path, None)
    with pytest.raises(ArgumentError, match="tar, zip or auto"):
        extract_archive(tmp_path / "a.zip", tmp_path, "rar")
