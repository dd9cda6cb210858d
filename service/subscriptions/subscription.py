"""What is known of one subscription, and the document that tells it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from service.catalog.moments import stamp
from service.formats.problem import absolute
from service.paging import link
from service.subscriptions.table import SUBSCRIPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The record of a subscription."""

    id: str
    owner: str | None
    """Whose it is, if anybody is told from others; see `service.security.caller`"""
    base: str
    """Address of the service as the client knew it"""
    created: dt.datetime
    request: dict[str, Any]
    """As it was sent"""
    address: str
    """Path and query of the answer of `/timeseries` that is watched"""
    looks: int
    """Looks that were begun; only the last one may write down what it saw"""
    looked: dt.datetime | None
    """When the last look that saw the cubes ended"""
    fingerprints: dict[str, str] | None
    """Of the cubes that the series was made of, by name"""
    series_sha256: str | None
    """Of the columns of the series"""
    comparison: dict[str, Any] | None
    """The newest window against those before it; see `rule`"""
    problem: dict[str, Any] | None
    """Why the last look saw nothing"""
    told: dt.datetime | None
    """When the subscriber last took what it was sent"""
    telling: str | None
    """What became of the last try to tell"""


COLUMNS = [SUBSCRIPTIONS.c[field.name] for field in fields(Subscription)]
"""What a record takes of a row"""


def subscription(row: sa.Row) -> Subscription:
    """A row as a record."""
    return Subscription(**{column.name: getattr(row, column.name) for column in COLUMNS})


def document(record: Subscription, base: str) -> dict[str, Any]:
    """A subscription as it is told: not to whom, for the address may hold secrets."""
    here = f"{base}/subscriptions/{record.id}"
    return {
        "id": record.id,
        "created": stamp(record.created),
        "looks": record.looks,
        **{name: value for name, value in record.request.items() if name != "subscriber"},
        "looked": record.looked and stamp(record.looked),
        "fingerprints": record.fingerprints,
        "series_sha256": record.series_sha256,
        "comparison": record.comparison,
        "problem": record.problem and absolute(record.problem, base),
        "told": record.told and stamp(record.told),
        "telling": record.telling,
        "links": [
            link("self", here),
            link("up", f"{base}/subscriptions"),
            link("latest-version", f"{base}{record.address}"),
        ],
    }
