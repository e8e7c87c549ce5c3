"""Writes tests/data/keras_files.json: small files as Keras, h5py and safetensors write them. Needs those three packages.

Run: python tests/formats/generate_keras.py
"""

import base64
import io
import json
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import ml_dtypes
import numpy as np
from safetensors.numpy import save

TARGET = Path(__file__).parents[1] / "data" / "keras_files.json"


def base64_of(data):
    return base64.b64encode(data).decode()


def rounded(a):
    return [float(f"{v:.9g}") for v in np.asarray(a, "float64").reshape(-1)]


def model_files():
    keras.utils.set_random_seed(3)
    text = keras.layers.TextVectorization(name="words")
    text.adapt(["cat dog"])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="first"), keras.layers.BatchNormalization(name="norm")])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.zeros((4, 2)), verbose=0)
    folder = Path(tempfile.mkdtemp())
    for name in ("m.keras", "m.h5", "m.weights.h5"):
        (model.save_weights if "weights" in name else model.save)(folder / name)
    keras.Sequential([keras.Input((1,), dtype="string"), text]).save(folder / "text.keras")
    files = {p.name: base64_of(p.read_bytes()) for p in sorted(folder.iterdir())}
    weights = {w.path: rounded(w.numpy()) for w in model.weights}
    return files, weights


def hdf5_file():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as f:
        for name in ("float16", "float32", "float64", "int8", "uint8", "int32", "int64", "uint32", "bool"):
            f[f"numbers/{name}"] = np.array([[0, 1], [1, 2]]).astype(name)
        f["numbers/big"] = np.array([2**40])
        f["numbers/complex"] = np.array([1 + 2j], "complex64")
        f["numbers/half"] = np.array([1.5, -3], ml_dtypes.bfloat16)
        f["numbers/half"].attrs["dtype"] = "bfloat16"
        f["scalar"] = np.float32(2.5)
        f["packed"] = f.create_dataset("zeros", data=np.zeros((1000, 100), "float32"), compression="gzip")
        f["texts"] = ["a", "hä", ""]
        f["fixed"] = np.array([b"ab", b"c"])
        f["nothing"] = h5py.Empty("f")
        f["compound"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
        f["link"], f["far"], f["loop"] = h5py.SoftLink("/numbers/int32"), h5py.ExternalLink("other.h5", "/x"), h5py.SoftLink("/loop")
        f["beyond"] = h5py.SoftLink("/far/x")
        f.create_dataset("declared", shape=(1 << 20, 1 << 10), dtype="f4", chunks=(1024, 1024))
        layout = h5py.VirtualLayout((2,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
        f.create_virtual_dataset("virtual", layout)
        f.create_dataset("external", (2,), "f4", external=[("other.bin", 0, 8)])
        f.attrs.update({"text": "t", "bytes": b"b", "number": 3, "float": 0.5, "names": [b"x", b"yy"], "nothing": h5py.Empty("f")})
        f.attrs["cut0"], f.attrs["cut1"] = [b"x", b"y"], [b"z"]
        f.attrs["empty"] = np.zeros(0)
    return base64_of(buffer.getvalue())


def safetensors_file():
    values = {
        "f64": np.array([0.5]), "f32": np.array([[1.5, -2], [np.inf, 0]], "float32"), "f16": np.array([65504, 1e-7], "float16"),
        "bf16": np.array([1.5, -3e38, np.nan], ml_dtypes.bfloat16), "i64": np.array([-(2**31), 2**31 - 1]), "i32": np.array(-7, "int32"),
        "i16": np.array([-32768], "int16"), "u16": np.array([65535], "uint16"), "i8": np.array([-128], "int8"),
        "u8": np.array([255], "uint8"), "bool": np.array([True, False]), "empty": np.zeros((0, 3), "float32"),
    }  # fmt: skip
    ours = {k: values[k] for k in ("f32", "f16", "i32", "i8", "u8", "bool", "empty")}
    return {
        "data": base64_of(save(values, {"made": "by hand"})),
        "values": {k: [str(x) for x in v.astype("float64").reshape(-1)] for k, v in values.items()},
        "shapes": {k: v.shape for k, v in values.items()},
        "ours": base64_of(save(ours)),
    }


def main():
    files, weights = model_files()
    found = {"keras": keras.__version__, "files": files, "weights": weights, "hdf5": hdf5_file(), "safetensors": safetensors_file()}
    TARGET.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
