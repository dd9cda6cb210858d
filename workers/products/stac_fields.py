"""Parts that STAC items and their collection have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from workers.products.provenance import Publication
from workers.products.spec import Variable
from workers.products.store import ProductStore

JSON, GEOJSON = "application/json", "application/geo+json"
_NODATA = {"float32": {"nodata": "nan"}, "uint8": {}}


def extensions(*names: str) -> list[str]:
    """Schema addresses of extensions, each named as `datacube/v2.3.0`."""
    return [f"https://stac-extensions.github.io/{name}/schema.json" for name in names]


def zarr_media_type(zarr_format: int) -> str:
    """The media type of a Zarr store."""
    return f"application/vnd.zarr; version={zarr_format}"


def _described(variable: Variable) -> dict[str, Any]:
    named = {"cf:standard_name": variable.standard_name} if variable.standard_name else {}
    return {
        "description": variable.description,
        "unit": variable.unit,
        "data_type": variable.dtype,
        **_NODATA[variable.dtype],
        **named,
    }


def bands(variables: Iterable[Variable]) -> list[dict[str, Any]]:
    """Variables as the bands of a Zarr asset."""
    return [{"name": variable.name, **_described(variable)} for variable in variables]


def cube_variables(variables: Iterable[Variable]) -> dict[str, dict[str, Any]]:
    """Variables as the datacube extension has them."""
    return {
        variable.name: {
            "dimensions": list(variable.dimensions),
            "type": variable.role,
            **_described(variable),
        }
        for variable in variables
    }


def cite_links(publications: Iterable[Publication]) -> list[dict[str, Any]]:
    """A link to each publication."""
    return [
        {"rel": "cite-as", "href": f"https://doi.org/{publication.doi}", "title": publication.citation}
        for publication in publications
    ]


def scientific(publications: tuple[Publication, ...]) -> dict[str, Any]:
    """Fields of the scientific extension."""
    return {
        "sci:citation": "; ".join(publication.citation for publication in publications),
        "sci:publications": [{"doi": p.doi, "citation": p.citation} for p in publications],
    }


def storage_scheme(store: ProductStore) -> dict[str, Any] | None:
    """Which object store holds the products, as the storage extension has it; None for local files.

    Endpoint and region are looked for where botocore does: in the options, then in the environment.
    """
    if not store.url.startswith("s3://"):
        return None
    options = store.storage_options or {}
    client = options.get("client_kwargs") or {}
    endpoint = (
        options.get("endpoint_url")
        or client.get("endpoint_url")
        or os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL")
    )
    region = client.get("region_name") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    platform = (
        f"{endpoint.rstrip('/')}/{{bucket}}" if endpoint else "https://{bucket}.s3.{region}.amazonaws.com"
    )
    return {
        "type": "custom-s3" if endpoint else "aws-s3",
        "platform": platform,
        "bucket": urlsplit(store.url).netloc,
        **({"region": region} if region else {}),
        "requester_pays": bool(options.get("requester_pays", False)),
    }
