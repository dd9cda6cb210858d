"""Jobs on a worker of too little memory: `python -m tests.soak.memory [MIB_FOR_PARTS MIB_FOR_NOTHING]`.

The nanny ends the worker that exceeds its limit and starts another. A job whose shard exceeds it only as
a whole must end as successful with the bytes of one that never lost a worker; one that exceeds it in any way
must fail, say why, and leave the service at work.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.making import plan, publish, stored
from tests.e2e.test_recovery import House
from workers.plan import CubeSource
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=20_000, height=40, width=40)
BOX = list(degrees(SPEC.grid.window(1, 1, SPEC.height - 2, SPEC.width - 2)))


def run(house: House) -> dict:
    """The record of a job over the whole cube, once it has ended."""
    answer = house.client.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": BOX}})
    answer.raise_for_status()
    began, job = time.monotonic(), "/jobs/" + answer.headers["location"].rpartition("/")[2]
    while (record := house.get(job).json())["status"] in {"accepted", "running"}:
        time.sleep(1.0)
    print(f"  {record['status']} after {time.monotonic() - began:.0f} s: {record['message']}", flush=True)
    for line in house.logged(job).splitlines():
        print(f"    {line}", flush=True)
    return record


def chunks(products: Path) -> dict[str, bytes]:
    """The values of every product in a folder."""
    return {key: data for key, data in stored(products).items() if "/c/" in key}


def main() -> int:
    """Tell what was seen; 1 where a job ended otherwise than it should."""
    some, none = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (600, 360)
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder:
        cube = Path(write_cube(folder, SPEC))
        house = House(Path(folder), cube, apart=True)
        words, log = house.worker.words, Path(folder, "worker.log")
        records, deaths = {}, {}
        for part in (house.scheduler, house.service):
            part.start()
        try:
            for limit in (none, some):
                house.worker.words = (*words, "--memory-limit", f"{limit}MiB")
                house.worker.words += ("--preload", "workers.velocity.warm")
                house.worker.start()
                house.answering()
                print(f"a worker of {limit} MiB", flush=True)
                records[limit] = run(house)
                deaths[limit] = log.read_text().count("exceeded") - sum(deaths.values())
                alive = house.get("/health/live").status_code == 200
                print(f"  its memory ended it {deaths[limit]} times", flush=True)
                house.worker.kill()
                house.until(lambda: house.get("/health/ready").status_code == 503)
        finally:
            house.client.close()
            for part in house.parts:
                if hasattr(part, "process"):
                    part.stop()
        publish(plan(CubeSource(cubes=(str(cube),)), BOX), Path(folder, "whole"))
        same = chunks(Path(folder, "whole")) == chunks(house.products)
    print("same bytes" if same else "OTHER BYTES")
    failed = records[none]["status"] == "failed" and "memory" in records[none]["message"]
    made = records[some]["status"] == "successful" and same
    return 0 if failed and made and alive and all(deaths.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
