"""The OpenAPI 3.1 document, with errors as they really leave the service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.formats.answers import ANSWERS, COMPONENTS, PATHS
from service.formats.problem import MEDIA_TYPE
from service.security.authentication import anybody_may
from service.security.scopes import Scopes

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"loc": {"type": "string"}, "msg": {"type": "string"}},
            },
        },
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of an app, made once: answers with their shapes, refusals as problems, none 422."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas |= COMPONENTS | {"Problem": _PROBLEM}
        anybody = anybody_may(app.state.settings)
        for path, methods in made["paths"].items():
            for operation in methods.values():
                _describe_access(operation, anybody)
                _describe_parameters(operation)
                _describe_answers(operation, path)
        app.openapi_schema = made
    return app.openapi_schema


def _describe_access(operation: dict[str, Any], anybody: Scopes) -> None:
    """How an operation is asked for by a key or a token, or without where anybody may."""
    if "security" not in operation:
        return
    needed = {scope for way in operation["security"] for scopes in way.values() for scope in scopes}
    ways = {name for way in operation["security"] for name in way}
    keyless = [{}] if needed <= anybody else []
    operation["security"] = [*keyless, *({name: sorted(needed)} for name in sorted(ways))]
    problem = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, told in (
        ("401", "Who asks has not proved who they are"),
        ("403", "Who asks may not"),
        ("429", "More was asked than one caller may"),
    ):
        operation["responses"].setdefault(status, {"description": told, **problem})


def _describe_parameters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["description"], parameter["example"] = PATHS[parameter["name"]]


def _describe_answers(operation: dict[str, Any], path: str) -> None:
    """Shapes of answers, and the refusals that may come: 400 of any, 404 where a path names something."""
    responses = operation["responses"]
    responses.pop("422", None)
    if operation["operationId"] in ANSWERS:
        for status in [status for status in responses if status.startswith("2")]:
            name = "get_job" if status == "202" else operation["operationId"]  # what is accepted is a job
            content = {media_type: {"schema": schema} for media_type, schema in ANSWERS[name].items()}
            responses[status] = responses[status] | {"content": content}
    problem = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    responses["400"] = {"description": "The request is malformed", **problem}
    if "{" in path:
        responses["404"] = {"description": "There is no such thing", **problem}
    responses["default"] = {"description": "A problem", **problem}
