"""What keeps the memory of the process that serves, and the searches in it, from growing with time."""

from __future__ import annotations

import ctypes
import gc

_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's malloc.h"""
_HEAPS = 2


def few_heaps() -> None:
    """Let all threads share two heaps, before there are threads; does nothing without glibc.

    Otherwise each of dozens has its own, which keeps what it once held: 170 MiB lay idle after two minutes of
    load.
    """
    # macOS and musl have none.
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_ARENA_MAX, _HEAPS)


def settle() -> None:
    """Leave what was made so far, and stays, out of searches for garbage.

    With it a full search holds the event loop up for a third of a second, without it for some milliseconds.
    """
    gc.collect()
    gc.freeze()
