"""What a synthetic cube is made of: everything that fixes its values."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, fields

import numpy as np
from pyproj import Transformer

from workers.calendar import day_of
from workers.cubes.grid import Grid
from workers.errors import InvalidRequest
from workers.synthetic.satellites import FIRST_LAUNCH, SATELLITES

SPACING = 120.0
_POLAR = (3413, 3031)
_BOUNDS: dict[str, tuple[float, float]] = {
    "pairs": (1, 10_000_000),
    "height": (1, 10_000),
    "width": (1, 10_000),
    "years": (0.1, 100.0),
    "lon": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "speed": (0.0, 10_000.0),
    "seasonal": (0.0, 1.0),
    "surge": (0.0, 30_000.0),
    "date_noise": (0.0, 1000.0),
    "pair_noise": (0.0, 1000.0),
    "blunders": (0.0, 1.0),
    "decorrelated": (0.0, 1.0),
    "decorrelated_beyond": (0, 10_000),
    "baseline_scale": (1.0, 1e6),
    "cloud": (0.0, 1.0),
    "dropout": (0.0, 1.0),
    "error_factor": (0.01, 100.0),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What sets one story apart from another."""

    baselines: tuple[int, int] = (5, 400)
    """Shortest and longest baseline, days, both included"""
    decorrelated: float = 0.0
    """Share of the long pairs that read too little"""
    surges: bool = False


SCENARIOS: dict[str, Scenario] = {
    "seasonal": Scenario(),
    "surge": Scenario(surges=True),
    "decorrelated": Scenario(decorrelated=0.8),
    "annual-only": Scenario(baselines=(330, 400)),
}


