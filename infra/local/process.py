"""One part that runs on its own: started in the background, told by its pid, ended by it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 240
"""A worker that starts on a fresh installation compiles its kernels first, on a busy machine for minutes"""


class PartFailed(Exception):
    """A part cannot be started; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Process:
    """A program of the deployment; its pid and its log lie in folders of their own."""

    name: str
    command: Sequence[str]
    folder: Path
    """Holds `run/` and `log/`"""
    ready: Callable[[], bool]
    """Whether it serves"""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to that of this process"""
    stop_signal: int = signal.SIGTERM

    @property
    def log(self) -> Path:
        """Where its output goes, appended."""
        return self.folder / "log" / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its pid while it runs, as this folder knows it."""
        try:
            pid, born = map(int, self._note.read_text().split())
        except (OSError, ValueError):
            return None
        return pid if _born(pid) == born else None

    @property
    def _note(self) -> Path:
        return self.folder / "run" / f"{self.name}.pid"

    def start(self) -> None:
        """Start it, if it does not run, in a session of its own.

        Raises:
            PartFailed: the program is not there.
        """
        if self.pid is not None:
            return
        for path in (self.log, self._note):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            try:
                started = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | self.environment,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise PartFailed(f"{self.name}: there is no program {self.command[0]}.") from None
        self._note.write_text(f"{started.pid} {_born(started.pid)}")

    def wait(self) -> None:
        """Wait until it serves.

        Raises:
            PartFailed: it ended, or does not serve within four minutes.
        """
        until = time.monotonic() + PATIENCE_S
        while not self.ready():
            if self.pid is None:
                raise PartFailed(f"{self.name} ended; its last words in {self.log}:\n{self._last_words()}")
            if time.monotonic() > until:
                raise PartFailed(f"{self.name} does not serve after {PATIENCE_S} s; see {self.log}.")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask it to end, and end it after 20 seconds."""
        self._end(self.stop_signal, patience=20.0)
        self._end(signal.SIGKILL, patience=5.0)

    def kill(self) -> None:
        """End it at once and unasked, as a fault would."""
        self._end(signal.SIGKILL, patience=5.0)

    def await_end(self, patience: float = PATIENCE_S) -> None:
        """Wait until it has ended by itself, no longer than four minutes."""
        until = time.monotonic() + patience
        while self.pid is not None and time.monotonic() < until:
            time.sleep(0.02)

    def _end(self, how: int, patience: float) -> None:
        if (pid := self.pid) is not None:
            os.kill(pid, how)
            self.await_end(patience)

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def _born(pid: int) -> int | None:
    """When a process that runs was started, in ticks since the boot: a pid alone may be another's by now."""
    with suppress(ChildProcessError):
        # A dead child of this very process stays in the table until it is asked for.
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
