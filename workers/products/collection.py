"""The STAC 1.1 collection that the products of one process share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.products.provenance import Publication
from workers.products.spec import Variable
from workers.products.stac_fields import (
    JSON,
    bands,
    cite_links,
    cube_variables,
    extensions,
    scientific,
    zarr_media_type,
)

_EXTENSIONS = ("datacube/v2.3.0", "processing/v1.2.0", "scientific/v1.0.0", "version/v1.2.0")


def build_collection(
    id: str,
    *,
    title: str,
    description: str,
    keywords: Sequence[str],
    providers: Sequence[Mapping[str, Any]],
    variables: Sequence[Variable],
    publications: tuple[Publication, ...],
    start: str,
    summaries: Mapping[str, Any],
    links: Sequence[Mapping[str, Any]],
    version: str = "1",
    license: str = "CC-BY-4.0",
    license_href: str = "https://creativecommons.org/licenses/by/4.0/",
) -> dict[str, Any]:
    """Describe what all products of a process have in common, wherever and whenever they are.

    Args:
        id: as the products' specifications name it.
        title: a few words.
        description: what the products hold.
        keywords: for searching.
        providers: as STAC has them; one of them, a processor, with `processing:` fields.
        variables: those of every product.
        publications: what to cite.
        start: RFC 3339, before any product's first window; the end is open.
        summaries: values that the products' properties take.
        links: further links, such as `derived_from`; those to itself and its items are for whoever serves it.
        version: of the collection.
        license: SPDX identifier.
        license_href: the license's text.
    """
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": extensions(*_EXTENSIONS),
        "id": id,
        "title": title,
        "description": description,
        "keywords": list(keywords),
        "license": license,
        "version": version,
        "providers": [dict(provider) for provider in providers],
        "extent": {
            "spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]]},
            "temporal": {"interval": [[start, None]]},
        },
        "summaries": dict(summaries),
        "cube:dimensions": {"time": {"type": "temporal", "extent": [start, None], "step": None}},
        "cube:variables": cube_variables(variables),
        **scientific(publications),
        "item_assets": {
            "zarr": {
                "type": zarr_media_type(3),
                "title": title,
                "roles": ["data"],
                "bands": bands(variables),
            },
            "manifest": {"type": JSON, "title": "Object manifest", "roles": ["metadata", "checksum"]},
            "request": {"type": JSON, "title": "Execute request", "roles": ["metadata", "provenance"]},
        },
        "links": [
            *map(dict, links),
            *cite_links(publications),
            {"rel": "license", "type": "text/html", "href": license_href},
        ],
    }