@dataclass(frozen=True, slots=True)
class SyntheticCube:
    """A cube to be made. Equal specifications give equal values; the seed changes images and noise, not ice.

    Raises:
        InvalidRequest: a value is out of range, or the place does not suit the CRS.
    """

    pairs: int = 4000
    height: int = 120
    width: int = 120
    """Pixels of 120 m"""
    start: dt.date = dt.date(2015, 1, 1)
    years: float = 8.0
    """The record: no image is taken outside it"""
    epsg: int = 32607
    """3413, 3031 or a UTM zone (326xx, 327xx), as ITS_LIVE uses them"""
    lon: float = -139.02
    lat: float = 60.745
    """The centre, degrees; it is moved by less than a pixel to fit ITS_LIVE's grid. Default: Kaskawulsh"""
    scenario: str = "seasonal"
    """One of `SCENARIOS`"""
    speed: float = 200.0
    """Mean speed where the ice is fastest, m/yr"""
    seasonal: float = 0.2
    """Amplitude of the annual cycle as a share of the mean speed"""
    surge: float = 1500.0
    """Peak speed that a surge adds where the ice is fastest, m/yr (scenario `surge`)"""
    date_noise: float = 1.5
    """1-sigma position error of an image, metres per component; one value an image, the same at every pixel,
    so that pairs that share an image share its error"""
    pair_noise: float = 4.0
    """1-sigma matching error, metres per component; independent over pairs and pixels"""
    blunders: float = 0.02
    """Share of values that are random vectors of up to four times `speed`"""
    decorrelated: float | None = None
    """Share of the pairs longer than `decorrelated_beyond` that read only 0-60 % of the motion, drawn for
    every pixel; None takes the scenario's"""
    decorrelated_beyond: int = 60
    """Days"""
    baseline_scale: float = 150.0
    """Days: how many pairs there are of a baseline falls off as exp(-baseline / baseline_scale)"""
    cloud: float = 0.4
    """Share of optical images lost to clouds"""
    dropout: float = 0.15
    """Mean share of pairs without a value in the middle of the ice; it grows towards and past the margins"""
    error_factor: float = 1.0
    """How many times smaller the stated errors are than the true ones"""
    satellites: tuple[str, ...] = tuple(SATELLITES)
    """Names of the satellites that may take images"""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise InvalidRequest(f"{name} is {value}; it must lie from {low:g} to {high:g}.", name)
        if self.scenario not in SCENARIOS:
            known = ", ".join(SCENARIOS)
            raise InvalidRequest(
                f"scenario {self.scenario!r} is not known; choose one of {known}.", "scenario"
            )
        unknown = [name for name in self.satellites if name not in SATELLITES]
        if unknown or not self.satellites:
            raise InvalidRequest(
                f"satellites {list(self.satellites)} are not all known; choose from {', '.join(SATELLITES)}.",
                "satellites",
            )
        if self.start < FIRST_LAUNCH:
            raise InvalidRequest(
                f"start {self.start} comes before the first image ({FIRST_LAUNCH}); choose a later date.",
                "start",
            )
        self._check_place()

    def _check_place(self) -> None:
        zone = self.epsg % 100
        utm = self.epsg // 100 in (326, 327) and 1 <= zone <= 60
        if not utm and self.epsg not in _POLAR:
            raise InvalidRequest(
                f"epsg {self.epsg} is none of ITS_LIVE's; choose 3413, 3031 or a UTM zone (326xx, 327xx).",
                "epsg",
            )
        if utm:
            off = abs((self.lon - (6 * zone - 183) + 180.0) % 360.0 - 180.0)
            fits = off <= 9.0 and abs(self.lat) <= 84.0
        else:
            fits = abs(self.lat) >= 50.0 and (self.lat > 0) == (self.epsg == 3413)
        if not fits:
            raise InvalidRequest(
                f"The centre {self.lon} E, {self.lat} N lies outside EPSG:{self.epsg}; "
                "choose a place within it, or another epsg.",
                "lon",
            )

    @property
    def days(self) -> tuple[int, int]:
        """First day of the record and the day after its last."""
        first = day_of(self.start)
        return first, first + round(self.years * 365.25)

    @property
    def baselines(self) -> tuple[int, int]:
        """Shortest and longest baseline, days, both included."""
        return SCENARIOS[self.scenario].baselines

    @property
    def decorrelated_share(self) -> float:
        """`decorrelated`, or else what the scenario says."""
        return SCENARIOS[self.scenario].decorrelated if self.decorrelated is None else self.decorrelated

    @property
    def surge_speed(self) -> float:
        """Peak speed of the surge, m/yr; 0 where the scenario has none."""
        return self.surge if SCENARIOS[self.scenario].surges else 0.0

    @property
    def grid(self) -> Grid:
        """The cube's grid: in every CRS centres are x = 52.5 and y = 67.5 modulo 120 m, as in ITS_LIVE."""
        to_map = Transformer.from_crs(4326, self.epsg, always_xy=True)
        x, y = to_map.transform(self.lon, self.lat)
        left = math.floor((x - self.width * SPACING / 2 + 7.5) / SPACING) * SPACING - 7.5
        top = math.ceil((y + self.height * SPACING / 2 - 7.5) / SPACING) * SPACING + 7.5
        return Grid(self.epsg, left, top, SPACING, self.height, self.width)

    @property
    def name(self) -> str:
        """The cube's name by ITS_LIVE's rule, without suffix: the centre is floored to 50 m."""
        xmin, ymin, xmax, ymax = self.grid.bounds
        x, y = (math.floor(middle / 50.0) * 50 for middle in ((xmin + xmax) / 2, (ymin + ymax) / 2))
        return f"ITS_LIVE_vel_EPSG{self.epsg}_G0120_X{x}_Y{y}"

    def generator(self, *stream: int) -> np.random.Generator:
        """A generator of its own for each stream, so that no order of work changes what is drawn."""
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=stream)))

    def record(self) -> dict[str, object]:
        """All fields as JSON can hold them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"start": self.start.isoformat(), "satellites": list(self.satellites)}
