"""A running Ogive service, as the command line uses it over HTTP."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from service.security.keys import VARIABLE
from workers.errors import InvalidRequest, OgiveError

FINAL = frozenset({"successful", "failed", "dismissed"})
POLL_SECONDS = 0.5
# The service has a limit of its own on how long a series may take; that one is to end it, not ours.
_TIMEOUT = httpx.Timeout(10.0, read=180.0)
_PATIENT = {"Prefer": "wait=60"}
_FOREIGN = "answered, but not as an Ogive service does."


class Unreachable(OgiveError):
    """No Ogive service answers at the URL."""


class ServiceFailed(OgiveError):
    """The service failed, or what answers is no Ogive service."""


class Service:
    """An Ogive service at a URL, which is sent the API key in OGIVE_API_KEY where that is set.

    Every method raises InvalidRequest where the service finds the request at fault, else Unreachable or
    ServiceFailed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        key = os.environ.get(VARIABLE)
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        # httpx sends Authorization to the origin that was asked alone, wherever a redirect leads.
        self._http = httpx.Client(timeout=_TIMEOUT, follow_redirects=True, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path, or at a URL of the service; a job that must make it first is waited for."""
        answer = self._answer("GET", path, params=query or None, headers=_PATIENT)
        if answer.status_code == HTTPStatus.ACCEPTED and "Location" in answer.headers:
            for _ in self.follow(str(answer.url.join(answer.headers["Location"]))):
                pass
            answer = self._answer("GET", path, params=query or None, headers=_PATIENT)
        return _document(answer)

    def execute(self, process: str, inputs: dict[str, Any]) -> str:
        """Start a job, or find that of an equal request; returns its URL."""
        answer = self._answer(
            "POST",
            f"/processes/{process}/execution",
            json={"inputs": inputs},
            headers={"Prefer": "respond-async"},
        )
        if "Location" not in answer.headers:
            raise ServiceFailed(f"{answer.url} {_FOREIGN}")
        return str(answer.url.join(answer.headers["Location"]))

    def estimate(self, process: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """What a job would cost."""
        path = f"/processes/{process}/estimate"
        return _document(self._answer("POST", path, json={"inputs": inputs}))

    def follow(self, job: str) -> Iterator[dict[str, Any]]:
        """The status of a job again and again until it is final; outages of some seconds are waited out."""
        patient = Retrying(
            retry=retry_if_exception_type(Unreachable),
            stop=stop_after_attempt(6),
            wait=wait_random_exponential(multiplier=0.5, max=8),
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
        if response.is_client_error:
            raise InvalidRequest(_problem(response))
        if response.is_error:
            raise ServiceFailed(_problem(response))
        return response


def _document(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ServiceFailed(f"{response.url} {_FOREIGN}") from None


def _problem(response: httpx.Response) -> str:
    """A problem document in a sentence or two; the status line where the answer is none."""
    try:
        problem = response.json()
        detail = problem.get("detail") or problem["title"]
        errors = [(error["loc"], error["msg"]) for error in problem.get("errors", ())]
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{response.url} answered {response.status_code} {response.reason_phrase}."
    return " ".join([detail, *(f"{place}: {told}" for place, told in errors if told not in detail)])
