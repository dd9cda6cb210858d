"""A velocity series drawn with characters: the line in braille dots, its interval as a shaded band."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.formats.csv import pairs_told

Column = Sequence[float | None]

LINE, BAND, AXIS = "bold cyan", "blue", "dim"
SHADE = "░"
# Unicode numbers the dots of a braille cell down the left column, down the right one, then the last row.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_MONTHS_BETWEEN_TICKS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


def chart(document: dict[str, Any], width: int = 80, height: int = 16) -> RenderableType:
    """Draw `v` of a time-series document with its band from `v_low` to `v_high`.

    The vertical range holds nine tenths of the band and every `v` but those of windows flagged `edge`, which
    the record covers in part: one value that is hardly known would else flatten all others.

    Args:
        document: what `GET /timeseries` answers.
        width: characters in a line, labels included.
        height: lines of the drawing itself.
    """
    columns, cell, source = document["series"], document["cell"], document["source"]
    unit = document["series_units"]["v"]
    title = Text.assemble(
        f"v, {unit}, at lon {cell['lon']:.4f}, lat {cell['lat']:.4f}\n",
        (f"{source['cube']}\n{pairs_told(source)}", AXIS),
    )
    v, level = columns["v"], document["quality"]["interval"]["level"]
    known = [value for value in v if value is not None]
    if not known:
        return Group(title, Text("no window has data"))
    edge = document["quality"]["flag_bits"]["edge"]
    whole = [
        n for n, flags in zip(v, columns["flags"], strict=True) if n is not None and not flags & edge
    ] or known
    low = [bound if bound is not None else value for bound, value in zip(columns["v_low"], v, strict=True)]
    high = [bound if bound is not None else value for bound, value in zip(columns["v_high"], v, strict=True)]
    ticks = _ticks(min(*whole, _quantile(low, 0.1)), max(*whole, _quantile(high, 0.9)))
    margin = max(len(f"{tick:,g}") for tick in ticks) + 1
    days = [_date(text).toordinal() for text in columns["time"]]
    canvas = _Canvas(width - margin - 1, height, (days[0], days[-1]), (ticks[0], ticks[-1]))
    canvas.shade(days, low, high)
    canvas.draw(days, v)
    return Group(
        title,
        *_rows(canvas, ticks, margin),
        *_time_axis(canvas, margin),
        Text.assemble(
            " " * (margin + 1), ("⠒⠒", LINE), " v   ", (SHADE * 2, BAND), f" {100 * level:g} % interval"
        ),
    )


class _Canvas:
    """Characters over a plane of days and velocities; each holds two by four dots."""

    def __init__(
        self, width: int, height: int, days: tuple[float, float], values: tuple[float, float]
    ) -> None:
        self.width, self.height = width, height
        self.days = days if days[1] > days[0] else (days[0] - 1.0, days[0] + 1.0)
        self.values = values
        self.dots = [[0] * width for _ in range(height)]
        self.shaded = [[False] * width for _ in range(height)]

    def column(self, day: float) -> float:
        """Place along the width, 0 to 1."""
        return (day - self.days[0]) / (self.days[1] - self.days[0])

    def depth(self, value: float) -> float:
        """Place down the height, 0 at the top to 1."""
        return (self.values[1] - value) / (self.values[1] - self.values[0])

    def draw(self, days: Sequence[int], values: Column) -> None:
        """A line through the values; it breaks where one is missing, and is cut where it leaves the plane."""
        points = [
            None
            if value is None
            else (self.column(day) * (2 * self.width - 1), self.depth(value) * (4 * self.height - 1))
            for day, value in zip(days, values, strict=True)
        ]
        for point in points:
            if point is not None:
                self._dot(*point)
        for start, end in pairwise(points):
            if start is not None and end is not None:
                steps = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
                for step in range(1, steps):
                    part = step / steps
                    self._dot(start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))

    def shade(self, days: Sequence[int], low: Column, high: Column) -> None:
        """The band between two columns; a character is shaded when at least a third of it lies within."""
        windows = list(zip(days, low, high, strict=True))
        for (day, low_here, high_here), (next_day, low_next, high_next) in pairwise(windows):
            if None in (low_here, low_next):
                continue
            first = math.ceil(self.column(day) * self.width - 0.5)
            last = math.floor(self.column(next_day) * self.width - 0.5)
            for column in range(max(first, 0), min(last, self.width - 1) + 1):
                at = self.days[0] + (column + 0.5) / self.width * (self.days[1] - self.days[0])
                part = (at - day) / (next_day - day)
                top = self.depth(high_here + part * (high_next - high_here)) * self.height
                bottom = self.depth(low_here + part * (low_next - low_here)) * self.height
                for row in range(max(0, math.floor(top)), min(self.height, math.ceil(bottom))):
                    within = min(bottom, row + 1) - max(top, row)
                    self.shaded[row][column] |= within >= 1 / 3

    def row(self, index: int) -> Text:
        """One line of characters; the line hides the band."""
        text = Text()
        for dots, shaded in zip(self.dots[index], self.shaded[index], strict=True):
            if dots:
                text.append(chr(0x2800 + dots), LINE)
            else:
                text.append(SHADE if shaded else " ", BAND)
        text.rstrip()
        return text

    def _dot(self, x: float, y: float) -> None:
        column, row = round(x), round(y)
        if 0 <= row < 4 * self.height:
            self.dots[row // 4][column // 2] |= _DOTS[row % 4][column % 2]


def _rows(canvas: _Canvas, ticks: Sequence[float], margin: int) -> Iterator[Text]:
    labels = {round(canvas.depth(tick) * (canvas.height - 1)): f"{tick:,g}" for tick in ticks}
    for index in range(canvas.height):
        label = labels.get(index, "")
        yield Text.assemble((f"{label:>{margin}}{'┤' if label else '│'}", AXIS), canvas.row(index))


def _time_axis(canvas: _Canvas, margin: int) -> tuple[Text, Text]:
    """The axis and its labels: years where they fit, else months; each under the first day it names."""
    first, last = (dt.date.fromordinal(math.floor(day)) for day in canvas.days)
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month
    for months in _MONTHS_BETWEEN_TICKS:
        numbers = range(-(-begin // months) * months, end, months)
        ticks = [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]
        ticks = [tick for tick in ticks if first <= tick <= last]
        label_width = 4 if months % 12 == 0 else 7
        if len(ticks) * (label_width + 2) <= canvas.width:
            break
    axis, labels = ["─"] * canvas.width, ""
    for tick in ticks:
        at = round(canvas.column(tick.toordinal()) * (canvas.width - 1))
        start = max(len(labels) + 1 if labels else 0, min(at - label_width // 2, canvas.width - label_width))
        axis[at] = "┬"
        labels = labels.ljust(start) + tick.isoformat()[:label_width]
    indent = " " * margin
    return Text(f"{indent}└{''.join(axis)}", AXIS), Text(f"{indent} {labels}", AXIS)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, about five of them, whose first and last enclose a range."""
    span = (high - low) or abs(high) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / 4))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if span / (unit * factor) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [index * step for index in range(first, max(last, first + 1) + 1)]


def _quantile(values: Column, part: float) -> float:
    ordered = sorted(value for value in values if value is not None)
    return ordered[round(part * (len(ordered) - 1))]


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])
