"""Which format an Accept header asks for (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from service.errors import NotAcceptable
from service.formats import FORMATS


def chosen(accept: str) -> str:
    """Name of the format that the header likes best; of those it likes equally, the first registered.

    Raises:
        NotAcceptable: it allows none.
    """
    ranges = dict(_range(part) for part in (accept or "*/*").split(","))
    liking = {name: _quality(made.media_type, ranges) for name, made in FORMATS.items()}
    best = max(liking, key=liking.get)
    if liking[best] > 0:
        return best
    available = tuple(made.media_type for made in FORMATS.values())
    raise NotAcceptable(f"Accept: {accept} allows none of {', '.join(available)}.", available)


def _quality(media_type: str, ranges: dict[str, float]) -> float:
    """What the most specific range that matches a media type says of it."""
    for pattern in (media_type, f"{media_type.split('/')[0]}/*", "*/*"):
        if pattern in ranges:
            return ranges[pattern]
    return 0.0


def _range(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return media_range, float(value)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0
