"""Tables of results, for a terminal or for the documentation."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import rich
from rich.table import Table as TerminalTable

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under named columns."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def markdown(self) -> str:
        """The table as GitHub writes it; the first column is text, the others are figures."""
        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        lines = [f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines, ""])

    def show(self, markdown: bool) -> None:
        """Print it."""
        if markdown:
            print(self.markdown())
            return
        table = TerminalTable(title=self.title, title_justify="left")
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="right" if index else "left")
        for row in self.rows:
            table.add_row(*row)
        rich.print(table)


def seconds(value: float) -> str:
    """A duration with three digits, in ms below a second."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def conditions() -> str:
    """What was measured and on what, in one sentence."""
    commit = _git("rev-parse", "--short", "HEAD")
    dirty = " with local changes" if _git("status", "--porcelain", "workers") else ""
    return f"Commit {commit}{dirty}, Python {platform.python_version()}, {_processor()}."


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
