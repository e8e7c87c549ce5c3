"""The page's wheels: small, the same each time, whole; sources without what only people read mean the same at the same lines."""

import ast
import gzip
import io
import json
import subprocess
import sys
import zipfile

import pytest

from tensorweb.web import wheel
from tensorweb.web.slim import slim, slim_script
from tests.browser.conftest import ROOT
from tools.node import node

LIMIT, PLAYER_LIMIT = 400_000, 15_000
TSC = ROOT / "tests" / "node_modules" / "typescript" / "bin" / "tsc"
SCRIPTS = sorted(wheel.PACKAGE.rglob("*.js"))
SOURCES = sorted(path for path in wheel.PACKAGE.rglob("*.py"))


class _Spoken(ast.NodeTransformer):
    """Takes out of a tree what slim() takes out of a source."""

    def visit(self, node):
        self.generic_visit(node)
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Expr(ast.Constant(0))]
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        return node


def statements(tree):
    """Return the kind and line of each statement but the numbers that stand where only a docstring was."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt)]
    return [(type(n).__name__, n.lineno) for n in found if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(wheel.PACKAGE).as_posix())
def test_slim_sources_mean_the_same_at_the_same_lines(path):
    source = path.read_text("utf-8")
    expected, got = _Spoken().visit(ast.parse(source)), ast.parse(slim(source))
    assert ast.dump(expected) == ast.dump(got)
    assert statements(expected) == statements(got)


TRICKY = '''
def f(a: "int # no", *b: tuple[int, str], c: dict[str, int] = {"#": 1}, **d: object) -> "list[int]":
    """Doc: # not a comment."""
    text = "# kept"  # gone -> with an arrow
    more = """# kept
        indented # kept
    """
    return (text, more, f"{a!r:>{c['#']}} # kept",
            b, d)  # gone


async def g(ä: int = 1,
            /, é: "ü" = 2) -> int:
    'only this'


class K:
    x: int = 1
    y: "str"
