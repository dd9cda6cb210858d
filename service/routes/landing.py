"""Where everything starts: OGC landing page and STAC root in one document, conformance, limits."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from service.catalog.links import catalog_links
from service.dependencies import BaseUrl, CatalogDep, SettingsDep
from service.jobs.progress import FAILED_SHARE

router = APIRouter(tags=["capabilities"])
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
ABOUT = "Regular glacier-velocity time series from ITS_LIVE image pairs, at a point or over a region."
_JSON, _OPENAPI = "application/json", "application/vnd.oai.openapi+json;version=3.1"
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/job-list",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/callback",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/item-search#sort",
    "https://api.stacspec.org/v1.0.0/item-search#filter",
    "https://api.stacspec.org/v1.0.0/item-search#fields",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#filter",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#fields",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/queries",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/covjson",
]
"""Only what tests hold to. No `oas30`: the API is described in OpenAPI 3.1."""


@router.get("/", operation_id="get_landing", summary="What is here")
async def get_landing(catalog: CatalogDep, base: BaseUrl) -> dict[str, Any]:
    """The root: links to all there is."""

    def link(rel: str, path: str, title: str, media_type: str = _JSON) -> dict[str, str]:
        return {"rel": rel, "href": f"{base}{path}", "type": media_type, "title": title}

    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "ogive",
        "title": "Ogive",
        "description": ABOUT,
        "conformsTo": CONFORMS_TO,
        "links": [
            link("self", "/", "This page"),
            link("root", "/", "This page"),
            link("service-desc", "/api", "Description of the API", _OPENAPI),
            link("service-doc", "/api.html", "Description of the API", "text/html"),
            link("conformance", "/conformance", "Standards that this API keeps"),
            link(f"{_REL}/processes", "/processes", "What can be run"),
            link(f"{_REL}/job-list", "/jobs", "Jobs"),
            *catalog_links(base, await catalog.collections()),
        ],
    }


@router.get("/conformance", operation_id="get_conformance", summary="Standards that this API keeps")
async def get_conformance() -> dict[str, list[str]]:
    """The conformance classes of OGC and STAC that hold."""
    return {"conformsTo": CONFORMS_TO}


@router.get("/limits", operation_id="get_limits", summary="Limits")
async def get_limits(settings: SettingsDep) -> dict[str, Any]:
    """Every limit, its value and the setting that changes it."""
    failed = {
        "value": FAILED_SHARE,
        "setting": None,
        "description": "Share of its blocks that a job may lose and still be successful.",
    }
    return {**settings.limits, "failed_blocks": failed}
