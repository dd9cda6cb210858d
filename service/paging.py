"""Pages that run from the newest to the oldest by a counting number: opaque tokens, and links."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlencode

from workers.errors import InvalidRequest

_TOKEN = re.compile(r"before:(\d{1,9})")


def token(number: int) -> str:
    """The token of the page that starts below a number."""
    return base64.urlsafe_b64encode(f"before:{number}".encode()).decode().rstrip("=")


def number(token: str) -> int:
    """The number in a token.

    Raises:
        InvalidRequest: it is none that a page gave.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        return int(_TOKEN.fullmatch(text)[1])
    except (ValueError, TypeError):
        raise InvalidRequest(
            f"token {token!r} is none of this list; take it from the next link of a page.", "token"
        ) from None


def check_limit(limit: int, most: int) -> None:
    """Refuse a page that is too long.

    Raises:
        InvalidRequest: it is.
    """
    if limit > most:
        raise InvalidRequest(f"limit {limit} is over the {most} of one page.", "limit")


def links_of(href: str, asked: dict[str, Any], rest: int | None) -> list[dict[str, str]]:
    """The links of a page of what was asked for, of which the next starts below the number `rest`."""
    links = [link("self", href, asked)]
    if rest is not None:
        links.append(link("next", href, asked | {"token": token(rest)}))
    return links


def link(rel: str, href: str, asked: dict[str, Any] | None = None) -> dict[str, str]:
    """A link to a JSON document, with what is asked of it."""
    query = f"?{urlencode(asked, safe=',')}" if asked else ""
    return {"rel": rel, "href": f"{href}{query}", "type": "application/json"}
