"""The harness of the benchmarks: what it compares, ranks, refuses and writes. The figures themselves are not tested."""

import csv
import json
import math

import numpy as np
import pytest
from scipy.signal import correlate2d

from bench import __main__ as bench
from bench import conv, mobilenet, workloads
from bench.harness import process, report, rounds
from bench.harness.case import Case, draw
from bench.harness.compare import difference
from bench.peers import PEERS, Peer
from bench.peers import numpy as numpy_peer

CASE = Case("add of 2", "add", {"x": (2,), "y": (2,)}, flops=6e9, bytes=12)
ADD = np.array([1.0, 2.0], np.float32)


def row(peer, *times, problem="", threads=1):
    return rounds.Row(CASE, peer, threads, "1", problem, list(times))


class FakeLane:
    """A lane that computes and takes what it is told."""

    def __init__(self, name, output, time=1.0, fails_at=None):
        self.peer, self.threads, self.version, self.note = Peer(name, "", "", "add"), 1, "1", ""
        self.output, self.time, self.fails_at, self.samples = output, time, fails_at, 0

    def load(self, case, folder):
        assert json.loads((folder / "case.json").read_text())["inputs"] == ["x", "y"]
        if isinstance(self.output, str):
            raise process.PeerError(self.output)
        return [self.output]

    def sample(self):
        self.samples += 1
        if self.samples == self.fails_at:
            raise process.PeerError("out of memory")
        return [self.time]


# --- outputs ---


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([[1.0, 2.0]], None),
        ([[1.0, 2.0001]], None),
        ([[1.0, 2.1]], "output 0 differs by 5.0e-02"),
        ([[1.0, math.nan]], "differs by nan"),
        ([[1.0, math.inf]], "differs by inf"),
        ([[1.0]], "shape (1,) for (2,)"),
        ([[1.0, 2.0], [1.0]], "2 outputs for 1"),
        ([], "0 outputs for 1"),
    ],
)
def test_difference(found, said):
    apart = difference([np.array(f) for f in found], [np.array([1.0, 2.0])], 1e-4)
    assert (apart is None) if said is None else said in apart


def test_an_output_of_rounding_errors_is_measured_by_the_others_but_not_waved_through():
    reference = [np.array([10.0]), np.array([1e-9])]
    assert difference([np.array([10.0]), np.array([-1e-9])], reference, 1e-4) is None
    assert "output 1" in difference([np.array([10.0]), np.array([1e-3])], reference, 1e-4)
    assert difference([np.zeros((0, 3))], [np.zeros((0, 3))], 1e-4) is None
    assert difference([np.zeros(3)], [np.zeros(3)], 1e-4) is None


# --- rounds ---


def test_race_compares_with_the_reference_and_times_in_turn():
    lanes = [
        FakeLane("ours", ADD * 1.5),
        FakeLane("numpy", ADD, 2.0),
        FakeLane("broken", "no such op"),
        FakeLane("right", ADD * (1 + 1e-6), 3.0),
        FakeLane("dies", ADD, fails_at=2),
    ]
    rows = {r.peer: r for r in rounds.race(CASE, lanes, 3)}
    assert "wrong: output 0 differs" in rows["ours"].problem and not rows["ours"].times
    assert rows["broken"].problem == "failed: no such op"
    assert rows["dies"].problem == "failed: out of memory"
    assert rows["numpy"].times == [2.0] * 3 and rows["right"].times == [3.0] * 3
    assert [lane.samples for lane in lanes] == [0, 3, 0, 3, 2]
    assert [r.peer for r in report.ranked(list(rows.values()))] == ["numpy", "right"]


def test_row_statistics():
    assert row("a", 3.0, 1.0, 2.0, 100.0, 4.0).median == 3.0
    assert row("a", 1.0, 2.0, 3.0, 4.0, 5.0).quartiles == (1.5, 4.5)
    assert row("a", 7.0).quartiles == (7.0, 7.0)


def test_a_process_that_cannot_start_is_a_problem_of_its_rows_only():
    peers = [Peer("nowhere", "not_a_peer", "json", "add"), Peer("numpy", "numpy", "numpy", "add")]
    found = {r.peer: r for r in rounds.run([CASE], peers, 1, 1, 60.0)}
    assert "does not start: ModuleNotFoundError" in found["nowhere"].problem
    assert not found["numpy"].problem and found["numpy"].version == np.__version__ and found["numpy"].median > 0
    assert rounds.run([CASE], peers[:1], 1, 1, 60.0)[0].problem
    assert rounds.run([CASE], [Peer("idle", "not_a_peer", "json", "matmul")], 1, 1, 60.0) == []


def test_what_is_not_installed_is_absent(monkeypatch):
    peers = [Peer("ghost", "ghost", "json not_a_module", "add"), Peer("ghost.js", "tfjs.mjs", "@not/a-package", "add"), PEERS[0]]
    monkeypatch.setattr(rounds, "PEERS", peers)
    chosen, absent = rounds.choose([], None)
    assert [p.name for p in chosen] == ["numpy"]
    assert absent["ghost"] == "no not_a_module" and "no " in absent["ghost.js"]
    assert rounds.choose([], ["numpy"]) == ([PEERS[0]], {})
    assert rounds.choose([], []) == ([], {})


# --- reports ---


def test_table_ranks_and_relates():
    rows = [row("slow", 6e-3), row("fast", 2e-3), row("bad", problem="wrong: output 0"), row("middle", 3e-3)]
    lines = report.table(rows, ["absent", "middle"], ["slow", "bad"], 6e12).splitlines()
    assert lines[0] == "add of 2, 1 thread"
    assert lines[1].split() == ["ms", "low", "high", "x", "middle", "faster", "than", "slow", "GFLOP/s", "of", "peak", "GB/s"]
    assert [line.split()[0] for line in lines[2:5]] == ["fast", "middle", "slow"]
    assert lines[2].split()[1:] == ["2", "2", "2", "0.6667", "3", "3000", "0.5", "6e-06"]
    assert lines[5] == "  bad: wrong: output 0"


