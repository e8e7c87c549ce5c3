"""`python -m bench NAME...` measures sets side by side with the peers that are installed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path

import tensorweb as tw

from . import peers
from .harness import machine, process, report, rounds

SETS = ("mobilenet", "matmul", "elementwise", "conv", "overhead", "train-mnist", "lstm", "transformer-block", "startup", "page")
RESULTS = Path(__file__).parent / "results"


def listed(text: str) -> list[str]:
    """Return the names between commas."""
    return [name for name in text.split(",") if name]


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"sets: {', '.join(SETS)} (default: all)")
    parser.add_argument("--backends", type=listed, help="our backends (default: those registered but python)")
    parser.add_argument("--peers", type=listed, help=f"of {', '.join(p.name for p in peers.PEERS)} (default: all; '' for none)")
    parser.add_argument("--threads", type=listed, default=["1"], help="one run for each number (default: 1)")
    parser.add_argument("--against", type=listed, help="the row that ratios refer to: the first of these that was measured")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds, no files unless --results")
    parser.add_argument("--slow", action="store_true", help="our backend python too, and an hour's patience for each answer")
    parser.add_argument("--results", type=Path, help=f"folder of CSV and plot (default: {RESULTS.relative_to(Path(__file__).parents[1])})")
    options = parser.parse_args(given)
    known = {"set": SETS, "peer": [p.name for p in peers.PEERS] + [p.name.split()[0] for p in peers.PEERS]}
    for kind, names in (("set", options.names), ("peer", options.peers or [])):
        for name in names:
            if name not in known[kind]:
                parser.error(f"expected a {kind} among {', '.join(known[kind])}, got {name!r}")
    return options


def measured_peak() -> tuple[float, str]:
    """Return the FMA peak of one core and how it was measured, in a process with one thread."""
    command, environment = [sys.executable, "-m", "bench.harness.machine"], {**os.environ, **process.thread_counts(1)}
    done = subprocess.run(command, cwd=process.ROOT, capture_output=True, text=True, check=True, env=environment)
    speed, how = done.stdout.strip().split("\t")
    return float(speed), how


def measure(name: str, options: argparse.Namespace, rows_of: Sequence[peers.Peer], notes: list[str], peak: float) -> None:
    """Run one set, print its tables, write its files."""
    module = import_module(f"bench.{name.replace('-', '_')}")
    cases, against = module.cases(options.quick), options.against or module.AGAINST
    count, limit = (2 if options.quick else 7), (3600.0 if options.slow else 300.0)
    print(f"\n{name}: {str(module.__doc__).splitlines()[0]}", flush=True)
    rows = []
    for threads in map(int, options.threads):
        found = rounds.run(cases, rows_of, threads, count, limit)
        # A peer that does not start comes first: order by case, as in the set.
        found.sort(key=lambda row: cases.index(row.case))
        for race in report.races(found):
            print(report.table(race, against, getattr(module, "SPEED_UP_OVER", ()), peak), flush=True)
        rows += found
    folder = options.results or (None if options.quick else RESULTS)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        report.write_csv(folder / f"{name}.csv", rows, against, peak, notes)
        report.plot(folder / f"{name}.png", f"{name}\n{notes[0]}", rows)


def main(given: Sequence[str] | None = None) -> None:
    """Run the sets of the command line."""
    options = arguments(given)
    registered = tw.registered_backends()
    backends = options.backends if options.backends is not None else [b for b in registered if b != "python" or options.slow]
    absent = {f"tensorweb {b}": "not registered" for b in backends if b not in registered}
    own = [row for b in backends if b in registered for row in peers.own(b)]
    chosen, lacking = rounds.choose(own, options.peers)
    absent |= lacking
    peak, how = measured_peak()
    notes = [f"{machine.describe()}, {date.today()}", f"FMA peak of one core: {peak / 1e9:.0f} GFLOP/s (float32, {how})"]
    notes += [f"absent: {', '.join(f'{name} ({why})' for name, why in absent.items())}"] if absent else []
    print("\n".join(notes))
    for name in options.names or SETS:
        measure(name, options, chosen, notes, peak)


if __name__ == "__main__":
    main()
