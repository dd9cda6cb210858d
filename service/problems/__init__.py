"""The one map from errors to kinds of problems (RFC 9457)."""

from __future__ import annotations

from service.problems.kind import Kind
from service.problems.serving import NOT_ALLOWED, NOT_FOUND, OF_SERVING
from service.problems.work import INVALID, OF_WORK
from workers.errors import OgiveError

__all__ = ["INVALID", "KINDS", "NOT_ALLOWED", "NOT_FOUND", "OURS", "Kind", "kind_of"]

KINDS: dict[type[OgiveError], Kind] = OF_WORK | OF_SERVING

OURS: dict[str, Kind] = {kind.name: kind for kind in (*KINDS.values(), NOT_ALLOWED) if not kind.ogc}
"""The kinds whose type URI leads to this service, by name."""


def kind_of(error: OgiveError) -> Kind:
    """The kind of an error: that of its class or of the nearest base that has one."""
    for cls in type(error).__mro__:
        if cls in KINDS:
            return KINDS[cls]
    raise LookupError(f"{type(error).__name__} has no kind of problem") from error
