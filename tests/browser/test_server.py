"""The server is safe: for this machine only, what belongs to the page only, by GET and HEAD only, with headers that keep it at home."""

import http.client
import socket
import threading

import pytest

from tensorweb.errors import ArgumentError
from tensorweb.web import pyodide_files
from tensorweb.web.server import Server, policy
from tensorweb.web.site import make, named_files, root
from tests.browser.conftest import ROOT

SCRIPT = """
import os.path
import helper
from package import inner
print(open("data/table.csv").read(), open(".secret").read(), open("../outside.txt").read())
print("link.txt", "folder", "/etc/passwd", "missing.csv")
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with a script, what it names, and what it must not get."""
    (tmp_path / "outside.txt").write_text("outside")
    home = tmp_path / "home"
    texts = dict.fromkeys(["package/__init__.py", "package/inner.py", "package/other.py", "data/unnamed.csv", "unnamed.txt"], "")
    texts |= dict.fromkeys([".secret", "folder/.hidden", "__pycache__/helper.pyc"], "secret")
    texts |= {"script.py": SCRIPT, "helper.py": "import second", "second.py": "'grün/ä b.txt'", "grün/ä b.txt": "umlauts"}
    texts |= {"data/table.csv": "1,2", "folder/a.txt": "a", "folder/deep/b.txt": "b"}
    for path, text in texts.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    (home / "link.txt").symlink_to(tmp_path / "outside.txt")
    (home / "folder" / "link").symlink_to(tmp_path)
    return home


SHARED = [
    *("data/table.csv", "folder/a.txt", "folder/deep/b.txt", "grün/ä b.txt", "helper.py", "package/__init__.py", "package/inner.py"),
    *("script.py", "second.py"),
]


@pytest.fixture
def server(folder):
    """A server of the script, without Pyodide."""
    with Server(make(folder / "script.py", "https://example.org/pyodide/"), pyodide="https://example.org/pyodide/") as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server, path, method="GET", host=None):
    """Return (status, headers, body) of a request that is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), body


def test_files_that_the_script_names_are_shared_and_no_others(folder):
    assert sorted(named_files(folder / "script.py", folder)) == SHARED
    assert "data/unnamed.csv" in named_files(folder / "script.py", folder, ("data/*.csv",))
    assert sorted(named_files(folder / "script.py", folder, ("../*.txt", ".secret", "link.txt"))) == SHARED


def test_a_script_that_cannot_be_parsed_is_served_alone(folder):
    (folder / "broken.py").write_text("print('helper.py'")
    assert list(named_files(folder / "broken.py", folder)) == ["broken.py"]


def test_the_library_is_not_among_the_files_of_a_script(monkeypatch):
    found = named_files(ROOT / "examples" / "mnist" / "__main__.py", ROOT)
    assert {path for path in found if path.endswith(".py")} == {
        f"examples/{name}.py" for name in ("__init__", "mnist/__init__", "mnist/__main__", "mnist/draw")
    }
    monkeypatch.chdir(ROOT)
    assert "files/examples/gan.py" in make(None, "https://example.org/", ("examples/*.py",))


def test_a_script_in_a_package_starts_above_it(folder):
    assert root(folder / "package" / "inner.py") == folder
    assert root(folder / "script.py") == folder


def test_what_is_there_is_served_whole(server):
    for path, kind in {
        "/": "text/html",
        "/page/worker.js": "text/javascript",
        "/site.json": "application/json",
        "/files/script.py": "text/plain",
    }.items():
        status, headers, body = ask(server, path)
        assert status == 200 and headers["Content-Type"].startswith(kind) and int(headers["Content-Length"]) == len(body) > 0
    assert ask(server, "/files/data/table.csv?x=1#y")[2] == b"1,2"
    assert ask(server, "/files/gr%C3%BCn/%C3%A4%20b.txt")[2] == b"umlauts"


NOT_THERE = """
/files/../outside.txt /files/%2e%2e/outside.txt /files/..%2foutside.txt /files/..%5coutside.txt //etc/passwd /etc/passwd /files//etc/passwd
/files/.secret /files/folder/.hidden /files/link.txt /files/folder/link/outside.txt /files/unnamed.txt /files/data/unnamed.csv
/files/ /files /files/data/ /page/ /page/../server.py /page/../../__init__.py /pyodide/
/files/script.py%00.txt /files/SCRIPT.PY /index.html%0d%0aX:%20y *
http://elsewhere/etc/passwd
"""


@pytest.mark.parametrize("path", [*NOT_THERE.split(), "/" + "a" * 9000])
def test_nothing_else_is(server, path):
    status, headers, body = ask(server, path)
    assert status in (404, 421) and b"outside" not in body and b"secret" not in body and b"root:" not in body
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
def test_only_get_and_head(server, method):
    assert ask(server, "/", method)[0] == 501


def test_head_is_get_without_its_body(server):
    status, headers, body = ask(server, "/page/worker.js", "HEAD")
    assert status == 200 and body == b"" and int(headers["Content-Length"]) == len(ask(server, "/page/worker.js")[2])


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1", "localhost:1"])
def test_other_names_that_lead_here_get_nothing(server, host):
    assert ask(server, "/site.json", host=host)[0] == 421
    assert ask(server, "/site.json", host=f"localhost:{server.server_port}")[0] == 200


def test_headers(server):
    _, headers, _ = ask(server, "/")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"].strip() == "TensorWeb", "the server tells its Python version"
    rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["form-action"] == "'none'"
    assert rules["connect-src"] == "'self' https://example.org blob: data:"
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


def test_the_policy_names_no_origin_but_pyodides():
    assert "http" not in policy() and "*" not in policy()
    assert policy("https://a.example").count("https://a.example") == 2


def test_it_listens_on_the_loopback_interface_only(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others:
        if not address.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((address, server.server_port), timeout=2):
                pass


def test_a_script_that_is_not_there(tmp_path):
    with pytest.raises(ArgumentError, match=r"missing\.py"):
        make(tmp_path / "missing.py", "https://example.org/")


def test_where_pyodide_comes_from(tmp_path, monkeypatch):
    monkeypatch.delenv("TENSORWEB_PYODIDE", raising=False)
    npm = tmp_path / "node_modules" / "pyodide"
    npm.mkdir(parents=True)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(ArgumentError, match="npm install pyodide"):
        pyodide_files.find()
    for name in pyodide_files.FILES:
        (npm / name).write_bytes(b"")
    assert pyodide_files.find() == npm.resolve()
    assert pyodide_files.find("https://example.org/p") == "https://example.org/p/"
    assert pyodide_files.find(str(npm)) == npm.resolve()
    with pytest.raises(ArgumentError, match=r"pyodide\.mjs"):
        pyodide_files.find(str(tmp_path))
    monkeypatch.setenv("TENSORWEB_PYODIDE", "http://localhost:9/")
    assert pyodide_files.find() == "http://localhost:9/"
