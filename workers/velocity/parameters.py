"""What a user can choose about a velocity inversion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workers.calendar import Interval
from workers.velocity.choices import (
    Coefficient,
    DataSets,
    Days,
    Filters,
    PairsPeriod,
    Penalty,
    Period,
    Sensors,
    Speed,
    StepText,
    StrideText,
    Weights,
)
from workers.velocity.filters import DIRECTION, NO_FILTER
from workers.windows import Step, Windows


class VelocityParameters(BaseModel):
    """The choices of one inversion, validated; the same words everywhere (HTTP, job inputs, command line)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    datetime: Period | None = Field(
        None,
        description="Selects the windows that lie wholly inside this RFC 3339 interval; the inversion always "
        "uses the whole record.",
        examples=["2015-01-01/2022-12-31"],
    )
    pairs_datetime: PairsPeriod | None = Field(
        None,
        description="Restricts the image pairs: both dates must lie inside this RFC 3339 interval.",
        examples=["2014-06-01/.."],
    )
    step: StepText = Field(
        "P30D",
        description="Length of a window, an ISO 8601 duration from P5D to P1Y. Windows of a fixed length are "
        "counted from 1970-01-01; months and years follow the calendar.",
        examples=["P30D", "P1M"],
    )
    stride: StrideText | None = Field(
        None,
        description="From the start of one window to that of the next, an ISO 8601 duration from P1D to P1Y, "
        "counted as step is; without it windows follow one another. A calendar step needs a calendar stride.",
        examples=["P10D", "P1M"],
    )
    gaps: Literal["flag", "mask"] = Field(
        "flag",
        description="What becomes of windows that overlap more than 60 days without any pair: flag gives "
        "them their interpolated value and the flag filled, mask no value and the same flag.",
        examples=["mask"],
    )
    filter: Filters = Field(
        DIRECTION,
        description="Filters of outliers, applied in this order, joined by commas, or none. median_angle "
        "keeps pairs within 45 degrees of the median vector, zscore those within 3.5 NMAD of the median in "
        "both components (not for ice that surges), vvc_choice takes the first where directions cohere and "
        "the second where they do not.",
        examples=["median_angle", "median_angle,zscore", "none"],
    )
    min_speed: Speed | None = Field(None, description="Only pairs at least this fast, m/yr.", examples=[5.0])
    max_speed: Speed | None = Field(
        None, description="Only pairs at most this fast, m/yr.", examples=[12_000.0]
    )
    min_baseline: Days | None = Field(
        None, description="Only pairs at least this many days apart.", examples=[10]
    )
    max_baseline: Days | None = Field(
        None, description="Only pairs at most this many days apart.", examples=[400]
    )
    sensors: Sensors | None = Field(
        None,
        description="Only pairs of these sensors, by the names that the cube gives them, joined by commas.",
        examples=["L8,L9,S2A,S2B"],
    )
    max_error: Speed | None = Field(
        None,
        description="Only pairs of which the cube states errors of both components, neither above this, "
        "m/yr.",
        examples=[100.0],
    )
    datasets: DataSets | None = Field(
        None,
        description="Further data sets whose pairs are merged with those of the cubes, by the names that the "
        "settings give them, joined by commas: each is brought to the cube's grid by its nearest pixel, its "
        "vectors turned into the cube's projection.",
        examples=["ige"],
    )
    regularization: Literal["accel", "zero", "model"] = Field(
        "accel",
        description="accel pulls the acceleration towards that of a smoothed first guess, zero towards none, "
        "model towards that of annual and semi-annual cycles whose amplitudes are fitted along.",
        examples=["accel"],
    )
    penalty: Penalty = Field(
        "jumps",
        description="What the regularisation acts on: jumps of velocity between dates, as in the paper, "
        "or these over the root of the days between, which depends little on how dense the dates are.",
        examples=["acceleration"],
    )
    guess: Literal["savgol", "gaussian", "median", "lowess"] = Field(
        "savgol",
        description="How the first guess is smoothed over 90 days: by the cubic of Savitzky and Golay, "
        "a Gaussian, a running median, or robust local lines. The last two follow seasons more closely, and "
        "surges less.",
        examples=["lowess"],
    )
    coefficient: Coefficient = Field(
        "auto",
        description="Strength of the regularisation: a number (the paper's lambda is its square), or chosen "
        "from 10 to 3000 by some pixels of each cell of 10 by 10: auto takes what best predicts pairs of "
        "images that were left out, vvc what makes directions most coherent (as in the paper), lcurve the "
        "corner of penalty against misfit.",
        examples=["auto", 200],
    )
    interpolation: Literal["linear", "spline"] = Field(
        "linear",
        description="How positions are joined between dates. spline, the paper's, overshoots where dates are "
        "far apart.",
        examples=["linear"],
    )
    weights: Weights = Field(
        "joint",
        description="joint gives a pair one robust weight, so that the series does not depend on the axes; "
        "separate gives it one for each component, as in the paper.",
        examples=["joint"],
    )
    error_weights: bool = Field(
        False,
        description="Weigh pairs by the errors that the cube states, as displacements.",
        examples=[False],
    )
    interval: Literal["calibrated", "theoretical", "scaled"] = Field(
        "calibrated",
        description="The interval v_low..v_high: calibrated by the noise of images and of pairs that the "
        "residuals tell of and by the pull of the first guess, theoretical from the stated errors alone, or "
        "scaled by the residuals of the pixel.",
        examples=["scaled"],
    )
    level: Annotated[float, Field(ge=0.5, le=0.999)] = Field(
        0.95, description="Share of the windows whose interval should hold the truth.", examples=[0.95, 0.68]
    )

    @model_validator(mode="after")
    def _agree(self) -> VelocityParameters:
        for name in ("speed", "baseline"):
            least, most = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if least is not None and most is not None and least > most:
                raise ValueError(
                    f"min_{name} {least:g} is above max_{name} {most:g}; no pair could be both, swap them."
                )
        if self.window_step.days is None and self.window_stride and self.window_stride.days is not None:
            raise ValueError(
                f"stride {self.stride} is in days but step {self.step} follows the calendar; give the stride "
                "in months or years too, such as P1M."
            )
        return self

    @property
    def window_interval(self) -> Interval | None:
        """`datetime`, parsed."""
        return None if self.datetime is None else Interval.parse(self.datetime)

    @property
    def pair_interval(self) -> Interval | None:
        """`pairs_datetime`, parsed."""
        return None if self.pairs_datetime is None else Interval.parse(self.pairs_datetime, "pairs_datetime")

    @property
    def window_step(self) -> Step:
        """`step`, parsed."""
        return Step.parse(self.step)

    @property
    def window_stride(self) -> Step | None:
        """`stride`, parsed; None where windows follow one another."""
        return None if self.stride is None else Step.parse_stride(self.stride)

    def windows(self, first: int, last: int) -> Windows:
        """The windows of a record that runs from day `first` to day `last`.

        Raises:
            InvalidRequest: the step is longer than the record, or no window is left.
        """
        return Windows.select(self.window_step, first, last, self.window_interval, self.window_stride)

    @property
    def outlier_filters(self) -> tuple[str, ...]:
        """The names in `filter`, in order; empty for none."""
        return () if self.filter == NO_FILTER else tuple(self.filter.split(","))

    @property
    def further_datasets(self) -> tuple[str, ...]:
        """The names in `datasets`, sorted."""
        return () if self.datasets is None else tuple(self.datasets.split(","))

    @property
    def wanted_sensors(self) -> tuple[str, ...] | None:
        """The names in `sensors`, sorted; None for all."""
        return None if self.sensors is None else tuple(self.sensors.split(","))
