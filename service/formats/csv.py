"""Series as CSV: units in comment lines, one header line, the columns of the JSON document."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from service.formats.distance_time import TABLE_UNITS, beside
from service.formats.series import COLLECTION, answered


def table(whole: dict[str, Any]) -> bytes:
    """The series of a document as text; an empty field where the document has null.

    Those of several places stand one below the other, with the number of the member and its place in front;
    those along a line also tell the distance, and their anomalies against the mean of the place.
    """
    text = io.StringIO()
    writer, members = csv.writer(text, lineterminator="\n"), answered(whole)
    if whole["type"] != COLLECTION:
        text.writelines(f"# {line}\n" for line in [*_about(whole), *_units(whole)])
        writer.writerow(whole["series"])
        writer.writerows(zip(*whole["series"].values(), strict=True))
        return text.getvalue().encode()
    for number, member in enumerate(whole["members"]):
        lines = _about(member) if "series" in member else _problem(member)
        text.writelines(f"# member {number}: {line}\n" for line in lines)
    if members:
        text.writelines(f"# {line}\n" for line in _units(members[0][1]))
        place, more = beside(whole, members[0][0])
        text.writelines(f"# {name}: {TABLE_UNITS[name]}\n" for name in more)
        writer.writerow([*place, *members[0][1]["series"], *more])
    for number, member in members:
        place, more = beside(whole, number)
        columns = [*member["series"].values(), *more.values()]
        writer.writerows([*place.values(), *row] for row in zip(*columns, strict=True))
    return text.getvalue().encode()


def pairs_told(source: dict[str, Any]) -> str:
    """How many pairs a series is made from, and what became of the others."""
    rejected = ", ".join(f"{name} {count}" for name, count in source["rejected"].items() if count)
    told = f"{source['used']} pairs used of {source['valid']}"
    return f"{told}; rejected: {rejected}" if rejected else told


def _about(member: dict[str, Any]) -> Iterator[str]:
    cell, method, quality = member["cell"], member["method"], member["quality"]
    yield f"id: {member['id']}"
    yield f"cell: lon {cell['lon']}, lat {cell['lat']}; x {cell['x']}, y {cell['y']} m in {cell['crs']}"
    source = member["source"]
    yield f"source: product {source['product']}" if "product" in source else _read(source)
    yield (
        f"method: {method['name']} {method['version']}, regularization {method['regularization']}, "
        f"coefficient {_coefficient(method)}, step {method['step']}"
    )
    interval = quality["interval"]
    yield f"interval: {interval['kind']}, level {interval['level']}, scale {interval['scale']}"


def _read(source: dict[str, Any]) -> str:
    return f"source: {source['cube']}, {pairs_told(source)}"


def _coefficient(method: dict[str, Any]) -> str:
    coefficient = "none" if method["coefficient"] is None else f"{method['coefficient']:g}"
    if method["coefficient_rule"] == "given":
        return coefficient
    curve = ", ".join(
        f"{at['coefficient']:g}: {'none' if at['score'] is None else format(at['score'], '.4g')}"
        for at in method.get("curve", ())
    )
    return f"{coefficient} by {method['coefficient_rule']}" + (f" ({curve})" if curve else "")


def _units(member: dict[str, Any]) -> Iterator[str]:
    yield "flags: " + ", ".join(f"{bit} {name}" for name, bit in member["quality"]["flag_bits"].items())
    for name, unit in member["series_units"].items():
        yield f"{name}: {unit}"


def _problem(member: dict[str, Any]) -> Iterator[str]:
    yield f"{member['title']}: {member['detail']}"
