"""Where NumPy cannot be imported (as in the page) weights, files and safetensors work all the same."""

import subprocess
import sys
from pathlib import Path

SCRIPT = '''
import sys, tempfile
sys.modules["numpy"] = None
import tensorweb as tw
values = {"a": tw.tensor([[1.5, -2.0], [0.0, 6.5]]), "b": tw.tensor([1, 2]), "s": tw.tensor(["x", ""]), "m": tw.tensor([True, False]),
          "c": tw.tensor([1 + 2j]), "h": tw.cast(tw.tensor([0.5]), "float16")}
for how in (None, {"uint8": "a"}, {"uint16": "[ab]"}, {"float16": "a"}):
    data, specs = tw.io.encode_weights(values, quantization=how)
    with tempfile.TemporaryDirectory() as folder:
        handler = tw.io.file_system(folder, weight_shard_size=7)
        handler.save(tw.io.ModelArtifacts({"class_name": "Model"}, specs, data))
        loaded = handler.load().tensors()
    for name, t in loaded.items():
        expected = values[name].tolist()
        if name != "a":
            assert t.tolist() == expected, (name, t)
        else:
            assert tw.max(tw.abs(t - values[name])).item() <= 8.5 / 255, t
plain = {k: values[k] for k in "abmh"}
found = tw.io.load_safetensors(tw.io.save_safetensors(plain))
assert all(found[k].tolist() == plain[k].tolist() for k in plain)
try:
    with tw.io.open_hdf5("x.h5"):
        pass
except tw.errors.BackendError as error:
    assert "formats" in str(error)
print("done")
'''


def test_without_numpy():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "done", done.stderr
