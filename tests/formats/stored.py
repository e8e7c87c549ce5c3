"""The stored files of Keras, h5py and safetensors (tests/data/keras_files.json, written by generate_keras.py)."""

import base64
import json
from pathlib import Path

DATA = json.loads((Path(__file__).parents[1] / "data" / "keras_files.json").read_text())
FILES = {name: base64.b64decode(text) for name, text in DATA["files"].items()}
HDF5 = base64.b64decode(DATA["hdf5"])
SAFETENSORS = {k: base64.b64decode(v) if isinstance(v, str) else v for k, v in DATA["safetensors"].items()}
