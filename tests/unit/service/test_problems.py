import pickle

import httpx
import pytest
from fastapi import FastAPI

import service.errors
import workers.errors
from service import errors, failures
from service.formats.problem import problem, unexpected
from service.problems import KINDS, OURS, kind_of
from service.settings import Settings
from workers.errors import InvalidRequest, NoCube, OgiveError, SeveralGrids, SourceUnavailable, TooLarge
from workers.plan import Limits

BASE = "https://ogive.example"
BOX = (-50.0, 69.0, -49.0, 70.0)


def _leaves(cls):
    subclasses = cls.__subclasses__()
    return [leaf for sub in subclasses for leaf in _leaves(sub)] if subclasses else [cls]


def test_every_error_has_a_kind():
    abstract = {OgiveError, service.errors.ServiceError, service.errors.OverLimit}
    named = [getattr(module, name) for module in (workers.errors, service.errors) for name in module.__all__]
    # The command line's own errors never reach HTTP.
    leaves = [cls for cls in _leaves(OgiveError) if not cls.__module__.startswith("service.cli")]
    for cls in [*leaves, *named]:
        if cls not in abstract:
            assert any(base in KINDS for base in cls.__mro__), cls


@pytest.mark.parametrize(
    ("error", "status", "members"),
    [
        (SeveralGrids("Two.", {"EPSG:32607": [BOX]}), 400, {"split": {"EPSG:32607": [BOX]}}),
        (TooLarge("Big.", {"max_pixels": 9}, [BOX]), 413, {"limits": {"max_pixels": 9}, "split": [BOX]}),
        (
            TooLarge("Big.", {"max_pixels": 9, "max_cpu_seconds": 60.0}, [], limit="max_cpu_seconds"),
            413,
            {"refused_by": {"limit": "cpu_seconds", "value": 60.0, "setting": "OGIVE_LIMIT_CPU_SECONDS"}},
        ),
        (
            errors.TooManyJobs("Many.", "jobs_queued", 50),
            429,
            {"refused_by": {"limit": "jobs_queued", "value": 50, "setting": "OGIVE_LIMIT_JOBS_QUEUED"}},
        ),
        (
            TooLarge("Big.", {}, [], {"execution": "/p"}),
            413,
            {"estimate": {"execution": "/p"}, "async": "/p"},
        ),
        (NoCube("None.", "CUBE", 12.5), 404, {"nearest_cube": "CUBE", "distance_m": 12.5}),
        (SourceUnavailable("Down.", "stac"), 503, {"upstream": "stac"}),
        (errors.ResultNotReady("Soon.", 61), 404, {"progress": 61, "retry_after": 15}),
        (errors.NotAcceptable("No.", ("text/csv",)), 406, {"available": ["text/csv"]}),
    ],
)
def test_members_come_from_the_error_even_after_pickling(error, status, members):
    made = problem(pickle.loads(pickle.dumps(error)), BASE, "urn:uuid:1")
    assert made.status == made.document["status"] == status
    assert made.document["detail"] == str(error)
    assert members.items() <= made.document.items()


def test_a_refusal_names_a_limit_and_a_setting_that_are_there():
    known = Settings().limits
    refusals = [
        TooLarge("Big.", {"max_pixels": 9, "max_cpu_seconds": 60.0}, [], limit=limit)
        for limit in Limits().told
    ]
    refusals += [
        TooLarge("Many.", {"max_points": 9}, []),
        errors.BodyTooLarge("Large.", "body", 9),
        errors.QueryTooLong("Long.", "query", 9),
        errors.TooManyJobs("Many.", "jobs_caller", 9),
        errors.QuotaExceeded("Much.", "cpu_seconds_day", 9.0, 60.0),
        errors.RateLimited("Often.", "requests_anonymous", "60/minute", 1.0, "minute"),
    ]
    for error in refusals:
        refused = problem(error, BASE, "urn:uuid:1").document["refused_by"]
        assert known[refused["limit"]]["setting"] == refused["setting"]
        assert refused["value"]


@pytest.mark.anyio
async def test_an_answer_that_takes_too_long_names_the_limit():
    app = FastAPI()
    app.state.settings = Settings(limit_wait=7)
    failures.install(app)

    @app.middleware("http")
    async def numbered(request, go_on):
        request.state.request_id = "1"
        return await go_on(request)

    @app.get("/")
    async def late():
        raise errors.DeadlineExceeded("The answer takes longer than 7 s.")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ogive.test") as client:
        answer = await client.get("/")
    assert answer.status_code == 504
    told = {"limit": "wait", "value": 7.0, "setting": "OGIVE_LIMIT_WAIT"}
    assert answer.json()["refused_by"] == told


def test_a_wrong_parameter_is_placed():
    document = problem(InvalidRequest("lat 91 is too far north.", "lat"), BASE, "urn:uuid:1").document
    assert document["type"] == f"{BASE}/problems/invalid-parameter"
    assert document["errors"] == [{"loc": "query.lat", "msg": "lat 91 is too far north."}]
    placed = problem(SeveralGrids("Two.", {}), BASE, "urn:uuid:1", "body.inputs").document
    assert placed["errors"][0]["loc"] == "body.inputs.bbox"


def test_types_that_ogc_names_are_its_own():
    made = problem(errors.NoSuchJob("No job."), BASE, "urn:uuid:1").document
    assert made["type"] == "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job"
    assert "no-such-job" not in OURS


def test_a_class_without_a_kind_takes_that_of_its_base():
    class Stale(workers.errors.CubeChanged):
        pass

    assert kind_of(Stale("Changed.")) is KINDS[workers.errors.CubeChanged]


def test_the_unforeseen_tells_nothing_of_itself():
    document = unexpected("urn:uuid:1").document
    assert document["type"] == "about:blank"
    assert document["instance"] == "urn:uuid:1"
    assert document["status"] == 500


def test_a_problem_is_not_kept_by_caches():
    headers = problem(SourceUnavailable("Down.", "stac"), BASE, "urn:uuid:1").headers
    assert headers == {"Cache-Control": "no-store", "Retry-After": "15"}
    assert "max-age" in problem(NoCube("None."), BASE, "urn:uuid:1").headers["Cache-Control"]
