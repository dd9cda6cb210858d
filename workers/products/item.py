"""The STAC 1.1 item of a product, which says that the product is whole.

Its links and assets are relative to its own folder, so that a folder of products is a static catalog that can
be copied anywhere; a service that serves the item puts its own addresses in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from workers.calendar import timestamp
from workers.products import documents, keys
from workers.products.documents import Digest, digest
from workers.products.footprint import footprint
from workers.products.manifest import Manifest
from workers.products.provenance import Provenance
from workers.products.spec import ProductSpec
from workers.products.stac_fields import (
    GEOJSON,
    JSON,
    bands,
    cite_links,
    cube_variables,
    extensions,
    scientific,
    storage_scheme,
    zarr_media_type,
)
from workers.products.store import ProductStore

_EXTENSIONS = (
    "datacube/v2.3.0",
    "projection/v2.0.0",
    "raster/v2.0.0",
    "processing/v1.2.0",
    "scientific/v1.0.0",
    "version/v1.2.0",
    "file/v2.1.0",
    "zarr/v1.1.0",
)
_ON_OBJECT_STORES = ("storage/v2.0.0", "alternate-assets/v1.2.0")
_TIMESTAMPS = "timestamps/v1.1.0"
_SCHEME = "s3"


def build_item(
    store: ProductStore,
    spec: ProductSpec,
    *,
    manifest: Manifest,
    request: Mapping[str, Any],
    provenance: Provenance,
    properties: Mapping[str, Any],
    links: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Describe a finished product.

    Args:
        store: where it is.
        spec: its specification.
        manifest: what `finalise` returned.
        request: the document at `keys.request(spec.id)`, as it was given to `documents.write`.
        provenance: how it was made.
        properties: further properties, such as a summary of the values.
        links: further links, such as `processing-execution` or `predecessor-version`.
    """
    outline = footprint(spec.grid)
    scheme = storage_scheme(store)
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": extensions(
            *_EXTENSIONS,
            *(_ON_OBJECT_STORES if scheme else ()),
            *((_TIMESTAMPS,) if "expires" in properties else ()),
        ),
        "id": spec.id,
        "collection": spec.collection,
        "geometry": outline.geometry,
        "bbox": list(outline.bbox),
        "properties": {
            **_common_properties(spec, provenance),
            **_grid_properties(spec),
            **_processing_properties(provenance),
            **scientific(provenance.publications),
            **({"storage:schemes": {_SCHEME: scheme}} if scheme else {}),
            **properties,
        },
        "assets": _assets(store, spec, manifest, request, stored_remotely=scheme is not None),
        "links": [*_links(spec, provenance), *map(dict, links)],
    }


def save_item(store: ProductStore, item: Mapping[str, Any]) -> None:
    """Write an item; the last object of its product.

    Raises:
        StoreNotWritable: the store does not take it.
    """
    documents.write(store, keys.item(item["id"]), item)


def version_link(rel: str, product: str) -> dict[str, Any]:
    """A link to an earlier or later version of a product, whose item lies in the same folder."""
    return {"rel": rel, "type": GEOJSON, "href": _relative(keys.item(product)), "title": product}


def _common_properties(spec: ProductSpec, provenance: Provenance) -> dict[str, Any]:
    created = _rfc3339(provenance.created)
    return {
        "title": spec.title,
        "description": spec.summary,
        "datetime": None,
        "start_datetime": timestamp(spec.windows.start[0]),
        "end_datetime": timestamp(spec.windows.end[-1]),
        "created": created,
        "updated": created,
        "license": provenance.license,
        "gsd": spec.grid.spacing,
        "version": spec.version,
        "experimental": False,
    }


