"""What a kind of problem is, and what documents of several kinds tell: a limit, when to try again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.settings import PREFIX
from workers.errors import OgiveError

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
RETRY_SECONDS = 15

Members = Callable[[Any], dict[str, Any]]
Headers = Callable[[Any], Mapping[str, str]]


def _nothing(error: OgiveError) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: what its document says whatever the occasion."""

    name: str
    """Last part of the type URI"""
    status: int
    title: str
    about: str
    """What it means and what helps, for the page that the type URI leads to"""
    members: Members = _nothing
    """Further members of the document, from the error"""
    headers: Headers = _nothing
    """Further headers of the response, from the error"""
    ogc: bool = False
    """Whether OGC API Processes names the type"""

    def type(self, base: str) -> str:
        """The type URI; `base` is where this service is."""
        return f"{OGC}/{self.name}" if self.ogc else f"{base}/problems/{self.name}"


def refused_by(name: str, value: float | str) -> dict[str, Any]:
    """The limit that refused, as /limits calls it, what it is now, and where it is set."""
    short = name.removeprefix("max_")
    return {"refused_by": {"limit": short, "value": value, "setting": f"{PREFIX}LIMIT_{short.upper()}"}}


def retry(error: OgiveError) -> dict[str, str]:
    """When to try again what may mend itself."""
    return {"Retry-After": str(RETRY_SECONDS)}
