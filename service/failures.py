"""How errors leave the service: every one as a problem document."""

from __future__ import annotations

import difflib
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from service.dependencies import base_url
from service.errors import DeadlineExceeded
from service.formats.problem import Problem, of_kind, problem
from service.middleware import instance
from service.problems import INVALID, NOT_ALLOWED, NOT_FOUND
from workers.errors import OgiveError

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Let every error that leaves a route become a problem document."""
    app.add_exception_handler(OgiveError, _ogive_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


async def _ogive_error(request: Request, error: OgiveError) -> JSONResponse:
    where = getattr(request.state, "parameters", "query")
    made = problem(error, base_url(request), instance(request.scope), where)
    if isinstance(error, DeadlineExceeded):
        made.document["refused_by"] = request.app.state.settings.refused_by("wait")
    if made.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("Request %s: %s", request.state.request_id, error.message)
    return made.response()


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [{"loc": _place(item["loc"]), "msg": _sentence(item)} for item in error.errors()]
    detail = " ".join(item["msg"] for item in errors)
    return of_kind(INVALID, detail, base_url(request), instance(request.scope), {}, errors=errors).response()


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    base, occasion = base_url(request), instance(request.scope)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}; {base}/ leads to all there is."
        return of_kind(NOT_FOUND, detail, base, occasion, headers).response()
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} does not work at {request.url.path}; {headers.get('Allow', 'GET')} does."
        return of_kind(NOT_ALLOWED, detail, base, occasion, headers).response()
    title = HTTPStatus(error.status_code).phrase
    document = {"type": "about:blank", "title": title, "status": error.status_code}
    document |= {"detail": str(error.detail), "instance": occasion}
    return Problem(error.status_code, document, headers).response()


def _place(loc: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _sentence(error: dict[str, Any]) -> str:
    """What pydantic found, as a sentence that names the parameter and what was given."""
    name, context = str(error["loc"][-1]), error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"{name} is missing."
        case "extra_forbidden":
            return f"{name} is not known here{_hint(name, context.get('known'))}."
        case "json_invalid":
            return f"The body is not JSON: {context['error']}."
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
    rule = error["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    given = error["input"]
    told = f"; {given!r} is not" if isinstance(given, str | int | float) else ""
    return f"{name} should be {rule}{told}."


def _hint(name: str, known: list[str] | None) -> str:
    """What the user may have meant, after a name that is not known."""
    if known is None:
        return ""
    if not known:
        return "; this address takes no parameters"
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?"[:-1] if near else f"; the names are {', '.join(known)}"
