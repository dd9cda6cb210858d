"""Random requests over the whole description of the API: `python -m tests.soak.fuzz URL CASES SECONDS`.

With `own` in place of a URL it starts a service of its own, which holds a small product.

Valid and invalid ones by turns, operation after operation. None may make the service fail (5xx), every
refusal is a problem document (RFC 9457), every answer has a media type and a shape that is described.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import FailureGroup, content_type_conformance
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.soak.own import make_product, service

LEFT_OUT = ("dismiss_job",)
"""Operations that would undo what others need"""
OUT_OF_REACH = {503, 504}
"""What the service answers where it says itself that another part is missing or slow"""


@dataclass
class Found:
    """What came of the requests."""

    answers: Counter[int] = field(default_factory=Counter)
    """How many of each status"""
    problems: dict[str, str] = field(default_factory=dict)
    """One sentence for each kind of fault, by operation and fault, with the request that shows it"""

    @property
    def cases(self) -> int:
        """How many requests were sent."""
        return self.answers.total()


def fuzz(base: str, cases: int, seconds: float, number: int = 1) -> Found:
    """Send that many requests, or as many as the time allows.

    Args:
        base: address of the service.
        cases: requests in all.
        seconds: after which no further operation is begun.
        number: seed, and of each further round one more; the same one sends the same requests.
    """
    schema = schemathesis.openapi.from_url(f"{base}/api")
    operations = [result.ok() for result in schema.get_all_operations()]
    operations = [one for one in operations if one.definition.raw["operationId"] not in LEFT_OUT]
    found, end, names = Found(), time.monotonic() + seconds, _names(base)
    while found.cases < cases:
        # Some operations have few requests that differ: what they leave is shared out again.
        before, each = found.cases, max(1, (cases - found.cases) // (2 * len(operations)))
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for operation in operations:
                if time.monotonic() < end:
                    given = names if mode is GenerationMode.POSITIVE else {}
                    _try(operation, mode, each, number, found, given)
        if found.cases == before:
            break
        number += 1
    return found


def _names(base: str) -> dict[str, str]:
    """Names that are there, by the parameter that takes them: valid requests should get past the path."""
    items = httpx.get(f"{base}/search", params={"limit": 1}).json()["features"]
    jobs = httpx.get(f"{base}/jobs", params={"limit": 1}).json()["jobs"]
    found = {"collection": "ogive-velocity", "process_id": "velocity-cube", "name": "no-cube"}
    if items:
        found |= {"item": items[0]["id"], "product": items[0]["id"]}
    return found | ({"job_id": jobs[0]["jobID"]} if jobs else {})


def _try(
    operation: Any, mode: GenerationMode, cases: int, number: int, found: Found, names: dict[str, str]
) -> None:
    try:
        strategy = operation.as_strategy(generation_mode=mode)
    except schemathesis.errors.SchemathesisError:
        return  # an operation without parameters has no invalid request

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def send(case: Any) -> None:
        case.path_parameters |= {name: names[name] for name in names if name in case.path_parameters}
        answer = case.call(timeout=120)
        found.answers[answer.status_code] += 1
        if (fault := _fault(answer, case)) is not None:
            name = f"{operation.definition.raw['operationId']}: {fault}"
            found.problems.setdefault(name, f"{case.as_curl_command()[:1500]} -> {answer.text[:500]}")

    try:
        send()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__:
            raise


def _fault(answer: Any, case: Any) -> str | None:
    media_type = answer.headers.get("content-type", [""])[0].split(";")[0]
    if answer.status_code >= 500 and answer.status_code not in OUT_OF_REACH:
        return f"answers {answer.status_code}"
    if answer.status_code >= 400:
        if media_type != "application/problem+json":
            return f"answers {answer.status_code} with {media_type} instead of a problem document"
        lacking = {"type", "title", "status", "detail", "instance"} - set(answer.json())
        return f"leaves {sorted(lacking)} out of a problem document" if lacking else None
    if 200 <= answer.status_code < 300:
        try:
            case.validate_response(answer, checks=[response_schema_conformance, content_type_conformance])
        except FailureGroup as error:
            return f"answers what its description does not tell: {str(error.exceptions[0])[:300]}"
    return None


def main() -> int:
    """Tell what was found; 1 where there is a fault."""
    address, cases, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    with contextlib.ExitStack() as stack:
        if address == "own":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ogive-soak-")))
            address, _ = stack.enter_context(service(folder))
            make_product(address)
        began = time.monotonic()
        found = fuzz(address, cases, seconds)
        spent = time.monotonic() - began
    print(f"{found.cases} requests in {spent:.0f} s: {dict(sorted(found.answers.items()))}")
    for name, shown in found.problems.items():
        print(f"FAULT {name}\n  {shown}")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
