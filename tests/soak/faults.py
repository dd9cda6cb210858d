"""Every part killed in random order while a job runs: `python -m tests.soak.faults ROUNDS [SEED]`.

Two services, two workers, scheduler, database and S3 front; each is killed once a round and started again at
once, as `restart: always` does. One service also stands still for longer than its lease lasts. Every job must
end as successful with the bytes of an undisturbed one, its item once in the catalog.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from infra.local.deployment import free_ports
from infra.local.process import Process
from service.jobs.lease import TERM_SECONDS
from tests.deployed.parts import BOX, Ogive, comparison, running

PATIENCE_S = 600
NOBODY = "https://127.0.0.1/"
"""A subscriber that no callback may go to: each that is due is refused and written down"""


@contextmanager
def restarted(parts: list[Process]) -> Iterator[None]:
    """Start each part again whenever it has ended."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            for part in parts:
                if part.pid is None:
                    part.start()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def asked(services: list[httpx.Client], method: str, path: str, **options) -> httpx.Response:
    """What one of the services answers, once one does so without a fault of its own."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for service in services:
            try:
                answer = service.request(method, path, **options)
            except httpx.TransportError:
                continue
            if answer.status_code < 500:
                return answer
        time.sleep(0.3)
    raise RuntimeError(f"No service answers {path}.")


def kills(parts: list[Process], draw: random.Random) -> list[tuple[float, str, Callable[[], None]]]:
    """What happens to the parts in one round: after how many seconds, to whom, and how."""
    still = draw.choice([part for part in parts if part.name.startswith("service")])

    def stand() -> None:
        if (pid := still.pid) is not None:
            os.kill(pid, signal.SIGSTOP)
            threading.Timer(TERM_SECONDS + 5.0, _go_on, [still, pid]).start()

    what = [(part.name, part.kill) for part in parts] + [(f"{still.name} stands still", stand)]
    draw.shuffle(what)
    return [(draw.uniform(0.0, 3.0), name, act) for name, act in what]


def _go_on(part: Process, pid: int) -> None:
    if part.pid == pid:
        os.kill(pid, signal.SIGCONT)


def one_round(
    ogive: Ogive,
    parts: list[Process],
    services: list[httpx.Client],
    draw: random.Random,
    undisturbed: Callable[..., dict[str, bytes]],
) -> str:
    """One job under fire; what was wrong with it, or nothing."""
    body = {
        "inputs": {"bbox": BOX, "force": True},
        "subscriber": dict.fromkeys(("inProgressUri", "successUri", "failedUri"), NOBODY),
    }
    path, key = "/processes/velocity-cube/execution", {"Idempotency-Key": uuid.uuid4().hex}
    answer = asked(services, "POST", path, json=body, headers=key)
    job = "/jobs/" + answer.headers["Location"].rpartition("/")[2]
    under_way = []
    for pause, name, act in kills(parts, draw):
        time.sleep(pause)
        if asked(services, "GET", job).json()["status"] in {"accepted", "running"}:
            under_way.append(name)
        act()
    until = time.monotonic() + PATIENCE_S
    while (record := asked(services, "GET", job).json())["status"] in {"accepted", "running"}:
        if time.monotonic() > until:
            return f"does not end: {record['message']}"
        time.sleep(0.5)
    print(f"  {record['status']} after {len(under_way)} faults under way: {', '.join(under_way)}", flush=True)
    if record["status"] != "successful":
        return record["message"]
    item = asked(services, "GET", f"{job}/results").json()["item"]["href"].rpartition("/")[2]
    found = [each["id"] for each in asked(services, "GET", "/search?limit=1000").json()["features"]]
    if found.count(item) != 1:
        return f"{item} is {found.count(item)} times in the catalog"
    if ogive.objects(item) != undisturbed(item):
        return f"{item} has other bytes"
    lines = [line["message"] for line in asked(services, "GET", f"{job}/logs?limit=1000").json()["logs"]]
    told = [line for line in lines if line.startswith("The subscriber was not told that")]
    return "" if len(told) == len(set(told)) == 2 else f"callbacks: {told}"


def main() -> int:
    """Tell what was seen; 1 where anything was wrong."""
    rounds, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    draw, wrong = random.Random(seed), 0
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder:
        cubes, kept = Path(folder, "cubes"), Path(folder, "undisturbed")
        kept.mkdir()
        with running(cubes) as ogive:
            (port,) = free_ports(1)
            second = ogive.parts.another_service(port)
            undisturbed = comparison(ogive.cube, kept)
            local = ogive.parts
            parts = [
                local.postgres,
                local.objects.gateway,
                local.scheduler,
                *local.workers,
                local.service,
                second,
            ]
            other = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
            second.start()
            try:
                second.wait()
                with restarted(parts):
                    for number in range(1, rounds + 1):
                        began = time.monotonic()
                        fault = one_round(ogive, parts, [ogive.http, other], draw, undisturbed)
                        wrong += bool(fault)
                        told = fault or "same bytes, one item"
                        print(f"round {number}: {told}, {time.monotonic() - began:.0f} s", flush=True)
            finally:
                second.stop()
                other.close()
    print(f"{rounds} rounds with seed {seed}, {wrong} of them wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
