"""Tables of velocities measured on the ice: CSV or Parquet, any dates, one station or several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pyproj import Geod

from workers.axes import GroundAxes
from workers.errors import InvalidRequest
from workers.scores.reference import References

if TYPE_CHECKING:
    import pandas as pd

Lengths = Literal["ground", "map"]
Place = tuple[float, float]

FARTHEST_M = 1000.0
"""A station's rows may lie this far from their middle: beyond it no one pixel stands for them"""
_SPEED, _GRID, _GROUND = ("v",), ("vx", "vy"), ("ve", "vn")
_COMPONENTS = (_GROUND, _GRID, _SPEED)
_RULE = (
    "a table needs dates (date, or start and end) and velocities in m/yr (v, or ve and vn towards east and "
    "north, or vx and vy along the axes of the cube)"
)
_DAY = np.timedelta64(1, "D")
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """The rows of one station, by time."""

    name: str
    lon: float
    lat: float
    """Degrees; the middle of its rows where they move"""
    start: np.ndarray
    end: np.ndarray
    """(k,) float64, days since 1970-01-01"""
    columns: tuple[str, ...]
    """The components that are known: v; vx, vy; or ve, vn"""
    velocity: np.ndarray
    """(k, 1 or 2) float64, m/yr"""
    error: np.ndarray
    """(k, 1 or 2) float64, 1-sigma, m/yr; NaN where none is stated"""

    def references(self, axes: GroundAxes, lengths: Lengths) -> References:
        """The rows as references at the pixel of a cube.

        Args:
            axes: of the cube's projection, at the station.
            lengths: `map` where vx and vy, or v, are distances of projected coordinates, which are then
                brought to the ground; ve and vn always are on the ground.
        """
        velocity, error = self.velocity, self.error
        if lengths == "map" and self.columns != _GROUND:
            velocity, error = velocity / axes.scale, error / axes.scale
        if self.columns == _SPEED:
            vector, speed, sigma = np.full((len(velocity), 2), np.nan), velocity[:, 0], error[:, 0]
        else:
            vector = axes.along_grid(*velocity.T) if self.columns == _GROUND else velocity
            speed = np.hypot(*velocity.T)
            with np.errstate(invalid="ignore", divide="ignore"):
                sigma = np.where(speed > 0, np.hypot(*(velocity * error).T) / speed, error.max(axis=1))
        return References(self.start, self.end, speed, vector, sigma)


def read_stations(path: str, place: Place | None) -> list[Station]:
    """Read a table: one row a velocity, in CSV (comments begin with #) or Parquet.

    Columns: `date` (the whole UTC day) or `start` and `end`; `v`, or `ve` and `vn`, or `vx` and `vy`, m/yr;
    their errors, if known, as `v_error` and so on; `station`, where there are several; `lon` and `lat`,
    unless a place is given. Case plays no part, nor do other columns. Rows without a velocity are left out.

    Args:
        path: the file.
        place: longitude and latitude of the one station, degrees; before those of the table.

    Raises:
        InvalidRequest: the file is no such table; says what it lacks, and in which row a value is wrong.
    """
    table = _read(path)
    table.columns = [str(name).strip().lower() for name in table.columns]
    kind = next((names for names in _COMPONENTS if set(names) <= set(table.columns)), None)
    dated = "date" in table or {"start", "end"} <= set(table.columns)
    if kind is None or not dated:
        raise _wrong(f"{path} has the columns {', '.join(table.columns) or '(none)'}; {_RULE}.")
    if place is None and not {"lon", "lat"} <= set(table.columns):
        raise _wrong(
            f"{path} has no columns lon and lat, so that its place must be given by --lon and --lat."
        )
    if place is not None and "station" in table and table["station"].nunique() > 1:
        raise _wrong(f"{path} has several stations; --lon and --lat are for one, give columns lon and lat.")
    stations = list(_stations(path, table, kind, place))
    if not stations:
        raise _wrong(f"{path} holds no row with a velocity.")
    return stations


