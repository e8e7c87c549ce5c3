"""Measures a set: starts a process for each peer, compares outputs, then times the peers in turn, so that noise hits all alike."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from bench.peers import PEERS, REFERENCES, Peer

from .case import Case
from .compare import difference
from .page import Tab
from .process import ROOT, PeerError, Process, missing


@dataclass
class Row:
    """What was measured of one peer in one case."""

    case: Case
    peer: str
    threads: int
    version: str = ""
    problem: str = ""  # why it is not ranked
    times: list[float] = field(default_factory=list)
    note: str = ""  # what it says of itself

    @property
    def median(self) -> float:
        """Return the median seconds of a call."""
        return median(self.times)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Return the quartiles of the seconds of a call."""
        if len(self.times) < 2:
            return self.times[0], self.times[0]
        low, _, high = quantiles(self.times, n=4)
        return low, high


def caches(folder: str) -> dict[str, str]:
    """Return the environment in which compiled kernels are kept in a folder."""
    return {"XDG_CACHE_HOME": folder, "TENSORWEB_CACHE_DIR": folder}


class Lane:
    """A peer in the race: one process that loads case after case."""

    def __init__(self, peer: Peer, threads: int, limit: float):
        self.peer, self.threads, self.limit = peer, threads, limit
        self.version = self.note = ""
        self.single: list[float] = []  # the time of a first call too long to be repeated
        self.process = self.start()

    def start(self, environment: dict[str, str] | None = None) -> Process | Tab:
        """Start a process of the peer, or a worker in the page."""
        if self.peer.place == "page":
            process: Process | Tab = Tab(self.peer, self.threads, self.limit)
        else:
            process = Process(self.peer, self.threads, self.limit, environment)
        self.version = process.hello["version"]
        return process

    def load(self, case: Case, folder: Path) -> list[np.ndarray]:
        """Build the case's workload, and return what it computes."""
        answer = self.process.ask(do="load", folder=str(folder), again=True)
        self.single = [answer["first"]] if answer["long"] else []
        self.note = answer.get("note", "")
        return self.process.outputs(folder)

    def sample(self) -> list[float]:
        """Return the seconds of some calls."""
        return self.single or self.process.ask(do="run")["times"]

    def close(self) -> None:
        """End the process."""
        self.process.close()


class FreshLane(Lane):
    """A peer whose every sample is the start of a new process."""

    def __init__(self, peer: Peer, threads: int, limit: float):
        self.caches = tempfile.TemporaryDirectory()
        super().__init__(peer, threads, limit)
        self.process.close()

    def load(self, case: Case, folder: Path) -> list[np.ndarray]:
        """Start a process, which fills the disk cache too, and return what it computes."""
        self.case, self.folder = case, folder
        process = self.start(caches(self.caches.name))
        try:
            self.note = process.ask(do="load", folder=str(folder), again=False).get("note", "")
            return process.outputs(folder)
        finally:
            process.close()

    def sample(self) -> list[float]:
        """Return the seconds of the import or of the first call."""
        with tempfile.TemporaryDirectory() as empty:
            process = self.start(caches(empty if self.case.fresh == "cold" else self.caches.name))
            try:
                if self.case.fresh == "import":
                    return [process.hello["imported"]]
                begun = process.hello["imported"] if self.case.fresh == "all" else 0
                return [begun + process.hello["set_up"] + process.ask(do="load", folder=str(self.folder), again=False)["first"]]
            finally:
                process.close()

    def close(self) -> None:
        """Remove the disk cache."""
        self.caches.cleanup()


def run(cases: Sequence[Case], peers: Sequence[Peer], threads: int, rounds: int, limit: float) -> list[Row]:
    """Return a row for each case and each peer that knows its workload."""
    kind = FreshLane if cases[0].fresh else Lane
    lanes: list[Lane] = []
    rows: list[Row] = []
    for peer in peers:
        known = [case for case in cases if runs(peer, case)]
        try:
            if known:
                lanes.append(kind(peer, threads, limit))
        except PeerError as error:
            rows += [Row(case, peer.name, threads, problem=f"does not start: {error}") for case in known]
    try:
        for case in cases:
            able = [lane for lane in lanes if runs(lane.peer, case)]
            rows += race(case, able, rounds) if able else []
    finally:
        for lane in lanes:
            lane.close()
    return rows


def runs(peer: Peer, case: Case) -> bool:
    """Tell whether a peer takes part in a case."""
    return peer.place == case.place and case.workload in peer.workloads.split()


def race(case: Case, lanes: Sequence[Lane], rounds: int) -> list[Row]:
    """Return the rows of one case: first what each lane computes, then times, round after round."""
    rows = {lane.peer.name: Row(case, lane.peer.name, lane.threads, lane.version) for lane in lanes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case.write(folder)
        models = {model: write_model(model, folder) for model in {lane.peer.model for lane in lanes} - {""}}
        outputs = {}
        for lane in lanes:
            row = rows[lane.peer.name]
            row.problem = models.get(lane.peer.model, "")
            try:
                if not row.problem:
                    outputs[row.peer] = lane.load(case, folder)
                    row.note = lane.note
            except PeerError as error:
                row.problem = f"failed: {error}"
        judge(case, outputs, rows)
        for turn in range(rounds):
            for lane in [*lanes[turn % len(lanes) :], *lanes[: turn % len(lanes)]]:
                row = rows[lane.peer.name]
                try:
                    if not row.problem:
                        row.times += lane.sample()
                except PeerError as error:
                    row.problem = f"failed: {error}"
    return list(rows.values())


def judge(case: Case, outputs: dict[str, list[np.ndarray]], rows: dict[str, Row]) -> None:
    """Mark the rows whose outputs are not those of the reference."""
    reference = next((outputs[name] for name in (*REFERENCES, *outputs) if name in outputs), [])
    for name, found in outputs.items():
        apart = difference(found, reference, case.tolerance)
        rows[name].problem = f"wrong: {apart}" if apart else ""


def write_model(model: str, folder: Path) -> str:
    """Write a case as a model file, and return what went wrong, if anything."""
    done = subprocess.run([sys.executable, "-m", f"bench.peers.{model}", str(folder)], cwd=ROOT, capture_output=True, text=True)
    return f"failed: {done.stderr.strip().splitlines()[-1]}" if done.returncode else ""


def choose(own: Iterable[Peer], names: Sequence[str] | None) -> tuple[list[Peer], dict[str, str]]:
    """Return our rows and the installed peers, those named only if any are, and by name what the others lack."""
    wanted = [peer for peer in PEERS if names is None or any(peer.name == name or peer.name.startswith(f"{name} ") for name in names)]
    absent = {peer.name: lacking for peer in wanted if (lacking := missing(peer))}
    return [*own, *(peer for peer in wanted if peer.name not in absent)], absent