def _grid_properties(spec: ProductSpec) -> dict[str, Any]:
    grid, windows = spec.grid, spec.windows
    first, last = grid.centre(0, 0), grid.centre(grid.height - 1, grid.width - 1)
    spatial = {"type": "spatial", "reference_system": grid.epsg}
    return {
        "proj:code": f"EPSG:{grid.epsg}",
        "proj:shape": [grid.height, grid.width],
        "proj:transform": list(grid.transform),
        "proj:bbox": list(grid.bounds),
        "cube:dimensions": {
            "x": {**spatial, "axis": "x", "extent": [first[0], last[0]], "step": grid.spacing},
            "y": {**spatial, "axis": "y", "extent": [last[1], first[1]], "step": -grid.spacing},
            "time": {
                "type": "temporal",
                "extent": [timestamp(windows.start[0]), timestamp(windows.end[-1])],
                "step": windows.spacing.text,
            },
        },
        "cube:variables": cube_variables(spec.variables),
    }


def _processing_properties(provenance: Provenance) -> dict[str, Any]:
    return {
        "processing:level": provenance.level,
        "processing:datetime": _rfc3339(provenance.created),
        "processing:version": provenance.version,
        "processing:facility": provenance.facility,
        "processing:lineage": provenance.lineage,
        "processing:software": dict(provenance.software),
        "processing:expression": dict(provenance.expression),
    }


def _assets(
    store: ProductStore,
    spec: ProductSpec,
    manifest: Manifest,
    request: Mapping[str, Any],
    stored_remotely: bool,
) -> dict[str, Any]:
    assets = {
        "zarr": {
            "href": _relative(keys.group(spec.id)),
            "type": zarr_media_type(3),
            "title": f"{spec.title} (Zarr v3)",
            "roles": ["data"],
            "zarr:consolidated": True,
            "zarr:node_type": "group",
            "zarr:zarr_format": 3,
            "raster:spatial_resolution": spec.grid.spacing,
            "bands": bands(spec.variables),
        },
        "manifest": {
            "href": _relative(keys.manifest(spec.id)),
            "type": JSON,
            "title": "Key, size and SHA-256 of every object in the store",
            "roles": ["metadata", "checksum"],
            **_file(digest(manifest.encode())),
        },
        "request": {
            "href": _relative(keys.request(spec.id)),
            "type": JSON,
            "title": "The request that made the product, replayable",
            "roles": ["metadata", "provenance"],
            **_file(digest(documents.encode(request))),
        },
    }
    if stored_remotely:
        for asset in assets.values():
            asset["storage:refs"] = [_SCHEME]
        assets["zarr"]["alternate"] = {
            "s3": {
                "href": store.location(keys.group(spec.id)),
                "alternate:name": "S3",
                "storage:refs": [_SCHEME],
            }
        }
    return assets


def _links(spec: ProductSpec, provenance: Provenance) -> list[dict[str, Any]]:
    collection = f"../{keys.collection(spec.collection).rpartition('/')[2]}"
    links = [
        {"rel": "collection", "type": JSON, "href": collection},
        {"rel": "parent", "type": JSON, "href": collection},
        {
            "rel": "store",
            "type": zarr_media_type(3),
            "href": _relative(keys.group(spec.id)),
            "title": "Zarr store",
        },
    ]
    for source in provenance.sources:
        if source.item_href is not None:
            links.append(
                {"rel": "derived_from", "type": GEOJSON, "href": source.item_href, "title": source.title}
            )
        links.append(
            {
                "rel": "derived_from",
                "type": source.media_type,
                "href": source.store_href,
                "title": f"{source.title}, the store that was read",
            }
        )
    license_link = {"rel": "license", "type": "text/html", "href": provenance.license_href}
    return [*links, *cite_links(provenance.publications), license_link]


def _relative(key: str) -> str:
    return f"./{key.rpartition('/')[2]}"


def _file(of: Digest) -> dict[str, Any]:
    """Size and checksum; the checksum is a multihash: 12 for SHA-256, 20 for its 32 bytes, then the hash."""
    size, sha256 = of
    return {"file:size": size, "file:checksum": f"1220{sha256}"}


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
