"""A running Ogive service, as the command line uses it over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from workers.errors import OgiveError

FINAL = frozenset({"successful", "failed", "dismissed"})
POLL_SECONDS = 0.5
# The service has a limit of its own on how long a series may take; that one is to end it, not ours.
_TIMEOUT = httpx.Timeout(10.0, read=180.0)


class Unreachable(OgiveError):
    """No Ogive service answers at the URL."""


class Refused(OgiveError):
    """The service answered with a problem."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.args[1]


class Service:
    """An Ogive service at a URL. Every method raises Unreachable or Refused, with a sentence for the user."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            timeout=_TIMEOUT, follow_redirects=True, headers={"Accept": "application/json"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path, or at a URL of the service."""
        return self._answer("GET", path, params=query or None).json()

    def execute(self, process: str, inputs: dict[str, Any]) -> str:
        """Start a job; returns its URL."""
        answer = self._answer(
            "POST",
            f"/processes/{process}/execution",
            json={"inputs": inputs},
            headers={"Prefer": "respond-async"},
        )
        return str(answer.url.join(answer.headers["Location"]))

    def follow(self, job: str) -> Iterator[dict[str, Any]]:
        """The status of a job again and again until it is final; outages of some seconds are waited out."""
        patient = Retrying(
            retry=retry_if_exception_type(Unreachable),
            stop=stop_after_attempt(6),
            wait=wait_exponential_jitter(initial=0.5, max=8),
            reraise=True,
        )
        while True:
            status = patient(self.get, job)
            yield status
            if status["status"] in FINAL:
                return
            time.sleep(POLL_SECONDS)

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        url = path if path.startswith(("http://", "https://")) else self.url + path
        try:
            response = self._http.request(method, url, **request)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise Unreachable(
                f"{self.url!r} is no URL of a service; write one like http://127.0.0.1:8000."
            ) from None
        except httpx.TimeoutException:
            raise Unreachable(f"{url} did not answer in time.") from None
        except httpx.TransportError as error:
            raise Unreachable(
                f"No Ogive service answers at {self.url} ({error}); start one with: ogive serve."
            ) from None
        if response.is_error:
            raise Refused(_problem(response), response.status_code)
        if "json" not in response.headers.get("Content-Type", ""):
            raise Refused(f"{url} answered, but not as an Ogive service does.", response.status_code)
        return response


def _problem(response: httpx.Response) -> str:
    """A problem document in one sentence or two, or the status line where there is none."""
    status_line = f"{response.url} answered {response.status_code} {response.reason_phrase}."
    if "json" not in response.headers.get("Content-Type", ""):
        return status_line
    problem = response.json()
    errors = [f"{error['loc']}: {error['msg']}" for error in problem.get("errors", ())]
    told = [problem.get("detail") or problem.get("title") or status_line]
    return " ".join(told + [error for error in errors if error.split(": ", 1)[1] not in told[0]])
