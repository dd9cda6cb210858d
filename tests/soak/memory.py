"""A job that no worker has the memory for: `python -m tests.soak.memory [MIB]`.

The nanny ends the worker that exceeds its limit and starts another; after some of them the job must fail, say
why, and leave the service at work. With room enough an equal job must succeed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.test_recovery import House
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=20_000, height=40, width=40)


def run(house: House) -> dict:
    """The record of a job over the whole cube, once it has ended."""
    body = {"inputs": {"bbox": list(degrees(SPEC.grid.window(1, 1, SPEC.height - 2, SPEC.width - 2)))}}
    answer = house.client.post("/processes/velocity-cube/execution", json=body)
    answer.raise_for_status()
    began, job = time.monotonic(), "/jobs/" + answer.headers["location"].rpartition("/")[2]
    while (record := house.get(job).json())["status"] in {"accepted", "running"}:
        time.sleep(1.0)
    seconds = time.monotonic() - began
    print(f"  {record['status']} after {seconds:.0f} s: {record['message']}", flush=True)
    return record


def main() -> int:
    """Tell what was seen; 1 where a job ended otherwise than it should."""
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder:
        cube = Path(write_cube(folder, SPEC))
        house = House(Path(folder), cube, apart=True)
        words = house.worker.words
        house.worker.words = (*words, "--memory-limit", f"{limit}MiB", "--preload", "workers.velocity.warm")
        house.start()
        try:
            print(f"a worker of {limit} MiB")
            failed = run(house)
            ready = house.get("/health/live").status_code
            house.worker.kill()
            house.worker.words = (*words, "--memory-limit", "2GiB")
            house.until(lambda: house.get("/health/ready").status_code == 503)
            house.worker.start()
            house.answering()
            print("a worker of 2 GiB")
            made = run(house)
        finally:
            house.client.close()
            for part in house.parts:
                part.stop()
        restarts = (Path(folder) / "worker.log").read_text().count("exceeded")
    print(f"the worker was ended {restarts} times for its memory")
    as_told = failed["status"] == "failed" and "memory" in failed["message"]
    return 0 if as_told and restarts and ready == 200 and made["status"] == "successful" else 1


if __name__ == "__main__":
    sys.exit(main())
