"""The walls of the house: imports run down only, NumPy is imported in two places, files stay small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tensorweb"
FILES = sorted(PACKAGE.rglob("*.py"))

# From low to high; a module may import what is at its own level or below. The longest matching prefix decides.
LEVELS = [
    ["errors", "dtypes"],
    ["kernels"],
    ["shapes", "flags", "folders", "waiting", "formatting"],
    ["backends.protocol", "backends.registry"],
    ["backends"],
    ["interop"],
    ["engine", "operators"],
    ["tensor"],
    ["autodiff", "numerics"],
    ["memory"],
    ["ops"],
    ["profiler", "tfjs", "array_api", "browser"],
    ["naming", "serialization", "dtype_policies"],
    ["symbolic", "config", "tree", "stateless"],
    ["initializers", "regularizers", "constraints", "activations"],
    ["data", "io", "optimizers", "losses", "metrics"],
    ["utils", "datasets", "preprocessing", "mixed_precision", "backend"],
    ["layers"],
    ["callbacks"],
    ["models"],
    ["graph"],
    ["saving", "applications", "utils.plotting", "utils.feature_space"],
    ["convert"],
    [""],
]


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def level(module):
    matches = [(len(p), i) for i, group in enumerate(LEVELS) for p in group if module == p or module.startswith(p + ".") or p == ""]
    return max(matches)[1]


def imports(path):
    """Yield (module within the package or top-level package, is ours, is within a function)."""
    tree = ast.parse(path.read_text())
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) for n in ast.walk(f)}
    package = module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
    package = [p for p in package if p]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, False, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.module, False, id(node) in inside
                continue
            base = package[: len(package) - (node.level - 1)]
            target = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                full = f"{target}.{alias.name}" if target else alias.name
                exists = (PACKAGE / Path(*full.split("."))).with_suffix(".py").exists() or (PACKAGE / Path(*full.split("."))).is_dir()
                yield (full if exists else target), True, id(node) in inside


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_run_down(path):
    own = level(module_name(path))
    for target, ours, inside in imports(path):
        if ours and not inside:
            assert level(target) <= own, f"{module_name(path)} imports {target}, which stands above it"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_numpy_is_imported_in_two_places(path):
    name = module_name(path)
    if name == "interop" or name.startswith("backends.numpy"):
        return
    for target, ours, _ in imports(path):
        assert ours or target.partition(".")[0] not in ("numpy", "scipy"), f"{name} imports {target}"


ABSTRACT = ("backends.protocol", "backends.registry", "backends.heap")


def test_nothing_imports_a_concrete_backend():
    for path in FILES:
        if module_name(path).startswith("backends."):
            continue
        for target, ours, _ in imports(path):
            assert not ours or not target.startswith("backends.") or target in ABSTRACT, (path, target)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_files_open_with_what_lives_there_and_stay_small(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), f"{path} has no opening docstring"
    assert text.count("\n") <= 600, f"{path} is too long for one idea"


def test_the_library_imports_without_numpy():
    code = (
        "import sys\nsys.modules['numpy'] = sys.modules['llvmlite'] = None\nimport tensorweb as tw\n"
        "assert tw.get_backend() == 'python'\nprint(float(tw.sum(tw.ones((2, 3)) * 2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "12.0", done.stderr


def test_importing_the_library_does_not_import_numpy():
    code = "import sys, tensorweb\nassert 'numpy' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert done.returncode == 0, done.stderr
