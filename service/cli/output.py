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


def write(text: str, path: Path | None) -> None:
    """Write an answer as it is.

    Raises:
        InvalidRequest: the file cannot be written.
    """
    if path is None:
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
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
    """A progress bar on stderr; where that is no terminal, its last state in one line."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(task, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
