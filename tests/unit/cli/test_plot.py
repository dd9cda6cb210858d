"""The terminal plot: what it shows, and that it stays within its width."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from service.cli.plot import SHADE, chart


def drawn(document, width=80, height=16, colour=False) -> list[str]:
    console = Console(
        file=StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(chart(document, width, height), highlight=False)
    return console.file.getvalue().splitlines()


def is_line(character: str) -> bool:
    return "\u2801" <= character <= "\u28ff"


def columns_of(rows: list[str], wanted) -> set[int]:
    return {column for row in rows for column, character in enumerate(row) if wanted(character)}


def plane(lines: list[str]) -> list[str]:
    """The drawing without its labels."""
    return [line.split(edge, 1)[1] for line in lines for edge in "│┤" if edge in line]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_drawing_keeps_to_its_width_and_height(document, width):
    lines = drawn(document, width, 12)
    assert max(map(len, lines)) <= width
    assert len(plane(lines)) == 12


def test_a_title_names_unit_place_and_cube(document):
    title, cube, pairs, *_ = drawn(document)
    assert title == "v, m/yr, at lon -139.0190, lat 60.7450"
    assert cube == "ITS_LIVE_vel_EPSG32607_G0120_X650000_Y6750000"
    assert pairs == "960 pairs used of 1000; rejected: median_angle 40"


def test_the_legend_tells_the_level_of_the_interval(document):
    assert drawn(document)[-1].endswith("90 % interval")


def test_labels_enclose_the_values_and_fall_from_top_to_bottom(document):
    labels = [float(line.split("┤")[0].replace(",", "")) for line in drawn(document) if "┤" in line]
    assert labels == sorted(labels, reverse=True)
    assert labels[0] >= 960
    assert labels[-1] <= 840
    assert len(labels) >= 3


def test_years_stand_under_the_axis(document):
    axis, labels = drawn(document)[-3:-1]
    assert axis.strip().startswith("└")
    assert labels.split() == ["2016", "2017", "2018", "2019"]
    assert axis.count("┬") == len(labels.split())


def test_line_and_band_break_where_windows_have_no_data(document):
    rows = plane(drawn(document, 120, 20))
    line, band = columns_of(rows, is_line), columns_of(rows, lambda character: character == SHADE)
    gap = set(range(round(113 * 30 / 59), round(113 * 34 / 59)))
    assert gap
    assert not gap & line
    assert not gap & band
    assert min(line) <= 1
    assert max(line) >= 110


def test_the_line_peaks_where_the_values_do(document):
    document["series"]["v"] = [1000.0 if n == 30 else 500.0 for n in range(60)]
    document["series"]["v_low"] = document["series"]["v_high"] = document["series"]["v"]
    rows = plane(drawn(document, 100, 20))
    top = next(row for row in rows if any(map(is_line, row)))
    peak = next(column for column, character in enumerate(top) if is_line(character))
    assert peak == pytest.approx(len(max(rows, key=len)) * 30 / 59, abs=1.5)


def test_an_interval_without_bounds_in_one_window_does_not_flatten_the_rest(document):
    document["series"]["v_high"][10] = 1e6
    assert "1,000,000" not in "\n".join(drawn(document))


def test_a_window_at_the_edge_of_the_record_does_not_flatten_the_rest(document):
    document["series"]["v"][0], document["series"]["flags"][0] = 5000.0, 32
    lines = drawn(document)
    assert "5,000" not in "".join(lines)
    assert any(map(is_line, plane(lines)[0][:3]))
    document["series"]["flags"][0] = 1
    assert "5,000" in "".join(drawn(document))


def test_a_missing_bound_leaves_the_line(document):
    document["series"]["v_low"] = document["series"]["v_high"] = [None] * 60
    rows = plane(drawn(document))
    assert columns_of(rows, is_line)
    assert not columns_of(rows, lambda character: character == SHADE)


def test_one_window_is_a_point(document):
    document["series"] = {name: column[:1] for name, column in document["series"].items()}
    assert sum(is_line(character) for row in plane(drawn(document)) for character in row) == 1


def test_no_data_at_all_is_said(document):
    document["series"] |= {name: [None] * 60 for name in ("v", "v_low", "v_high")}
    assert drawn(document)[-1] == "no window has data"


def test_equal_values_have_a_range(document):
    document["series"] |= {name: [0.0] * 60 for name in ("v", "v_low", "v_high")}
    assert any(map(is_line, "".join(plane(drawn(document)))))


def test_colour_only_on_a_terminal(document):
    assert "\x1b[" in "".join(drawn(document, colour=True))
    assert "\x1b[" not in "".join(drawn(document))
