"""Every limit of the service."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from service.security import rates
from service.settings.environment import PREFIX
from workers import plan


class Limits(BaseModel):
    """What one job, one request and one caller may cost."""

    limit_pixels: int = Field(plan.Limits().max_pixels, ge=1, description="Pixels that one job may compute.")
    limit_cpu_seconds: float = Field(
        plan.Limits().max_cpu_seconds,
        gt=0,
        description="Processor seconds that one job may be expected to cost.",
    )
    limit_jobs_running: int = Field(5, ge=1, description="Jobs that run at once; others wait for their turn.")
    limit_jobs_queued: int = Field(50, ge=0, description="Jobs that may wait for their turn.")
    limit_jobs_caller: int = Field(20, ge=1, description="Jobs of one caller that run or wait at once.")
    limit_cpu_seconds_day: float = Field(
        5 * plan.Limits().max_cpu_seconds,
        gt=0,
        description="Processor seconds that the jobs of one caller may cost in 24 hours; all who are "
        "anonymous count as one.",
    )
    limit_subscriptions: int = Field(1000, ge=0, description="Subscriptions of all callers together.")
    limit_subscriptions_caller: int = Field(50, ge=0, description="Subscriptions of one caller.")
    limit_requests: str = Field(
        "600/minute, 5000/hour, 10000/day",
        description="Requests of one key; reads of product objects are counted apart, twenty times as many.",
    )
    limit_requests_anonymous: str = Field(
        "60/minute, 500/hour, 1000/day", description="The same for one address (IPv6: /64) that sends no key."
    )
    limit_body: int = Field(1 << 20, ge=1, description="Bytes of one request's body.")
    limit_query: int = Field(1 << 14, ge=1, description="Bytes of one request's query string.")
    limit_wait: float = Field(60.0, gt=0, description="Seconds that one request may wait for its answer.")
    limit_points_at_once: int = Field(
        25, ge=1, description="Places of one GET, and of a POST that is answered without a job."
    )
    limit_points: int = Field(500, ge=1, description="Places that one request may ask for.")
    limit_list: int = Field(1000, ge=1, description="Entries on one page of a list.")
    limit_inline: int = Field(
        20_000_000,
        ge=1,
        description="Bytes of values in one EDR answer; for more, the answer leads to the Zarr store.",
    )
    limit_file: int = Field(
        2_000_000_000,
        ge=1,
        description="Bytes of values in one file of a product; for more, the answer leads to the Zarr store.",
    )

    @field_validator("limit_requests", "limit_requests_anonymous")
    @classmethod
    def _rates(cls, value: str) -> str:
        rates.parse(value)
        return value

    @property
    def limits(self) -> dict[str, dict[str, object]]:
        """Every limit: its value, the variable that sets it, and what it limits."""
        return {
            name.removeprefix("limit_"): {
                "value": getattr(self, name),
                "setting": f"{PREFIX}{name.upper()}",
                "description": field.description,
            }
            for name, field in type(self).model_fields.items()
            if name.startswith("limit_")
        }

    def refused_by(self, limit: str) -> dict[str, object]:
        """A limit as refusals tell it: its name, its value and the variable that sets it."""
        told = self.limits[limit]
        return {"limit": limit, "value": told["value"], "setting": told["setting"]}
