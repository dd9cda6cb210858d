"""How requests are served, and what outlives them."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field, SecretStr, field_validator

from workers.telemetry import logs


class Lasting(BaseModel):
    """What outlives a request: the addresses in links, products, and what is sent to subscribers."""

    public_url: str | None = Field(
        None, description="Address that links start with, where it differs from the one requested."
    )
    retention_days: float | None = Field(
        None,
        gt=0,
        description="Days after which products and what failed jobs left are deleted; none: never.",
    )
    callback_secret: SecretStr | None = Field(
        None,
        description="Signs what is sent to subscribers (HMAC-SHA256); by default a random one, kept "
        "in the data folder as `callback-secret`.",
    )
    subscription_interval: float = Field(
        3600.0, gt=0, description="Seconds between two looks at what a subscription watches."
    )

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    def expiry(self, made: dt.datetime) -> dt.datetime | None:
        """When what was made at a moment is deleted; None for never."""
        return None if self.retention_days is None else made + dt.timedelta(days=self.retention_days)


class Listening(BaseModel):
    """Where requests come in, what is told of them, and how answers are kept."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    metrics: str | None = Field(
        None,
        pattern=r"^\S+:\d+$",
        description="Address (127.0.0.1:9464) of Prometheus metrics and of the list of workers to scrape; "
        "without it there are none. Nobody is asked who they are there: keep it off the open internet.",
    )
    log_format: logs.Form = Field(
        "text", description="Form of log lines: text for people, json for machines; workers read it too."
    )
    log_level: logs.Level = Field("info", description="Least level of what is logged; workers read it too.")
    wait: float = Field(
        20.0,
        gt=0,
        description="Seconds that a request for series waits, unless it says so by Prefer: wait=n.",
    )
    series_cache: int = Field(
        64 << 20, ge=0, description="Bytes of computed series kept in memory, and half as many of answers."
    )
