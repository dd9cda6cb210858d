"""STAC 1.1, its extensions and the Zarr conventions as schemas: documents are checked without a network."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT7

STAC = "https://schemas.stacspec.org/v1.1.0"


def _load() -> dict[str, Any]:
    folder = Path(__file__).parents[1] / "schemas"
    index = json.loads((folder / "index.json").read_text())
    found = {address: folder / name for address, name in index.items()}
    bundled = Path(str(resources.files("pystac.validation") / "jsonschemas"))
    for path in (bundled / "stac-spec" / "v1.1.0").glob("*.json"):
        kind = path.stem if path.stem in ("catalog", "collection") else "item"
        found[f"{STAC}/{kind}-spec/json-schema/{path.name}"] = path
    for name in ("Feature", "Geometry"):
        found[f"https://geojson.org/schema/{name}.json"] = bundled / "geojson" / f"{name}.json"
    # The alternate-assets extension still names the core of STAC 1.0.
    basics = f"{STAC}/item-spec/json-schema/basics.json"
    found[basics.replace("v1.1.0", "v1.0.0")] = found[basics]
    # Of PROJJSON, which no item has, a stub.
    projjson = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "object",
        "required": ["type"],
    }
    loaded = {address: json.loads(path.read_text()) for address, path in found.items()}
    return loaded | {"https://proj.org/schemas/v0.7/projjson.schema.json": projjson}


SCHEMAS = _load()
"""Every schema that may be needed, by address."""
_REGISTRY = Registry().with_resources(
    (address, DRAFT7.create_resource(schema)) for address, schema in SCHEMAS.items()
)


def breaches(document: dict[str, Any]) -> list[str]:
    """What an item or a collection breaks of the core and of the extensions that it declares."""
    kind = "item" if document["type"] == "Feature" else "collection"
    core = f"{STAC}/{kind}-spec/json-schema/{kind}.json"
    return [
        f"{address}: {error.message[:300]}"
        for address in [core, *document["stac_extensions"]]
        for error in jsonschema.Draft7Validator(
            SCHEMAS[address], registry=_REGISTRY, format_checker=jsonschema.FormatChecker()
        ).iter_errors(document)
    ]
