"""`ogive serve` as a process of our own: started on a free port, and stopped with all that it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workers.errors import OgiveError

START_SECONDS, STOP_SECONDS = 90.0, 20.0
_POLL_SECONDS = 0.1
_ANSWERS = re.compile(r"answers at (http://\S+)")


@dataclass(frozen=True, slots=True)
class Subservice:
    """A running service."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait for as long as it runs.

        Raises:
            OgiveError: it has ended, which it does not do by itself.
        """
        self.process.wait()
        raise _ended(self.process, self.log)


@contextmanager
def serving(cube: Path, log: Path) -> Iterator[Subservice]:
    """Serve one cube on a free port of 127.0.0.1 while the context lasts; no process of it outlives that.

    Raises:
        OgiveError: the service does not start; carries what it said last.
    """
    command = [sys.executable, "-m", "service.cli", "serve", "--host", "127.0.0.1", "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program, our own words
            [*command, "--cube", str(cube)],
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches only us, who stop the service in order; and what it starts is one group with it.
            start_new_session=True,
        )
    try:
        yield Subservice(_address(process, log), log, process)
    finally:
        _stop(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the service prints once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := _ANSWERS.search(log.read_text(errors="replace")):
            return found[1].rstrip(";")
        if process.poll() is not None:
            raise _ended(process, log)
        time.sleep(_POLL_SECONDS)
    raise OgiveError(f"The service did not answer within {START_SECONDS:.0f} s; its log is {log}.")


def _ended(process: subprocess.Popen[bytes], log: Path) -> OgiveError:
    said = log.read_text(errors="replace").strip().splitlines()
    last = said[-1].removeprefix("ogive: ") if said else "it said nothing."
    return OgiveError(f"The service ended with code {process.returncode}: {last} Its log is {log}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the service to end; what is left of its process group after a while is killed."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
