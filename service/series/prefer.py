"""The header Prefer (RFC 7240): how long a client waits, and whether it would rather have a job."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WAIT = re.compile(r"wait\s*=\s*\"?(\d+)\"?")


@dataclass(frozen=True, slots=True)
class Preference:
    """What a client prefers; preferences that are not known are ignored, as the RFC says."""

    wait: float
    """Seconds that the answer may take"""
    job: bool
    """Whether what is not there yet becomes a job at once"""
    applied: str
    """For `Preference-Applied`; empty where nothing was preferred"""


def preferred(header: str, usual: float, most: float) -> Preference:
    """Read a header; without `wait` the usual seconds hold, never more than `most`."""
    parts = [part.strip().lower() for part in header.split(",")]
    if "respond-async" in parts:
        return Preference(0.0, True, "respond-async")
    for part in parts:
        if found := _WAIT.fullmatch(part):
            wait = min(float(found[1]), most)
            return Preference(wait, False, f"wait={wait:g}")
    return Preference(min(usual, most), False, "")
