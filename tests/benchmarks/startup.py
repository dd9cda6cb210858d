"""Time until a worker has imported all that it needs."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from tests.benchmarks.sides import ROOT, environment

_PROGRAM = "import time; import workers.tasks; print(time.process_time())"


def import_seconds(rounds: int) -> float:
    """Median processor time of a fresh process that imports `workers.tasks`, the interpreter included."""
    took = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            check=True,
        )
        took.append(float(done.stdout))
    return median(took)