def _read(path: str) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowException

    if not Path(path).is_file():
        raise _wrong(f"There is no file {path}.")
    try:
        if path.endswith((".parquet", ".pq")):
            return pd.read_parquet(path)
        return pd.read_csv(path, comment="#", skipinitialspace=True)
    except (ValueError, OSError, ArrowException) as error:
        raise _wrong(f"{path} cannot be read as a table: {str(error).splitlines()[0]}.") from None


def _stations(
    path: str, table: pd.DataFrame, kind: tuple[str, ...], place: Place | None
) -> Iterator[Station]:
    """The stations in the order of their first rows."""
    velocity = np.stack([_numbers(path, table, name) for name in kind], axis=1)
    names = [f"{name}_error" for name in kind]
    error = np.stack(
        [_numbers(path, table, name) if name in table else np.full(len(table), np.nan) for name in names],
        axis=1,
    )
    start, end = _times(path, table)
    label = table["station"].astype(str).to_numpy() if "station" in table else np.full(len(table), "")
    known = np.isfinite(velocity).all(axis=1)
    for name in dict.fromkeys(label[known]):
        rows = np.flatnonzero(known & (label == name))
        rows = rows[np.lexsort((end[rows], start[rows]))]
        lon, lat = place or _middle(path, table, str(name), rows)
        yield Station(str(name), lon, lat, start[rows], end[rows], kind, velocity[rows], error[rows])


def _middle(path: str, table: pd.DataFrame, name: str, rows: np.ndarray) -> Place:
    """The median place of a station's rows, which may move with the ice, but not to another pixel's world."""
    lons, lats = (_numbers(path, table, column)[rows] for column in ("lon", "lat"))
    lon, lat = float(np.median(lons)), float(np.median(lats))
    if not (np.abs(lons) <= 180).all() or not (np.abs(lats) <= 90).all():
        raise _wrong(f"{path} has a lon or lat that is missing or no degrees of the globe.")
    away = _WGS84.inv(np.full(rows.size, lon), np.full(rows.size, lat), lons, lats)[2]
    if away.max() > FARTHEST_M:
        told = f"station {name}" if name else "its one station"
        raise _wrong(
            f"The rows of {path} for {told} lie up to {away.max() / 1000:.1f} km from their middle; no one "
            "pixel stands for them: name stations in a column station, and cut a long way into several."
        )
    return lon, lat


def _times(path: str, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each row, days; a bare date stands for its whole day."""
    if "date" in table:
        day = np.floor(_days(path, table, "date"))
        return day, day + 1.0
    start, end = _days(path, table, "start"), _days(path, table, "end")
    wrong = np.flatnonzero(~(end > start))
    if wrong.size:
        raise _wrong(f"Row {wrong[0] + 1} of {path} ends no later than it starts.")
    return start, end


def _days(path: str, table: pd.DataFrame, name: str) -> np.ndarray:
    import pandas as pd

    moments = pd.to_datetime(table[name], utc=True, errors="coerce", format="ISO8601")
    wrong = np.flatnonzero(moments.isna())
    if wrong.size:
        raise _wrong(
            f"Row {wrong[0] + 1} of {path} has {name} {table[name].iloc[wrong[0]]!s}; write it in ISO 8601, "
            "2016-05-31 or 2016-05-31T12:00:00Z."
        )
    return (moments.dt.tz_localize(None).to_numpy() - np.datetime64(0, "D")) / _DAY


def _numbers(path: str, table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64; NaN where the table has nothing."""
    import pandas as pd

    numbers = pd.to_numeric(table[name], errors="coerce")
    wrong = np.flatnonzero(numbers.isna() & table[name].notna())
    if wrong.size:
        raise _wrong(
            f"Row {wrong[0] + 1} of {path} has {name} {table[name].iloc[wrong[0]]!s}; it is no number."
        )
    return numbers.to_numpy(np.float64, na_value=np.nan)


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, "table")
