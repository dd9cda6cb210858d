"""Conditional requests (RFC 9110, section 13): a client that has a representation already is told so."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["etag", "named_in", "tagged"]


def etag(content: bytes) -> str:
    """A strong entity tag of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def named_in(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` header names a tag."""
    if header is None:
        return False
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))


def tagged(request: Request, document: dict[str, Any], media_type: str, cache_control: str) -> Response:
    """A JSON document with its tag; 304 without it where the client names the tag."""
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    headers = {"ETag": etag(content), "Cache-Control": cache_control}
    if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
