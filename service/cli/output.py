"""Where a command writes: answers to stdout or a file, progress and remarks to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

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


def chosen_form(form: str | None, path: Path | None) -> str:
    """The format: the one that was named, else the one that the name of the file tells, else json.

    Raises:
        InvalidRequest: it is no text, and there is no file to write it to.
    """
    from service.formats import FORMATS

    suffixes = {f".{made.suffix}": name for name, made in FORMATS.items()}
    form = form or suffixes.get(path.suffix if path else "", "json")
    if path is None and form in FORMATS and not FORMATS[form].is_text:
        raise InvalidRequest(f"{form} is no text to print; name a file by -o.", "output")
    return form


def write_form(form: str, whole: dict[str, Any], path: Path | None) -> None:
    """Write the document of a request in a format; a text ends with its line."""
    from service.formats import FORMATS

    made = FORMATS[form].write(whole)
    write(made.rstrip(b"\n") + b"\n" if FORMATS[form].is_text else made, path)


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
