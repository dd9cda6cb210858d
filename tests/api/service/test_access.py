"""Who may do what on a service that is not at home: by route, by scope, by job."""

import asyncio
import re

import httpx
import pytest

from service import database
from service.app import create_app
from service.security.authentication import Authenticator
from service.security.keyring import Keyring
from service.security.scopes import Scope
from service.settings import Settings

OPEN = {"/", "/conformance", "/limits", "/api", "/api.html", "/problems", "/problems/{name}"}
RUNNING = {
    ("POST", "/processes/{process_id}/execution"),
    ("POST", "/jobs/{job_id}/replay"),
    ("DELETE", "/jobs/{job_id}"),
    ("POST", "/subscriptions"),
    ("DELETE", "/subscriptions/{subscription_id}"),
}
HIDDEN = {("HEAD", f"/store/{path}") for path in ("x.zarr", "x.zarr/zarr.json", "x.json")} | {("GET", "/api")}


@pytest.fixture(scope="module")
def settings(tmp_path_factory, cube):
    return Settings(data=tmp_path_factory.mktemp("guarded"), cubes=(cube,), anonymous="read")


@pytest.fixture(scope="module")
def guarded(settings, served):
    """Clients of a service that lets strangers read: of one, and of keys by name and scope."""
    with served(settings) as url:

        async def keys():
            engine = database.connect(settings.database)
            asked = [("ada", Scope.run), ("bob", Scope.run), ("eve", Scope.read), ("root", Scope.admin)]
            made = {name: (await Keyring(engine).create(name, scope))[0] for name, scope in asked}
            await engine.dispose()
            return made

        sent = {name: {"X-API-Key": key} for name, key in asyncio.run(keys()).items()} | {"nobody": {}}
        clients = {name: httpx.Client(headers=headers) for name, headers in sent.items()}
        for client in clients.values():
            client.base_url, client.timeout = url, 120
        yield clients
        for client in clients.values():
            client.close()


@pytest.fixture(scope="module")
def job(guarded, spot):
    """Where a job of Ada's is."""
    started = guarded["ada"].post("/processes/velocity-cube/execution", json={"inputs": {"bbox": spot}})
    assert started.status_code == 201, started.text
    return started.headers["Location"]


