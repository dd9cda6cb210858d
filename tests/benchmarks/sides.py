"""The two measured processes, and taking turns between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

ROOT = Path(__file__).resolve().parents[2]
PEER = ROOT / ".bench" / "peer" / "bin" / "python"
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "BLIS_NUM_THREADS",
    ),
    "1",
)


def environment() -> dict[str, str]:
    """That of a worker of the service on one core: one thread, and memory that stays with the process."""
    settings = yaml.safe_load((ROOT / "infra" / "dask" / "ogive.yaml").read_text())
    kept = settings["distributed"]["nanny"]["pre-spawn-environ"]
    return os.environ | ONE_THREAD | {name: str(value) for name, value in kept.items()}


class MeasurementFailed(Exception):
    """The measured code ended in an error; the message is its own."""


class Side:
    """A process that measures on request; use it as a context."""

    def __init__(self, module: str, python: Path = Path(sys.executable)) -> None:
        self.module = module
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", "-m", module],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request and wait for its answer.

        Raises:
            MeasurementFailed: the measured code raised an error, or ended its process.
        """
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise MeasurementFailed(f"{self.module} ended with code {self._process.wait()}.")
        answer = json.loads(line)
        if "error" in answer:
            raise MeasurementFailed(answer["error"])
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        self._process.wait()


def ogive() -> Side:
    """Ogive in a process of its own."""
    return Side("tests.benchmarks.ogive_pixel")


def ticoi() -> Side:
    """The peer in its own environment."""
    return Side("tests.benchmarks.ticoi_pixel", PEER)


def alternate(
    sides: Mapping[str, Side], rounds: int, requests: Mapping[str, dict[str, Any]]
) -> dict[str, list[float]]:
    """Seconds of every side, by name, the sides taking turns so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            seconds[name] += side.ask(**requests[name])["seconds"]
    return seconds
