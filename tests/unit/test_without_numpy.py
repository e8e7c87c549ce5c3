"""What the oracle does not cover runs where NumPy cannot be imported, too."""

import re
import subprocess
import sys
from pathlib import Path

from tests.oracle.test_oracle import TESTED_ELSEWHERE

ROOT = Path(__file__).parents[2]


def test_the_ops_without_oracle_cases():
    done = subprocess.run([sys.executable, "-m", "tests.unit.without_numpy"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_none_of_them_is_forgotten():
    text = (Path(__file__).parent / "without_numpy.py").read_text()
    assert set(re.findall(r'^    "([\w.]+)": lambda', text, re.M)) == set(TESTED_ELSEWHERE)