@pytest.mark.anyio
async def test_every_address_asks_for_a_scope_but_those_that_tell_what_this_is(tmp_path):
    app = create_app(Settings(data=tmp_path, anonymous="none"))
    app.state.authenticator = Authenticator(
        app.state.settings, Keyring(database.connect("sqlite+aiosqlite://"))
    )
    described = {
        (method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert described > RUNNING
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for method, path in described | HIDDEN:
            answer = await client.request(method, re.sub("{.*?}", "x", path))
            told_to_all = path in OPEN or path.startswith("/health/")
            assert (answer.status_code != 401) == told_to_all, (method, path)


def test_what_changes_something_takes_the_scope_run(guarded):
    for method, path in RUNNING:
        assert guarded["eve"].request(method, re.sub("{.*?}", "x", path), json={}).status_code == 403


def test_strangers_read_and_ask_for_points_but_start_nothing(guarded, place, spot):
    nobody = guarded["nobody"]
    assert nobody.get("/timeseries", params=place).status_code == 200
    assert nobody.get("/search").status_code == 200
    execution = "/processes/velocity-cube/execution", {"inputs": {"bbox": spot}}
    refused = nobody.post(execution[0], json=execution[1])
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json()["type"].endswith("/problems/unauthorized")
    assert guarded["eve"].post(execution[0], json=execution[1]).status_code == 403
    estimate = nobody.post("/processes/velocity-cube/estimate", json=execution[1])
    assert estimate.status_code == 200


def test_an_answer_that_would_be_a_job_takes_the_scope_of_one(guarded, place):
    asked = {"params": place | {"coefficient": 77}, "headers": {"Prefer": "respond-async"}}
    assert guarded["nobody"].get("/timeseries", **asked).status_code == 401
    assert guarded["eve"].get("/timeseries", **asked).status_code == 403
    assert guarded["ada"].get("/timeseries", **asked).status_code == 202


def test_a_job_is_its_owner_s(guarded, job):
    for name, client in guarded.items():
        assert client.get(job).status_code == 200, "its state is told to who knows its id"
        found = {path: client.get(f"{job}/{path}").status_code for path in ("inputs", "logs")}
        found["replay"] = client.post(f"{job}/replay").status_code
        expected = {"ada": (200, 200, 201), "root": (200, 200, 201), "nobody": (401, 401, 401)}
        assert tuple(found.values()) == expected.get(name, (403, 403, 403)), name
    assert guarded["bob"].delete(job).status_code == 403
    assert guarded["nobody"].delete(job).status_code == 401
    assert guarded["bob"].delete(job.replace(job[-4:], "0000")).status_code == 404


def test_a_list_holds_the_jobs_of_who_asks(guarded, job):
    def listed(name):
        return {each["jobID"] for each in guarded[name].get("/jobs").raise_for_status().json()["jobs"]}

    assert job.rpartition("/")[2] in listed("ada") & listed("root")
    assert listed("bob") == listed("eve") == set()
    refused = guarded["nobody"].get("/jobs")
    assert refused.status_code == 401
    assert "the API key that started them" in refused.json()["detail"]


def test_a_subscription_is_its_owner_s(guarded, place):
    def subscribe(name):
        body = {"inputs": {"points": [[place["lon"], place["lat"]]]}}
        return guarded[name].post(
            "/subscriptions", json=body | {"subscriber": {"successUri": "https://hook.example/"}}
        )

    here = subscribe("ada").headers["Location"]
    assert subscribe("ada").headers["Location"] == here != subscribe("bob").headers["Location"]
    for method in ("GET", "DELETE"):
        found = {name: guarded[name].request(method, here).status_code for name in ("nobody", "bob", "eve")}
        assert found == {"nobody": 401, "bob": 403, "eve": 403}
    listed = {name: guarded[name].get("/subscriptions").json() for name in ("ada", "eve", "root")}
    assert [len(listed[name]["subscriptions"]) for name in listed] == [1, 0, 2]
    assert guarded["nobody"].get("/subscriptions").status_code == 401
    assert guarded["root"].delete(here).status_code == 204


def test_callers_do_not_meet_in_an_idempotency_key(guarded, spot):
    def start(name, step):
        return guarded[name].post(
            "/processes/velocity-cube/execution",
            json={"inputs": {"bbox": spot, "step": step}},
            headers={"Idempotency-Key": "first"},
        )

    assert start("ada", "P20D").status_code == 201
    assert start("ada", "P21D").status_code == 422
    assert start("bob", "P21D").status_code == 201


def test_an_equal_request_of_another_shares_the_job_but_not_its_ownership(guarded, spot, ended):
    def start(name):
        return guarded[name].post(
            "/processes/velocity-cube/execution", json={"inputs": {"bbox": spot, "step": "P40D"}}
        )

    first, second = start("ada"), start("bob")
    assert first.headers["Location"] == second.headers["Location"]
    assert second.json()["reused"]
    assert ended(guarded["bob"], second.headers["Location"])[-1]["status"] == "successful"
    assert guarded["bob"].get(f"{second.headers['Location']}/results").status_code == 200
    assert guarded["bob"].delete(second.headers["Location"]).status_code == 403
    assert guarded["root"].delete(second.headers["Location"]).status_code == 200


def test_strangers_who_may_run_have_what_they_know_the_id_of(serve, settings, spot, tmp_path):
    changed = Settings(data=tmp_path, cubes=settings.cubes, anonymous="run")
    with serve(settings=changed) as client:
        started = client.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": spot}})
        job = started.headers["Location"]
        assert client.get(f"{job}/inputs").status_code == 200
        assert client.get("/jobs").status_code == 401
        assert client.delete(job).status_code == 200


def test_the_description_tells_how_to_show_a_key(guarded):
    document = guarded["nobody"].get("/api").json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["key"]["in"] == "header"
    assert schemes["key"]["name"] == "X-API-Key"
    assert schemes["bearer"]["scheme"] == "bearer"
    read = document["paths"]["/timeseries"]["get"]
    run = document["paths"]["/processes/{process_id}/execution"]["post"]
    assert {} in read["security"]
    assert {} not in run["security"]
    assert all({"key", "bearer"} == {name for each in op["security"] for name in each} for op in (read, run))
    assert {"401", "403", "429"} <= set(run["responses"])
    assert "security" not in document["paths"]["/limits"]["get"]


def test_a_page_of_another_site_may_send_a_key_to_read(guarded):
    preflight = guarded["nobody"].options(
        "/timeseries",
        headers={
            "Origin": "https://board.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-api-key, authorization",
        },
    )
    assert preflight.status_code == 200
    answer = guarded["eve"].get("/limits", headers={"Origin": "https://board.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"RateLimit", "RateLimit-Policy", "WWW-Authenticate"} <= exposed
    # Told is the quota that is nearest its end, after a while without requests that of an hour.
    assert answer.headers["RateLimit"].startswith(('"minute";r=', '"hour";r='))
