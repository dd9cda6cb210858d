"""Processes as OGC API Processes 1.0 describes them."""

from __future__ import annotations

from typing import Any

from service.formats.oas30 import oas30
from service.jobs.controls import Controls
from workers.processes import Process

_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_JSON = "application/json"


def described(process: Process, base: str) -> dict[str, Any]:
    """A process with its inputs and outputs."""
    inputs: dict[str, Any] = {}
    for model in (process.inputs, Controls):
        schema = model.model_json_schema()
        required, definitions = schema.get("required", []), schema.get("$defs", {})
        for name, part in schema["properties"].items():
            inputs[name] = _input(name, oas30(part, definitions), name in required)
    return {**summary(process, base), "inputs": inputs, "outputs": process.outputs}


def summary(process: Process, base: str) -> dict[str, Any]:
    """A process in short."""
    here = f"{base}/processes/{process.id}"
    return {
        "id": process.id,
        "version": process.version,
        "title": process.title,
        "description": process.description,
        "keywords": list(process.keywords),
        "jobControlOptions": list(process.job_control_options),
        "outputTransmission": ["value", "reference"],
        "links": [
            {"rel": "self", "href": here, "type": _JSON, "title": "This process"},
            {"rel": f"{_REL}/execute", "href": f"{here}/execution", "type": _JSON, "title": "Run it by POST"},
            {"rel": "estimate", "href": f"{here}/estimate", "type": _JSON, "title": "Its cost, by POST"},
        ],
    }


def _input(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """An inputDescription; title and description move out of the schema."""
    about = {"title": schema.pop("title", name), "description": schema.pop("description", "")}
    return {**about, "minOccurs": int(required), "maxOccurs": 1, "schema": schema}
