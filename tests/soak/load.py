"""A hundred clients at once on a service of its own: `python -m tests.soak.load SECONDS [CLIENTS]`.

Points that nobody asked for before, points that everybody asks for, searches and polls of jobs, while region
jobs run one after another; beside them, in a process of its own, a probe of /health/live every 100 ms. Told
are percentiles of the time to answer by kind, errors, memory of service and workers after a fifth of the time
and in the end, and how loaded the machine was.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from tests.soak.clients import Seen, load
from tests.soak.own import service


def memory(pids: list[int]) -> float:
    """MiB that processes and their descendants hold."""
    held = 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for each in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    held += each.memory_info().rss
    return held / 2**20


async def weighed(pids: list[int], end: float, found: list[tuple[float, float]]) -> None:
    """Note the memory every two seconds: seconds since the start, MiB."""
    began = time.monotonic()
    while time.monotonic() < end:
        found.append((time.monotonic() - began, memory(pids)))
        await asyncio.sleep(2)


def growth(weights: list[tuple[float, float]]) -> str:
    """Memory after the first fifth and at the end (medians of a tenth of the time each), and the most."""
    seconds = weights[-1][0]
    after = np.median([mib for at, mib in weights if seconds / 5 <= at <= seconds * 3 / 10])
    last = np.median([mib for at, mib in weights if at >= seconds * 9 / 10])
    most = max(mib for _, mib in weights)
    return (
        f"memory {after:.0f} MiB after a fifth of the time, {last:.0f} MiB at the end, {most:.0f} MiB at most"
    )


def others() -> str:
    """How loaded the machine is: what else runs makes answers late."""
    return f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@contextlib.contextmanager
def probed(base: str, seconds: float, seen: Seen):
    """Ask for health beside what goes on."""
    command = [sys.executable, "-m", "tests.soak.probe", base, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as probe:
        yield
        found = json.loads(probe.communicate()[0])
    seen.seconds["health"] = [took for took in found if took is not None]
    seen.errors += [f"health: no answer, {found.count(None)} times"] if None in found else []


def main() -> int:
    """Tell what was seen; 1 where anything failed."""
    seconds = float(sys.argv[1])
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    weights: list[tuple[float, float]] = []
    health = Seen()
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder, service(Path(folder)) as (base, pid):
        print(others(), "before")
        with probed(base, seconds, health):
            seen = asyncio.run(load(base, seconds, clients, lambda end: weighed([pid], end, weights)))
    seen.seconds |= health.seconds
    seen.errors += health.errors
    print(f"{clients} clients, {seconds:g} s, {others()} at the end")
    print(seen.report())
    print(growth(weights))
    return 1 if seen.errors or seen.refused else 0


if __name__ == "__main__":
    sys.exit(main())
