"""Moments and spans as STAC writes them, read as naive datetimes in UTC, which every SQL database compares.

`workers.calendar` counts whole days, which velocity windows are made of. A search may ask for any moment.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Period", "Span", "moment", "span", "stamp"]

Span = tuple[dt.datetime | None, dt.datetime | None]
"""First and last moment, both included; None is an open side."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def moment(text: str) -> dt.datetime:
    """Read an RFC 3339 date-time (section 5.6; letters of either case) as naive UTC.

    Raises:
        ValueError: the text is something else, such as a date without a time or a time without a zone.
    """
    upper = text.upper()
    if _RFC3339.fullmatch(upper) is None:
        raise ValueError(f"{text!r} is not an RFC 3339 date-time; write it like 2015-01-01T00:00:00Z.")
    try:
        return dt.datetime.fromisoformat(upper).astimezone(dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no moment of the calendar: {error}.") from None


def span(text: str) -> Span:
    """Read an RFC 3339 instant, or an interval `A/B` with `..` or nothing for an open side.

    Raises:
        ValueError: the text is no such thing, is open on both sides or ends before it starts.
    """
    parts = text.split("/")
    if len(parts) > 2:
        raise ValueError(f"{text!r} has {len(parts)} parts; write one date-time, or two joined by one /.")
    if len(parts) == 1:
        instant = moment(text)
        return instant, instant
    start, end = (None if part in ("", "..") else moment(part) for part in parts)
    if start is None and end is None:
        raise ValueError(f"{text!r} is open on both sides; leave datetime out instead.")
    if start is not None and end is not None and end < start:
        raise ValueError(f"{text!r} ends before it starts; write the earlier date-time first.")
    return start, end


def _period(text: str) -> str:
    try:
        span(text)
    except ValueError as error:
        raise ValueError(f"datetime {error}") from None
    return text


Period = Annotated[str, AfterValidator(_period)]
"""The parameter `datetime` of a list: text that `span` can read"""


def stamp(value: dt.datetime) -> str:
    """RFC 3339 text in UTC of a naive moment."""
    return value.isoformat() + "Z"
