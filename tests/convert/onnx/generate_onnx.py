"""Writes tests/data/onnx_ops.json.gz: models of one ONNX op each, inputs, and what ONNX Runtime gives. Needs onnx and onnxruntime.

    python -m tests.convert.onnx.generate_onnx

The cases stand in cases_*.py. Each is made with known shapes and, where that is possible, with none known.
"""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from tests.convert.onnx import cases_learned, cases_math, cases_networks, cases_shaping
from tests.convert.onnx.cases import CASES

TARGET = Path(__file__).parents[2] / "data" / "onnx_ops.json.gz"
IR = {7: 3, 9: 4, 11: 6, 12: 7, 13: 7, 15: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}
DOMAIN_OPSETS = {"ai.onnx.ml": 3, "com.microsoft": 1}


def model_of(case, dynamic):
    """Return the model of a case: inputs named in its `constant` are initializers."""
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(case.inputs)]
    outputs = [f"y{i}" if i not in case.without else "" for i in range(case.outputs)]
    node = helper.make_node(case.op, names, outputs, domain=case.domain, name="node", **case.attrs)
    inputs, initializers = [], []
    for i, (name, x) in enumerate(zip(names, case.inputs)):
        if x is None:
            continue
        if i in case.constant:
            initializers.append(numpy_helper.from_array(x, name))
        else:
            shape = [f"d{i}_{j}" for j in range(x.ndim)] if dynamic else x.shape
            inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), shape))
    # What the outputs are ONNX Runtime infers itself.
    given = [onnx.ValueInfoProto(name=name) for name in outputs if name]
    graph = helper.make_graph([node, *case.before], "g", inputs, given, initializers)
    opsets = [helper.make_opsetid("", case.opset)]
    if case.domain:
        opsets.append(helper.make_opsetid(case.domain, DOMAIN_OPSETS[case.domain]))
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR.get(case.opset, 8))


def stored(x):
    """Return an array as JSON."""
    if isinstance(x, list):
        return {"dtype": "maps", "value": [{str(k): float(v) for k, v in row.items()} for row in x]}
    if x.dtype.kind in "OU":
        return {"dtype": "string", "shape": x.shape, "value": [str(v) for v in x.ravel()]}
    if x.dtype == np.float64:
        x = x.astype(np.float32)
    if x.dtype == np.float16:
        x = x.astype(np.float32)
    return {"dtype": str(x.dtype), "shape": x.shape, "data": base64.b64encode(x.tobytes()).decode()}


def run():
    """Run all cases and write the file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    made, refused = [], []
    for case in CASES:
        for dynamic in (False, True) if case.dynamic else (False,):
            model = model_of(case, dynamic)
            data = model.SerializeToString()
            try:
                session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
                fed = {f"x{i}": x for i, x in enumerate(case.inputs) if x is not None and i not in case.constant}
                outputs = session.run(None, fed)
            except Exception as error:
                refused.append(f"{case.op} {case.opset} {case.attrs}: {error}"[:200])
                continue
            name = f"{case.op}-{case.opset}" + (f"-{case.note}" if case.note else "") + ("-dynamic" if dynamic else "")
            made.append({
                "op": case.op, "domain": case.domain, "name": name, "step": case.step, "tolerance": case.tolerance,
                "model": base64.b64encode(data).decode(),
                "inputs": [stored(x) for i, x in enumerate(case.inputs) if x is not None and i not in case.constant],
                "outputs": [stored(y) for y in outputs],
            })  # fmt: skip
    TARGET.write_bytes(gzip.compress(json.dumps({"onnxruntime": onnxruntime.__version__, "cases": made}).encode(), 9, mtime=0))
    print(f"{len(made)} cases of {len({(c['domain'], c['op']) for c in made})} ops, {TARGET.stat().st_size} bytes")
    print(*refused, sep="\n")


assert cases_learned and cases_math and cases_networks and cases_shaping and TensorProto

if __name__ == "__main__":
    run()
