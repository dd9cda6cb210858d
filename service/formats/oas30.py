"""JSON Schema 2020-12, as pydantic writes it, in the OpenAPI 3.0 dialect that OGC API Processes 1.0 takes."""

from __future__ import annotations

from typing import Any

_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def oas30(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The same schema in the older dialect, with references to `definitions` written out.

    A value that may be null loses that branch: an OGC input that may be left out is never sent as null.
    """
    if "$ref" in schema:
        return oas30(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _BOUNDS:
            made |= {_BOUNDS[key]: value, key: True}
        elif key == "examples":
            made["example"] = value[0]
        elif key == "const":
            made["enum"] = [value]
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            made[key] = oas30(value, definitions)
        elif key == "properties":
            made[key] = {name: oas30(part, definitions) for name, part in value.items()}
        elif key in ("anyOf", "oneOf", "allOf"):
            parts = [oas30(part, definitions) for part in value if part.get("type") != "null"]
            made |= {key: parts} if len(parts) > 1 else parts[0]
        elif not (key == "default" and value is None):
            made[key] = value
    return made
