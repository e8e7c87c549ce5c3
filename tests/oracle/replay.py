"""Replays oracle cases on the current backend and compares, in plain Python: it runs where NumPy does not exist too.

`python -m tests.oracle.replay [--backend NAME] [--block-numpy] [--small] [SUBJECT...]` prints the failures and a count for each subject.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

CASES = Path(__file__).parent / "cases"

# Relative to the largest magnitude of what is compared: the one table of tolerances. Reference values are computed in float64.
TOLERANCE = {"out": 2e-5, "grads": 1e-4, "grads2": 4e-4}


def load(subject):
    """Return the cases of a subject."""
    return [json.loads(line) for line in (CASES / f"{subject}.jsonl").read_text().splitlines()]


def subjects():
    """Return the subjects that have cases."""
    return sorted(p.stem for p in CASES.glob("*.jsonl"))


def _number(v, dtype):
    if dtype == "complex64":
        return complex(_number(v[0], "float32"), _number(v[1], "float32"))
    return float(v) if isinstance(v, str) and dtype != "string" else v


def decode(value, tw, made):
    """Return the value that a JSON form stands for; tensors that gradients are taken of are appended to `made`."""
    if isinstance(value, list):
        return [decode(v, tw, made) for v in value]
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    if not isinstance(value, dict):
        return value
    if "t" in value:
        t = tw.tensor([_number(v, value["d"]) for v in value["t"]], tuple(value["s"]), value["d"])
        if value["d"] in ("float32", "float16", "complex64"):
            made.append(t)
        return t
    if "tuple" in value:
        return tuple(decode(v, tw, made) for v in value["tuple"])
    if "slice" in value:
        return slice(*value["slice"])
    if "ellipsis" in value:
        return Ellipsis
    return {k: decode(v, tw, made) for k, v in value["dict"].items()}


def flatten(value, tw):
    """Return the tensors (and numbers) in a nested result, in order."""
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in flatten(v, tw)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in flatten(v, tw)]
    return [value]


def encoded_leaves(want):
    """Return the encoded arrays and numbers of an encoded result, in the order of `flatten`."""
    if isinstance(want, dict) and "t" not in want:
        want = want["tuple"] if "tuple" in want else list(want["dict"].values())
    return [leaf for v in want for leaf in encoded_leaves(v)] if isinstance(want, list) else [want]


def find(tw, name):
    """Return the function of a (dotted) op name."""
    entry = tw.tensor.__globals__["OPS"].get(name)
    found = tw
    for part in name.split(".") if entry is None else ():
        found = getattr(found, part)
    return found if entry is None else entry.function


def weighted_sum(outputs, tw):
    """Return the scalar whose gradients are checked, the same as the generator's."""
    total = None
    for out in flatten(outputs, tw):
        if out.dtype not in ("float32", "float16", "complex64"):
            continue
        w = [math.cos(i) for i in range(out.size)]
        part = tw.sum(tw.multiply(tw.real(out) if out.dtype == "complex64" else out, tw.tensor(w, out.shape, "float32")))
        if out.dtype == "complex64":
            part = tw.add(part, tw.sum(tw.multiply(tw.imag(out), tw.tensor(w[::-1], out.shape, "float32"))))
        total = part if total is None else tw.add(total, part)
    return total


def differences(got, want, tolerance, values=None):
    """Return what differs between a tensor, whose data are read if they are not given, and an encoded array, as text, or None."""
    if not isinstance(want, dict):
        want = {"t": [want], "s": [], "d": None}
    flat = want["t"]
    shape, dtype = (tuple(got.shape), got.dtype) if hasattr(got, "shape") else ((), None)
    if shape != tuple(want["s"]):
        return f"shape {shape}, expected {tuple(want['s'])}"
    if dtype and want["d"] and dtype != want["d"]:
        return f"dtype {dtype}, expected {want['d']}"
    values = list(got.data_sync() if values is None else values) if hasattr(got, "data_sync") else [got]
    expected = [_number(v, want["d"] or "float32") for v in flat]
    finite = [abs(v) for v in expected if not isinstance(v, (str, bool)) and math.isfinite(abs(v))]
    allowed = tolerance * max([1e-3, *finite])
    for i, (a, b) in enumerate(zip(values, expected)):
        if isinstance(a, bytes):
            a = a.decode("latin-1")
        if not _close(a, b, allowed):
            return f"element {i}: {a}, expected {b} (of {len(expected)}, tolerance {allowed:.3g})"
    return None


def _close(a, b, allowed):
    if isinstance(a, complex) or isinstance(b, complex):
        return _close(complex(a).real, complex(b).real, allowed) and _close(complex(a).imag, complex(b).imag, allowed)
    if isinstance(a, str) or isinstance(b, str) or a != a or b != b:
        return a == b or (a != a and b != b)
    return a == b or abs(a - b) <= allowed


def compute(case, tw, gradients=2):
    """Return what a case gives and what it should, [(part, results, encoded arrays, tolerance)]; nothing is read."""
    made = []
    args, kwargs = decode(case["args"], tw, made), {k: decode(v, tw, made) for k, v in case["kwargs"].items()}
    function, found = find(tw, case["op"]), []

    def add(part, got):
        found.append((part, flatten(got, tw), encoded_leaves(case[part]), case.get("tolerance") or TOLERANCE[part]))

    if "grads" not in case or not gradients:
        add("out", function(*args, **kwargs))
        return found
    with tw.GradientTape() as outer:
        outer.watch(made)
        with tw.GradientTape() as inner:
            inner.watch(made)
            outputs = function(*args, **kwargs)
            total = weighted_sum(outputs, tw)
        first = inner.gradient(total, made, unconnected_gradients="zero")
        second_total = weighted_sum(first, tw) if "grads2" in case and gradients > 1 else None
    add("out", outputs)
    add("grads", first)
    if second_total is not None:
        add("grads2", outer.gradient(second_total, made, unconnected_gradients="zero"))
    return found


