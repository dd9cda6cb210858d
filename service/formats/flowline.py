"""A flowline as a JSON document, and that document as CSV: points, windows, and the table of both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from service.formats.numbers import number, numbers
from service.formats.series import UNITS
from workers.calendar import timestamp
from workers.velocity.line import NOWHERE, LineSeries
from workers.velocity.series import Flag
from workers.version import VERSION

POINT_UNITS = {
    "distance": "m",
    "lon": "degrees",
    "lat": "degrees",
    "crs": "name",
    "x": "m",
    "y": "m",
    "cell_lon": "degrees",
    "cell_lat": "degrees",
    "cube": "name",
    "pixel": "index",
    "used": "1",
    "vvc": "1",
    "coefficient": "1",
    "v_mean": "m/yr",
    "problem": "sentence",
}
_TIMES = ("time", "start", "end")
TABLE_UNITS = {
    "v": "m/yr",
    "v_anomaly": "m/yr",
    "v_anomaly_relative": "1",
    **{name: unit for name, unit in UNITS.items() if name not in (*_TIMES, "v")},
}


def document(line: LineSeries) -> dict[str, Any]:
    """The document `VelocityFlowline`: columns over the points, and tables of one row a point.

    Numbers are the shortest decimals that read back as the same values; null where there is none. Points of
    one pixel have its number in `pixel` and equal rows.
    """
    windows = line.windows
    return {
        "type": "VelocityFlowline",
        "id": f"sha256:{line.request_sha256}",
        "requested": {"coordinates": [list(vertex) for vertex in line.coordinates], "spacing": line.spacing},
        "length_m": round(line.points.length, 3),
        "sources": [
            {
                "cube": cube.reference.id,
                "fingerprint": cube.fingerprint,
                "last_modified": cube.last_modified,
                "layers": cube.layers,
            }
            for cube in line.cubes
        ],
        "method": {"name": "TICOI", "version": VERSION, **line.parameters.model_dump(mode="json")},
        "flag_bits": {flag.name: flag.value for flag in Flag},
        "points_units": POINT_UNITS,
        "points": _points(line),
        "windows": {
            "time": [timestamp(day) for day in windows.middle],
            "start": [timestamp(day) for day in windows.start],
            "end": [timestamp(day) for day in windows.end],
        },
        "table_units": TABLE_UNITS,
        "table": {name: [_values(row) for row in _rows(line, name)] for name in TABLE_UNITS},
    }


def table(whole: dict[str, Any]) -> str:
    """A `VelocityFlowline` document as CSV: units in comment lines, one line a point and window."""
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in _comments(whole))
    points, windows, rows = whole["points"], whole["windows"], whole["table"]
    where = ("distance", "lon", "lat")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*where, *windows, *rows])
    for point in range(len(points["distance"])):
        place = [points[name][point] for name in where]
        columns = [*windows.values(), *(row[point] for row in rows.values())]
        writer.writerows([*place, *values] for values in zip(*columns, strict=True))
    return text.getvalue()


def _points(line: LineSeries) -> dict[str, list[Any]]:
    def of_site(name: str) -> list[Any]:
        return [None if each is None else getattr(each.site, name) for each in line.series]

    return {
        "distance": line.points.distance.tolist(),
        "lon": np.round(line.points.lon, 7).tolist(),
        "lat": np.round(line.points.lat, 7).tolist(),
        "crs": of_site("crs"),
        "x": of_site("x"),
        "y": of_site("y"),
        "cell_lon": of_site("cell_lon"),
        "cell_lat": of_site("cell_lat"),
        "cube": [None if each is None else each.site.cube.reference.id for each in line.series],
        "pixel": [None if at == NOWHERE else int(at) for at in line.pixel],
        "used": [0 if each is None else each.series.used for each in line.series],
        "vvc": numbers(line.column("vvc")),
        "coefficient": numbers(line.column("coefficient")),
        "v_mean": [number(np.float32(value)) for value in line.mean_speed],
        "problem": list(line.problems),
    }


def _rows(line: LineSeries, name: str) -> np.ndarray:
    derived = {"v_anomaly": line.anomaly, "v_anomaly_relative": line.relative_anomaly}
    return derived[name] if name in derived else line.table("quality_flag" if name == "flags" else name)


def _values(row: np.ndarray) -> list[Any]:
    return row.tolist() if row.dtype == np.uint8 else numbers(row)


def _comments(whole: dict[str, Any]) -> Iterator[str]:
    yield f"id: {whole['id']}"
    yield f"line: {whole['length_m']} m, a point every {whole['requested']['spacing']:g} m"
    yield f"source: {', '.join(source['cube'] for source in whole['sources'])}"
    given = (f"{name} {value}" for name, value in whole["method"].items() if value is not None)
    yield f"method: {', '.join(given)}"
    yield "flags: " + ", ".join(f"{bit} {name}" for name, bit in whole["flag_bits"].items())
    for index, problem in enumerate(whole["points"]["problem"]):
        if problem is not None:
            yield f"point {index}: {problem}"
    for name in ("distance", "lon", "lat"):
        yield f"{name}: {whole['points_units'][name]}"
    for name, unit in whole["table_units"].items():
        yield f"{name}: {unit}"
