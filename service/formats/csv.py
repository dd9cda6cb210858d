"""A point's series as CSV: units in comment lines, one header line, the columns of the JSON document."""

from __future__ import annotations

import csv
import io
from typing import Any


def table(whole: dict[str, Any]) -> str:
    """The series of a `VelocityTimeSeries` document as text; an empty field where the document has null."""
    text = io.StringIO()
    for line in _comments(whole):
        text.write(f"# {line}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(whole["series"])
    writer.writerows(zip(*whole["series"].values(), strict=True))
    return text.getvalue()


def pairs_told(source: dict[str, Any]) -> str:
    """How many pairs a series is made from, and what became of the others."""
    rejected = ", ".join(f"{name} {count}" for name, count in source["rejected"].items() if count)
    told = f"{source['used']} pairs used of {source['valid']}"
    return f"{told}; rejected: {rejected}" if rejected else told


def _comments(whole: dict[str, Any]):
    cell, method, quality = whole["cell"], whole["method"], whole["quality"]
    yield f"id: {whole['id']}"
    yield f"cell: lon {cell['lon']}, lat {cell['lat']}; x {cell['x']}, y {cell['y']} m in {cell['crs']}"
    yield f"source: {whole['source']['cube']}, {pairs_told(whole['source'])}"
    yield (
        f"method: {method['name']} {method['version']}, regularization {method['regularization']}, "
        f"coefficient {method['coefficient']:g}, step {method['step']}"
    )
    interval = quality["interval"]
    yield f"interval: {interval['kind']}, level {interval['level']}, scale {interval['scale']}"
    yield "flags: " + ", ".join(f"{bit} {name}" for name, bit in quality["flag_bits"].items())
    for name, unit in whole["series_units"].items():
        yield f"{name}: {unit}"