def test_table_without_a_ranked_row():
    lines = report.table([row("bad", problem="failed: x")], ["bad"], ["bad"], None).splitlines()
    assert lines == ["add of 2, 1 thread", "  bad: failed: x"]


def test_peak_counts_every_thread():
    assert report.columns(row("a", 1.0, threads=2), None, (), 6e9)["of peak"] == 0.5
    assert report.columns(row("a", 1.0), None, (), None)["of peak"] is None


def test_races_keep_threads_apart():
    rows = [row("a", 1.0), row("b", 1.0), row("a", 1.0, threads=2)]
    assert [len(race) for race in report.races(rows)] == [2, 1]


# --- cases and formulas ---


def test_inputs_come_from_one_seed():
    first, second = draw({"x": (2, 3), "w.kernel": (3, 3, 8, 4)}), draw({"x": (2, 3), "w.kernel": (3, 3, 8, 4)})
    assert all(np.array_equal(first[n], second[n]) and first[n].dtype == np.float32 for n in first)
    assert first["w.kernel"].std() == pytest.approx(math.sqrt(2 / 72), rel=0.2)


def test_mobilenet_costs_what_the_paper_says():
    assert mobilenet.plan()[1] == pytest.approx(1.137e9, rel=1e-3)
    assert sum(math.prod(shape) for name, shape in mobilenet.plan()[0].items() if "." in name) == 4_231_976 - 10_944


def test_every_workload_of_a_case_has_a_peer():
    names = {w for peer in PEERS for w in peer.workloads.split()}
    for name in bench.SETS:
        module = __import__(f"bench.{name.replace('-', '_')}", fromlist=["cases"])
        assert {case.workload for quick in (True, False) for case in module.cases(quick)} <= names


@pytest.mark.parametrize(("size", "kernel", "stride"), [(6, 3, 1), (6, 3, 2), (7, 3, 2), (8, 7, 2), (5, 1, 1)])
def test_reference_convolution(size, kernel, stride):
    """NumPy's convolutions, which all peers are compared with, beside SciPy's."""
    values = draw({"x": (1, size, size, 2), "w.kernel": (kernel, kernel, 2, 3), "d.depthwise": (kernel, kernel, 2, 1)})
    x, w, d = values.values()
    before = max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2
    padded = np.pad(x[0], ((before, kernel), (before, kernel), (0, 0)))
    steps = np.arange(-(-size // stride)) * stride

    def plane(c, taps):
        return correlate2d(padded[:, :, c], taps, "valid")[np.ix_(steps, steps)]

    expected = np.stack([sum(plane(c, w[:, :, c, o]) for c in range(2)) for o in range(3)], -1)
    found = workloads.conv(numpy_peer, {"x": x, "w.kernel": w}, stride)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-5)
    found = workloads.conv(numpy_peer, {"x": x, "w.depthwise": d}, stride)
    np.testing.assert_allclose(found[0], np.stack([plane(c, d[:, :, c, 0]) for c in range(2)], -1), rtol=1e-5, atol=1e-5)


def test_conv_counts_multiplications():
    assert conv.case(56, 64, 3, 32, 2).flops == 2 * 28 * 28 * 32 * 64 * 9
    assert conv.case(14, 512, 3, 0, 1).flops == 2 * 14 * 14 * 512 * 9


# --- the command ---


def test_a_set_from_end_to_end(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "measured_peak", lambda: (1e11, "told"))
    monkeypatch.setattr(rounds, "PEERS", [PEERS[0], Peer("ghost", "ghost", "not_a_module", "add")])
    bench.main(["elementwise", "--quick", "--backends", "numpy,nowhere", "--results", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "absent: tensorweb nowhere (not registered), ghost (no not_a_module)" in printed
    assert "add of two 10,000, 1 thread" in printed and "x numpy" in printed
    lines = (tmp_path / "elementwise.csv").read_text().splitlines()
    assert [line.startswith("# ") for line in lines[:4]] == [True, True, True, False] and "100 GFLOP/s" in lines[1]
    rows = list(csv.DictReader(lines[3:]))
    assert sorted(r["peer"] for r in rows) == ["numpy", "numpy", "tensorweb numpy", "tensorweb numpy"]
    assert all(float(r["low"]) <= float(r["ms"]) <= float(r["high"]) and r["reference"] == "numpy" and not r["problem"] for r in rows)


@pytest.mark.skipif(process.node() is None, reason="recorded kernels run in Node")
def test_recorded_kernels_compute_the_same_in_node():
    pytest.importorskip("wasmtime", reason="kernels are recorded on the backend wasm")
    chosen = [p for p in PEERS if p.file in ("numpy", "tensorweb_wasm.mjs")]
    shapes = {"x": (1, 9, 9, 20), "w.kernel": (3, 3, 20, 40)}
    case = Case("a convolution", "conv", shapes, {"stride": 2})
    rows = rounds.run([case], chosen, 1, 1, 60.0)
    assert [(row.peer, row.problem) for row in rows] == [(peer.name, "") for peer in chosen]
    assert all(row.times for row in rows)


@pytest.mark.parametrize("given", [["matmull"], ["matmul", "--peers", "numpi"]])
def test_unknown_names_are_refused(given, capsys):
    with pytest.raises(SystemExit):
        bench.main(given)
    assert f"got '{given[-1]}'" in capsys.readouterr().err
