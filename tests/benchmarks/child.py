"""The end of the line inside a measured process: one JSON request a line, one JSON answer a line.

Both sides import it, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(measure: Callable[..., dict[str, Any]]) -> None:
    """Answer requests until the line is closed, on one core; whatever a library prints goes to stderr.

    What a measurement raises is answered as `error`, for a method that ends in an error is a result too.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for line in sys.stdin:
        try:
            answer = measure(**json.loads(line))
        except Exception as error:  # noqa: BLE001 - told to the side that asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