def compare(computed, values=None):
    """Return a list of what is wrong with what `compute` returned; `values` has the data of tensors that were read already, by identity."""
    wrong = []
    for part, gots, wants, tolerance in computed:
        if len(gots) != len(wants):
            wrong.append(f"{part}: {len(gots)} results, expected {len(wants)}")
            continue
        found = [None if w is None else differences(g, w, tolerance, (values or {}).get(id(g))) for g, w in zip(gots, wants)]
        wrong += [f"{part}[{i}]: {d}" for i, d in enumerate(found) if d]
    return wrong


def check(case, tw, gradients=2):
    """Return a list of what is wrong with one case, empty if nothing."""
    try:
        return compare(compute(case, tw, gradients))
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def misplaced(tw):
    """Return what ran on another backend since the last call though it is no host routine, as text; empty for backends that run all."""
    from tensorweb.backends import registry
    from tensorweb.kernels.routines import ROUTINES

    elsewhere = getattr(registry.find_backend(tw.get_backend()), "elsewhere", {})
    found = [what for what in elsewhere if what.split(" on ")[0] not in ROUTINES and " of strings " not in what]
    elsewhere.clear()
    return found


def label(case):
    """Return a short text that tells which case it is."""
    return f"{case['op']}({json.dumps(case['args'])[:150]}, {json.dumps(case['kwargs'])[:150]})"


def smallest(cases):
    """Return for each op its smallest case with gradients, or its smallest case."""
    chosen = {}
    for case in cases:
        size = ("grads" not in case, len(json.dumps(case)))
        if case["op"] not in chosen or size < chosen[case["op"]][0]:
            chosen[case["op"]] = (size, case)
    return [case for _, case in chosen.values()]


def _kinds_of_tensors(value):
    """Yield what is special about the tensors in a case: dtypes, ranks, empty ones, scalars, NaN and infinity."""
    if isinstance(value, dict) and "t" in value:
        size = math.prod(value["s"])
        yield value["d"]
        yield f"rank {len(value['s'])}"
        yield "empty" if size == 0 else "scalar" if size == 1 else "some"
        yield from {v for v in value["t"] if v in ("nan", "inf", "-inf")}
    elif isinstance(value, (dict, list)):
        for v in value.values() if isinstance(value, dict) else value:
            yield from _kinds_of_tensors(v)


def telling(cases):
    """Return the smallest case of each op, and the smallest with each kind of tensor that the others leave out."""
    chosen = smallest(cases)
    seen = {kind for case in chosen for kind in _kinds_of_tensors([case["args"], case["kwargs"]])}
    for case in sorted(cases, key=lambda c: len(json.dumps(c))):
        new = set(_kinds_of_tensors([case["args"], case["kwargs"]])) - seen
        if new:
            chosen.append(case)
            seen |= new
    return chosen


_EDGES = {"empty", "nan", "inf", "-inf"}


def edges(cases):
    """Return the telling cases, and of each op the smallest with each edge that those leave out: nothing, NaN, infinity."""
    chosen, seen = telling(cases), {}
    for i, case in enumerate([*chosen, *sorted(cases, key=lambda c: len(json.dumps(c)))]):
        new = _EDGES.intersection(_kinds_of_tensors([case["args"], case["kwargs"]])) - seen.setdefault(case["op"], set())
        seen[case["op"]] |= new
        if new and i >= len(chosen):
            chosen.append(case)
    return chosen


class _NoNumpy:
    """Makes `import numpy` fail, as in a page."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "numpy":
            raise ImportError("numpy is blocked")
        return None


def main(cases_of=load, all_subjects=subjects, few=telling, wrong_in=check, named=label, key="op"):
    """Replay what the command line names; exit 1 if a case fails. The functions are those of one kind of case: ops here, or layers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--block-numpy", action="store_true")
    parser.add_argument("--small", action="store_true", help=f"only telling cases: the smallest of each {key}, and of each kind of tensor")
    parser.add_argument("subjects", nargs="*")
    options = parser.parse_args()
    if options.block_numpy:
        sys.meta_path.insert(0, _NoNumpy())
    import tensorweb as tw

    tw.set_backend(options.backend)
    failed = 0
    for subject in options.subjects or all_subjects():
        cases = few(cases_of(subject)) if options.small else cases_of(subject)
        bad = 0
        for case in cases:
            wrong = wrong_in(case, tw)
            bad += bool(wrong)
            for text in wrong[:4]:
                print(f"{named(case)}\n    {text}")
        failed += bad
        print(f"{subject}: {len(cases) - bad} of {len(cases)} cases of {len({c[key] for c in cases})} {key}s right on {options.backend}")
    from tensorweb.backends import registry

    current = registry.find_backend(options.backend)
    if hasattr(current, "here"):
        print(f"plans compiled on {options.backend}: {sum(current.here.values())} ({dict(current.here.most_common())})")
        print(f"calls of host routines and strings elsewhere: {sum(current.elsewhere.values())} ({dict(current.elsewhere.most_common())})")
        failed += bool(misplaced(tw))
    assert not (options.block_numpy and "numpy" in sys.modules), "numpy was imported"
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
