"""Compiled kernels on disk: what is damaged, foreign or not to be had is compiled anew; the folder does not grow without end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tensorweb.flags import flags

pytest.importorskip("llvmlite")

import llvmlite.binding as llvm

from tensorweb.backends.native import cache as cache_module
from tensorweb.backends.native import machine as machine_module
from tensorweb.backends.native.cache import DiskCache, folder
from tensorweb.backends.native.machine import NativeMachine

ROOT = Path(__file__).parents[2]
needs_modes = pytest.mark.skipif(not hasattr(os, "getuid"), reason="only where files have owners and modes")


@pytest.fixture(autouse=True)
def place(tmp_path):
    """An empty folder for the cache."""
    before = flags.get("CACHE_DIR")
    flags.set("CACHE_DIR", str(tmp_path))
    yield tmp_path / "kernels"
    flags.set("CACHE_DIR", before)


def answer(b):
    """A kernel that stores 42."""
    b.store("i32", b.slot(1), b.constant("i32", 42))


def use(key="answer", emit=answer):
    """Compile and call a kernel in a new machine; return the cache and whether it was compiled."""
    machine = NativeMachine()
    address = machine.reserve(4096)
    machine.run(machine.compile(key, emit), bytes(8) + address.to_bytes(8, sys.byteorder), 1, 1)
    assert machine.read(address, 4).cast("i")[0] == 42
    return machine.cache, bool(machine.compiled)


def only_file(place):
    (path,) = place.iterdir()
    return path


def test_a_kernel_is_compiled_once(place):
    assert use()[1] and not use()[1] and use("other")[1]
    assert len(list(place.iterdir())) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:],
        lambda content: bytes([content[0] ^ 128]) + content[1:],
        lambda content: b"\0" * len(content),
        lambda content: os.urandom(1 << 20),
    ],
)
def test_what_is_damaged_is_compiled_anew(place, damage):
    use()
    path = only_file(place)
    path.write_bytes(damage(path.read_bytes()))
    cache, compiled = use()
    assert compiled and cache.damaged == 1
    assert not use()[1]  # and stored anew


@pytest.mark.parametrize("content", [b"", b"no object", b"\x7fELF" + bytes(200), None])
def test_whole_files_that_are_no_objects(content):
    use()
    machine = NativeMachine()
    cache, key = machine.cache, f"{machine.processor}\nanswer"
    good = cache.get(key)
    cache.put(key, good[: len(good) // 2] if content is None else content)
    cache, compiled = use()
    assert compiled and cache.damaged == 1 and not use()[1]


def test_a_file_under_the_name_of_another_key(place):
    use()
    path = only_file(place)
    use("other", lambda b: answer(b))
    (other,) = set(place.iterdir()) - {path}
    path.write_bytes(other.read_bytes())
    assert use()[1] and not use("other")[1]


@needs_modes
def test_what_others_own_or_may_write_to_is_not_run(place, monkeypatch):
    use()
    path = only_file(place)
    path.chmod(0o666)
    cache, compiled = use()
    assert compiled and cache.damaged == 1
    assert path.stat().st_mode & 0o777 == 0o600 and not use()[1]
    place.chmod(0o777)
    cache, compiled = use()
    assert compiled and cache.found == 0
    place.chmod(0o700)
    assert not use()[1]
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    before = path.stat().st_mtime_ns
    assert use()[1] and use()[1]
    assert path.stat().st_mtime_ns == before  # and nothing is written to it


def test_folders_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file", "file/inside"):
        flags.set("CACHE_DIR", str(tmp_path / name))
        assert use()[1] and use()[1]


def test_no_home_folder(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    flags.set("CACHE_DIR", "")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert use()[1] and use()[1]


@needs_modes
def test_a_folder_that_can_only_be_read(place, monkeypatch):
    use()

    def refuse(*arguments, **options):
        raise PermissionError("read-only file system")

    for module, name in ((cache_module.tempfile, "mkstemp"), (os, "utime")):  # modes do not stop the superuser
        monkeypatch.setattr(module, name, refuse)
    assert not use()[1] and use("other")[1] and use("other")[1]
    assert len(list(place.iterdir())) == 1


def test_a_full_disk_leaves_no_half_files(place, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert use()[1]
    assert not list(place.iterdir())


@pytest.mark.parametrize("change", ["code", "LLVM", "llvmlite", "processor", "system"])
def test_keys_change_with_what_kernels_depend_on(change, monkeypatch):
    use()
    if change == "code":
        monkeypatch.setattr(machine_module, "_sources", lambda: "others")
    elif change == "LLVM":
        monkeypatch.setattr(llvm, "llvm_version_info", (1, 2, 3))
    elif change == "llvmlite":
        monkeypatch.setattr(machine_module.llvmlite, "__version__", "9.9")
    elif change == "system":
        monkeypatch.setattr(llvm, "get_default_triple", lambda: "other")
    else:
        found = machine_module._processor()
        assert found.features
        monkeypatch.setattr(machine_module, "_processor", lambda: found._replace(features=found.features + ",-sse4a"))
    assert use()[1] and not use()[1]
    monkeypatch.undo()
    assert not use()[1]


def test_the_digest_of_the_code_sees_every_file():
    assert machine_module._sources() == machine_module._sources.__wrapped__()
    root = ROOT / "tensorweb" / "kernels"
    changed = root / "loops" / "map.py"
    read = Path.read_bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: read(path) + (b"#" if path == changed else b""))
        assert machine_module._sources.__wrapped__() != machine_module._sources()


def test_the_folder_stays_within_its_limit(place, monkeypatch):
    monkeypatch.setattr(cache_module, "LIMIT", 10_000)
    monkeypatch.setattr(cache_module, "_WRITES", 1)
    cache = DiskCache("test")
    for i in range(30):
        cache.put(str(i), bytes(968))  # 1000 with the digest
        os.utime(cache._place(str(i))[0], (i, i))
        if i:
            assert cache.get("0") is not None  # what is used stays
        assert sum(p.stat().st_size for p in place.iterdir()) <= 10_000
    kept = [i for i in range(30) if cache.get(str(i)) is not None]
    assert kept[0] == 0 and 29 in kept and 7 <= len(kept) <= 10
    (place / "notes.txt").write_bytes(bytes(20_000))
    cache.put("last", bytes(968))
    assert (place / "notes.txt").exists()  # what is not ours stays


def test_processes_that_compile_at_once(place):
    code = "import tensorweb as tw; tw.set_backend('native'); x = tw.ones((30, 20)); print(float(tw.sum(tw.softmax(x) @ tw.ones((20, 5)))))"
    environment = {**os.environ, "TENSORWEB_CACHE_DIR": str(place.parent), "PYTHONPATH": str(ROOT)}
    start = lambda: subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)  # noqa: E731
    results = [float(p.communicate(timeout=100)[0]) for p in [start() for _ in range(4)]]
    assert results == pytest.approx([150.0] * 4)
    assert place.stat().st_mode & 0o077 == 0 or not hasattr(os, "getuid")
    assert {p.suffix for p in place.iterdir()} == {".o"}


def test_where_it_is(monkeypatch, tmp_path):
    assert folder() == tmp_path / "kernels"
    flags.set("CACHE_DIR", "")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder() == tmp_path / "tensorweb" / "kernels"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert folder() == tmp_path / ".cache" / "tensorweb" / "kernels"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folder() == tmp_path / "Library" / "Caches" / "tensorweb" / "kernels"