'''


def test_slim_on_what_is_hard():
    short = slim(TRICKY)
    assert ast.dump(_Spoken().visit(ast.parse(TRICKY))) == ast.dump(ast.parse(short))
    assert short.count("\n") == TRICKY.count("\n") and "gone" not in short and short.count("# kept") == 4
    held = "def f(a: int) -> tuple[\n    int\n]:\n    pass\n"
    assert ast.unparse(ast.parse(slim(held))) == ast.unparse(ast.parse(held.replace(": int", "")))
    assert slim("") == "" and slim("'''doc'''\nx = 1\n") == "\nx = 1\n"


TRICKY_SCRIPT = """// gone
const a = "// kept", b = 'it\\'s /* kept */'; /* gone
   gone */ const c = `// kept
   ${a /* kept */}`; // gone 'with a quote
function f(/** @type {number} */ x) { return/**/x / 2 / 1; }
"""


def meaning(script, folder):
    """Return a script as TypeScript prints it without comments."""
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "script.js").write_text(script)
    options = ["--allowJs", "--removeComments", "--target", "es2022", "--module", "es2022", "--outDir", folder / "out"]
    subprocess.run([node(), TSC, *options, folder / "in" / "script.js"], check=False, capture_output=True, timeout=300)
    return (folder / "out" / "script.js").read_text()


@pytest.mark.skipif(node() is None or not TSC.exists(), reason="no Node with TypeScript here")
@pytest.mark.parametrize("script", [*(path.read_text() for path in SCRIPTS), TRICKY_SCRIPT], ids=[*(p.name for p in SCRIPTS), "tricky"])
def test_slim_scripts_mean_the_same_at_the_same_lines(script, tmp_path):
    short = slim_script(script)
    assert meaning(script, tmp_path / "a") == meaning(short, tmp_path / "b")
    assert short.count("\n") == script.count("\n") and "gone" not in short and len(short) < len(script)


def test_sizes():
    player = [content for path, content in wheel.contents().items() if "/player/" in path]
    sizes = {part: len(wheel.make(part)) for part in wheel.PARTS}
    scripts = sum(len(gzip.compress(content, 9)) for content in player)
    print("bytes:", *(f"{part} {size:,}," for part, size in sizes.items()), f"the player's {len(player)} scripts gzipped {scripts:,}")
    assert max(sizes.values()) <= LIMIT
    assert len(player) >= 3 and scripts <= PLAYER_LIMIT


def test_the_bytes_depend_on_the_sources_alone():
    code = "import hashlib\nfrom tensorweb.web import wheel\nprint(hashlib.sha256(b''.join(map(wheel.make, wheel.PARTS))).hexdigest())"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=wheel.PACKAGE.parent) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout) == 65, runs[0].stderr


def test_they_are_wheels():
    for part in wheel.PARTS:
        content = wheel.make(part)
        archive = zipfile.ZipFile(io.BytesIO(content))
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        names = archive.namelist()
        assert wheel.name(part).split("-")[:2] == next(name for name in names if name.endswith("METADATA")).split(".dist-info")[0].split(
            "-"
        )
        record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
        assert [line.split(",")[0] for line in record.splitlines()] == names


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
sys.modules["numpy"] = None
import tensorweb as tw
from pathlib import Path
from tensorweb.web import later

asked = []
fetch = lambda name: asked.append(name) or Path(sys.argv[2], f"tensorweb_{name}.whl").read_bytes()
later.fetch_later({"tensorweb.graph": "graphs", "tensorweb.*": "houses"}, fetch)
tw.set_backend("python")
with tw.GradientTape() as tape:
    x = tw.variable([1.0, 2.0])
    y = tw.sum(tw.softmax(x) * tw.tensor([1.0, 3.0]))
steps = [str(tape.gradient(y, x).shape), list(asked)]
try:
    import tensorweb.nothing
except ModuleNotFoundError as error:
    steps.append(error.name)
steps += [list(asked), float(tw.layers.Dense(1, kernel_initializer="ones")(tw.ones((1, 3)))[0, 0]), list(asked)]
node = {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}}
topology = {"node": [node, {"name": "y", "op": "AddV2", "input": ["x", "x"]}]}
artifacts = tw.io.ModelArtifacts(model_topology=topology, weight_specs=[], weight_data=b"")
steps += [tw.load_graph_model(artifacts).predict([1.0, 2.0]).tolist(), list(asked)]
print(json.dumps(steps + [tw.__file__.startswith(sys.argv[1])]))
"""


def test_the_first_wheel_stands_alone_and_the_others_come_when_needed(tmp_path):
    with zipfile.ZipFile(io.BytesIO(wheel.make())) as archive:
        archive.extractall(tmp_path / "site")
    for part in wheel.PARTS[1:]:
        (tmp_path / f"{part}.whl").write_bytes(wheel.make(part))
    # Without site-packages: a checkout that is installed there would come before the wheels.
    command = [sys.executable, "-IS", "-c", PROGRAM, str(tmp_path / "site"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["(2,)", [], "tensorweb.nothing", ["houses"], 3.0, ["houses"], [2.0, 4.0], ["houses", "graphs"], True]


def test_what_pip_installs_is_whole(pip_wheel, tmp_path):
    """It holds all files of the package, and can serve and build pages from where it is installed."""
    with zipfile.ZipFile(pip_wheel) as archive:
        names = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}
        archive.extractall(tmp_path / "site")
    files = {path.relative_to(ROOT).as_posix() for path in wheel.PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert names == files
    (tmp_path / "script.py").write_text("print(1)")
    code = "import sys; sys.path.insert(0, 'site'); from tensorweb.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "build", "script.py", "out", "--pyodide", "https://example.org/pyodide/"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"index.html", "page/worker.js", "page/page.css"} <= {
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")
    }
    assert (tmp_path / "out" / wheel.name()).read_bytes() == wheel.make()
