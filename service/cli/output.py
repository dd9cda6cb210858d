"""Where a command writes: answers to stdout or a file, progress and remarks to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workers.errors import InvalidRequest

WIDEST = 120
Report = Callable[[int, int], None]
"""Told how many are done, of how many."""


def write(content: str | bytes, path: Path | None) -> None:
    """Write an answer as it is: text in UTF-8, or the bytes of a file.

    Raises:
        InvalidRequest: the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidRequest(f"--output: {path} cannot be written: {error.strerror}.", "output") from None


def show(drawing: Callable[[int], RenderableType], path: Path | None) -> None:
    """Draw on stdout, in colour where it is a terminal, or as plain characters into a file.

    Args:
        drawing: makes the drawing for a width in characters.
        path: the file, or None for stdout.
    """
    console = Console(highlight=False) if path is None else Console(file=StringIO(), highlight=False)
    console.print(drawing(min(console.width, WIDEST)))
    if path is not None:
        write(console.file.getvalue(), path)


@contextmanager
def progress(task: str, unit: str) -> Iterator[Report]:
    """A progress bar on stderr, from the first report on; without a terminal its last state in one line."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    bars = Progress(*columns, console=Console(stderr=True))
    bar, began = bars.add_task(task, total=None), False

    def report(done: int, total: int) -> None:
        nonlocal began
        bars.update(bar, completed=done, total=total)
        if not began:
            bars.start()
            began = True

    try:
        yield report
    finally:
        if began:
            bars.stop()
