"""What each operation answers, for the description of the API: media types and shapes of documents."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_BYTES: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
_ANY: Schema = {"type": "object"}


def _object(about: str, required: str, **properties: Schema) -> Schema:
    names = required.split()
    made = {"type": "object", "description": about, "properties": properties}
    if "links" in names:
        made["properties"] = {"links": _list("Link"), **properties}
    return {**made, "required": names} if names else made


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> Schema:
    return {"type": "array", "items": _ref(name)}


def _always(value: str) -> Schema:
    return {"type": "string", "const": value}


_NUMBER: Schema = {"type": "integer", "minimum": 0}
_GEOMETRY: Schema = {"type": ["object", "null"], "description": "GeoJSON geometry"}

COMPONENTS: dict[str, Schema] = {
    "Link": _object("A link", "href rel", href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT),
    "Landing": _object(
        "OGC landing page and STAC root catalog",
        "type id stac_version conformsTo links",
        type=_always("Catalog"),
    ),
    "Collection": _object(
        "STAC 1.1 Collection with EDR members", "type id extent license links", type=_always("Collection")
    ),
    "Collections": _object("STAC Collections", "collections links", collections=_list("Collection")),
    "Item": _object(
        "STAC 1.1 Item of a finished product",
        "type id geometry bbox properties assets links collection",
        type=_always("Feature"),
        geometry=_GEOMETRY,
        properties=_ANY,
    ),
    "ListedItem": _object(
        "A STAC Item, or what `fields` leaves of one",
        "type stac_version id collection",
        type=_always("Feature"),
        geometry=_GEOMETRY,
        properties=_ANY,
    ),
    "Items": _object(
        "STAC ItemCollection: a page of items",
        "type features links numberReturned",
        type=_always("FeatureCollection"),
        features=_list("ListedItem"),
        numberReturned=_NUMBER,
        numberMatched=_NUMBER,
    ),
    "Queryables": _object("JSON Schema of what filters may ask", "$schema $id type properties"),
    "Coverage": _object(
        "CoverageJSON 1.0: Coverage or CoverageCollection",
        "type",
        type={"type": "string", "enum": ["Coverage", "CoverageCollection"]},
    ),
    "Table": _object("Columns of one length, units beside", "type item crs units columns", columns=_ANY),
    "Series": _object("VelocityTimeSeries, or a collection of them", "type", type=_TEXT),
    "StatusInfo": _object(
        "OGC API Processes 1.0 statusInfo",
        "jobID type status",
        jobID=_TEXT,
        type=_always("process"),
        status={"type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"]},
        progress={"type": "integer", "minimum": 0, "maximum": 100},
    ),
    "Jobs": _object("A page of jobs", "jobs links", jobs=_list("StatusInfo")),
    "Subscription": _object(
        "A place that is watched",
        "id created inputs when looks looked fingerprints series_sha256 comparison problem told telling "
        "links",
        id=_TEXT,
        created=_TEXT,
        looks=_NUMBER | {"description": "Looks that were begun"},
        inputs=_ANY,
        when={"type": "string", "enum": ["change", "acceleration"]},
        percent={"type": "number"},
        looked=_MAYBE | {"description": "When the last look that saw the cubes ended"},
        fingerprints={"type": ["object", "null"], "description": "Of the cubes there, by name"},
        series_sha256=_MAYBE | {"description": "Of the columns of the series"},
        comparison={
            "type": ["object", "null"],
            "description": "The newest window with data against the mean of the year before it",
        },
        problem={"type": ["object", "null"], "description": "Why the last look saw nothing"},
        told=_MAYBE | {"description": "When the subscriber last took what there was to tell"},
        telling=_MAYBE | {"description": "What became of the last try to tell"},
    ),
    "Subscriptions": _object(
        "A page of subscriptions", "subscriptions links", subscriptions=_list("Subscription")
    ),
    "Results": _object("Where product and item are, or the value", ""),
    "Document": _object("A JSON document", ""),
    "Health": _object("What was checked, each with its milliseconds", "status", status=_TEXT),
}

_JSON, _GEOJSON, _SCHEMA = "application/json", "application/geo+json", "application/schema+json"
_EDR: dict[str, Schema] = {
    "application/vnd.cov+json": _ref("Coverage"),
    "text/csv": _TEXT,
    "application/netcdf": _BYTES,
    _JSON: _ref("Table"),
}
_SERIES: dict[str, Schema] = {
    _JSON: {
        "anyOf": [_ref("Series"), {"type": "array", "items": {"type": "object"}}],
        "description": "A document of columns; with orient=records a list with an object for each window",
        "examples": [
            {
                "type": "VelocityTimeSeries",
                "requested": {"lon": -139.02, "lat": 60.745},
                "cell": {"x": 607980.0, "y": 6736020.0, "crs": "EPSG:32607", "offset_m": 44.5},
                "series_units": {"time": "iso8601", "v": "m/yr", "v_error": "m/yr", "flags": "bits"},
                "series": {
                    "time": ["2015-01-16T00:00:00Z", "2015-02-15T00:00:00Z"],
                    "v": [148.2, None],
                    "v_error": [5.0, None],
                    "flags": [0, 128],
                },
            }
        ],
    },
    "text/csv": _TEXT | {"examples": ["# v: m/yr\ntime,start,end,v\n2015-01-16T00:00:00Z,...,148.2\n"]},
    "application/netcdf": _BYTES,
    "application/vnd.apache.parquet": _BYTES,
    "application/vnd.cov+json": _ref("Coverage"),
}
_STATUS = {_JSON: _ref("StatusInfo")}

ANSWERS: dict[str, dict[str, Schema]] = {
    "get_landing": {_JSON: _ref("Landing")},
    "get_collections": {_JSON: _ref("Collections")},
    "get_collection": {_JSON: _ref("Collection")},
    "get_items": {_GEOJSON: _ref("Items")},
    "get_item": {_GEOJSON: _ref("Item")},
    "get_search": {_GEOJSON: _ref("Items")},
    "post_search": {_GEOJSON: _ref("Items")},
    "get_items_parquet": {"application/vnd.apache.parquet": _BYTES},
    "get_queryables": {_SCHEMA: _ref("Queryables")},
    "get_collection_queryables": {_SCHEMA: _ref("Queryables")},
    "get_position": _EDR,
    "get_area": _EDR,
    "get_cube": _EDR,
    "get_trajectory": _EDR,
    "get_file": {"application/netcdf": _BYTES, "text/csv": _TEXT, "application/vnd.apache.parquet": _BYTES},
    "get_timeseries": _SERIES,
    "post_timeseries": _SERIES,
    "get_timeseries_schema": {_SCHEMA: _ref("Document")},
    "get_collection_schema": {_SCHEMA: _ref("Document")},
    "execute": {_JSON: {"anyOf": [_ref("StatusInfo"), _ref("Results")]}},
    "estimate": {_JSON: _ref("Document")},
    "replay_job": _STATUS,
    "get_jobs": {_JSON: _ref("Jobs")},
    "get_job": _STATUS,
    "dismiss_job": _STATUS,
    "get_results": {_JSON: _ref("Results")},
    "get_inputs": {_JSON: _ref("Document")},
    "get_logs": {_JSON: _ref("Document")},
    "subscribe": {_JSON: _ref("Subscription")},
    "get_subscriptions": {_JSON: _ref("Subscriptions")},
    "get_subscription": {_JSON: _ref("Subscription")},
    "get_object": {_JSON: _ref("Document"), "application/octet-stream": _BYTES},
    "get_group": {_JSON: _ref("Document")},
    "get_document": {_JSON: _ref("Document"), _GEOJSON: _ref("Item")},
    "get_live": {_JSON: _ref("Health")},
    "get_ready": {_JSON: _ref("Health")},
}
"""By operation id; operations that are not here are typed where they are written"""

PATHS: dict[str, tuple[str, str]] = {
    "collection": ("Id of a collection, from /collections.", "ogive-velocity"),
    "item": (
        "Id of an item, from /search.",
        "ogive_EPSG32607_X609000_Y6736080_20150101_20241231_P30D_v1_1f0c6e7d",
    ),
    "product": (
        "Id of a product, which is that of its item.",
        "ogive_EPSG32607_X609000_Y6736080_20150101_20241231_P30D_v1_1f0c6e7d",
    ),
    "key": ("Key of an object in the Zarr store.", "vx/c/0/0/0"),
    "job_id": ("Id of a job, from /jobs.", "3f0c1a52-0c3e-4a58-9c7e-6b1d0e6f7a11"),
    "subscription_id": (
        "Id of a subscription, from /subscriptions.",
        "9b1d0e6f-7a11-4a58-9c7e-3f0c1a520c3e",
    ),
    "process_id": ("Id of a process, from /processes.", "velocity-cube"),
    "name": ("Name of a kind of problem, from /problems.", "no-cube"),
}
"""Parameters in paths, which mean the same wherever they stand: what each is, and an example"""
