"""One representation of an answer: its tag, known before anything is computed, its bytes and its headers."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from service.formats import FORMATS
from service.formats.places import at_places
from service.formats.series import dumps
from service.formats.shape import rows
from service.series.query import SeriesOptions
from workers.errors import OgiveError
from workers.geojson import Place
from workers.velocity.point import series_sha256
from workers.velocity.sites import Site

CITE = "https://doi.org/10.5194/tc-19-4555-2025"
_FRESH = "public, max-age=3600, stale-while-revalidate=86400"


@dataclass(frozen=True)
class Representation:
    """What was asked for, in the form that was asked for."""

    form: str
    """Name of the format"""
    options: SeriesOptions
    places: Sequence[Place]
    several: bool
    """Whether the answer is a collection"""
    base: str
    """Address of the service"""
    identities: Sequence[str] = ()
    """What makes the series of each place the same, or why there is none"""
    via: Sequence[str] = ()
    """Addresses of the items of what is read"""
    changed: str | None = None
    """RFC 3339: when what is read last changed"""

    def of_sites(self, sites: Sequence[Site | OgiveError]) -> Representation:
        """Of series that are computed from the cubes of sites, one for each place."""
        parameters, found = self.options.parameters, [site for site in sites if isinstance(site, Site)]
        items = dict.fromkeys(site.cube.reference.item_href for site in found)
        changes = [site.cube.last_modified for site in found if site.cube.last_modified is not None]
        return replace(
            self,
            identities=[
                series_sha256(site, parameters) if isinstance(site, Site) else str(site) for site in sites
            ],
            via=[href for href in items if href is not None],
            changed=max(changes, default=None),
        )

    def of_product(self, product: str, href: str) -> Representation:
        """Of series that a finished product holds, whose item is at `href`."""
        identities = [f"{product} {place.lon} {place.lat}" for place in self.places]
        return replace(self, identities=identities, via=[href])

    @cached_property
    def tag(self) -> str:
        """A strong entity tag: equal ones are equal bytes."""
        asked = {
            "base": self.base,
            "form": self.form,
            "options": self.options.model_dump(mode="json", exclude={"f"}),
            "several": self.several,
            "told": [place.told for place in self.places],
            "series": self.identities,
        }
        text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'

    @property
    def address(self) -> str:
        """Path and query by which a GET that names its places has this answer, as json."""
        return f"/timeseries?{urlencode(self._asked, safe=',:/')}"

    def lasts(self, members: Sequence[dict[str, Any]]) -> bool:
        """Whether the answer stays true for as long as its tag does: none of its members is an outage."""
        return all("series" in member or member["status"] == HTTPStatus.NOT_FOUND for member in members)

    def headers(self, members: Sequence[dict[str, Any]] = ()) -> dict[str, str]:
        """The headers for caches, citation and files; an answer with an outage in it is not to be kept."""
        made = {"Vary": "Accept", "Link": f'<{CITE}>; rel="cite-as"'}
        if self.lasts(members):
            made |= {"ETag": self.tag, "Cache-Control": _FRESH}
            if self.changed is not None:
                made["Last-Modified"] = format_datetime(dt.datetime.fromisoformat(self.changed), usegmt=True)
        else:
            made["Cache-Control"] = "no-store"
        if self.form not in ("json", "covjson"):
            name = f"ogive_{self.tag[1:9]}.{FORMATS[self.form].suffix}"
            made["Content-Disposition"] = f'attachment; filename="{name}"'
        return made

    def content(self, members: Sequence[dict[str, Any]]) -> bytes:
        """The bytes, from the document of each place's series or its problem."""
        asked = self.options
        variables = asked.variables.split(",")
        whole = at_places(members, self.places, self.several, variables, asked.timeformat)
        if asked.orient == "records":
            return dumps(rows(whole))
        if self.form == "json":
            return dumps(whole | {"links": self._links(whole["schema"])})
        return FORMATS[self.form].write(whole)

    @property
    def _asked(self) -> dict[str, Any]:
        """What differs from the defaults, as a query writes it, but for the format."""
        return {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in self.options.model_dump(mode="json", exclude_defaults=True).items()
            if name != "f" and value is not None
        }

    def _links(self, schema: str) -> list[dict[str, str]]:
        """To this answer and its other formats where a GET asks for them, to the schema and to the source."""
        links, asked = [], self._asked
        if "lon" in asked or "x" in asked:
            links.append(
                {"rel": "self", "href": f"{self.base}{self.address}", "type": FORMATS["json"].media_type}
            )
            plain = {name: value for name, value in asked.items() if name not in _JSON_ONLY}
            links += [
                {
                    "rel": "alternate",
                    "href": f"{self.base}/timeseries?{urlencode(plain | {'f': name}, safe=',:/')}",
                    "type": made.media_type,
                }
                for name, made in FORMATS.items()
                if name != "json"
            ]
        links += [{"rel": "via", "href": href, "type": "application/geo+json"} for href in self.via]
        links.append(
            {"rel": "describedby", "href": f"{self.base}/{schema}", "type": "application/schema+json"}
        )
        return [*links, {"rel": "cite-as", "href": CITE}]


_JSON_ONLY = ("observations", "orient", "timeformat")
