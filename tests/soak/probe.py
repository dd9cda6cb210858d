"""How long a service takes to say that it lives: `python -m tests.soak.probe URL SECONDS`.

A process of its own, that nothing which the clients do holds up; one connection, a question every 100 ms.
Prints the seconds of each answer as JSON, and null for one that did not come.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

PAUSE = 0.1
_PATIENCE = 10.0


def answer_times(base: str, seconds: float) -> list[float | None]:
    """Ask for /health/live until the time is over."""
    asked = http.client.HTTPConnection(urlsplit(base).netloc, timeout=_PATIENCE)
    end, found = time.monotonic() + seconds, []
    while (began := time.monotonic()) < end:
        try:
            asked.request("GET", "/health/live")
            answer = asked.getresponse()
            answer.read()
            found.append(time.monotonic() - began if answer.status == 200 else None)
        except (OSError, http.client.HTTPException):
            asked.close()
            found.append(None)
        time.sleep(PAUSE)
    return found


if __name__ == "__main__":
    print(json.dumps(answer_times(sys.argv[1], float(sys.argv[2]))))
