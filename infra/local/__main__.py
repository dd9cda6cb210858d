"""`python -m infra.local up|down|status`: the deployed parts on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.local.deployment import Deployment, deployment
from infra.local.process import PartFailed


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="infra/local", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--folder", type=Path, default=Path("ogive-local"), help="holds data, logs and pids")
    parser.add_argument("--cubes", default="", help="cubes to serve instead of the public ones, by comma")
    options = parser.parse_args()
    if options.action != "up" and not options.folder.exists():
        print(f"{options.folder} does not exist: nothing was started there.", file=sys.stderr)
        return 1
    try:
        parts = deployment(options.folder, {"OGIVE_CUBES": options.cubes} if options.cubes else {})
        if options.action == "up":
            parts.up()
        elif options.action == "down":
            parts.down()
    except PartFailed as error:
        print(error, file=sys.stderr)
        return 1
    if options.action != "down":
        print(table(parts))
    return 0


def table(parts: Deployment) -> str:
    """One line a part: whether it runs, and its log; then where the service answers."""
    lines = [
        f"{process.name:16} {'pid ' + str(process.pid) if process.pid else 'ended':12} {process.log}"
        for process in parts.processes
    ]
    return "\n".join([*lines, f"Ogive answers at {parts.url}"])


if __name__ == "__main__":
    sys.exit(main())
