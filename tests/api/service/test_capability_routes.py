import re

import pytest
from openapi_spec_validator import validate


def test_the_landing_page_is_root_of_ogc_and_stac(api, conforms):
    page = api.get("/").json()
    conforms(page, "landingPage")
    assert (page["type"], page["stac_version"], page["id"]) == ("Catalog", "1.1.0", "ogive")
    rels = [link["rel"].rpartition("/")[2] for link in page["links"]]
    wanted = "self root service-desc service-doc conformance data processes job-list child"
    for rel in wanted.split(" "):
        assert rel in rels
    search = [link for link in page["links"] if link["rel"] == "search"]
    assert {(link["method"], link["type"]) for link in search} == {
        ("GET", "application/geo+json"),
        ("POST", "application/geo+json"),
    }
    assert page["conformsTo"] == api.get("/conformance").json()["conformsTo"]
    conforms(api.get("/conformance").json(), "confClasses")


def test_every_link_of_the_landing_page_answers_with_its_type(api):
    for link in api.get("/").json()["links"]:
        if link.get("method") != "POST":
            answer = api.get(link["href"])
            assert answer.status_code == 200, link
            assert answer.headers["content-type"].startswith(link["type"].split(";")[0]), link


def test_the_description_is_valid_and_tells_errors_as_they_are(api):
    answer = api.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    description = answer.json()
    validate(description)
    assert description["openapi"].startswith("3.1")
    operations = [op for path in description["paths"].values() for op in path.values()]
    assert all("422" not in operation["responses"] for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    parameters = {p["name"]: p for p in description["paths"]["/timeseries"]["get"]["parameters"]}
    assert {"lon", "lat", "datetime", "pairs_datetime", "step", "regularization", "coefficient"} <= set(
        parameters
    )
    assert "lon" in parameters["lon"]["description"].lower()
    assert all(parameters[name]["description"] for name in ("lon", "step", "f", "observations"))


def test_the_page_of_the_description_needs_no_other_server(api):
    page = api.get("/api.html").text
    for word in ("/timeseries", "pairs_datetime", "body.inputs", "accel | zero | model"):
        assert word in page
    assert "<script" not in page
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources == ["api"]


def test_limits_are_those_of_the_settings(api):
    limits = api.get("/limits").json()
    assert limits["pixels"]["value"] == 1_000_000
    assert limits["wait"] == {
        "value": 60.0,
        "setting": "OGIVE_LIMIT_WAIT",
        "description": "Seconds that one request may wait for its answer.",
    }


def test_types_of_problems_lead_to_their_meaning(api):
    for kind in api.get("/problems").json()["problems"]:
        assert api.get(kind["type"]).json() == kind
        assert kind["description"]
    assert api.get("/problems/bad-mood").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/timeserie", 404, "/timeserie"),
        ("GET", "/jobs/no-such-job/result", 404, "nothing"),
        ("PUT", "/timeseries", 405, "GET"),
        ("DELETE", "/processes", 405, "DELETE"),
    ],
)
def test_unknown_addresses_and_methods_are_problems(api, conforms, method, path, status, word):
    answer = api.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    conforms(answer.json(), "exception")
    assert word in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/limits", "/health/live", "/problems"])
def test_parameters_are_refused_where_there_are_none(api, path):
    answer = api.get(path, params={"page": 1})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"loc": "query.page", "msg": "page is not known here; this address takes no parameters."}
    ]


def test_links_start_with_the_public_address(serve, settings):
    with serve(settings=settings.model_copy(update={"public_url": "https://ogive.example/v"})) as client:
        page = client.get("/").json()
        problem = client.get("/nowhere").json()
    assert all(link["href"].startswith("https://ogive.example/v/") for link in page["links"])
    assert problem["type"] == "https://ogive.example/v/problems/not-found"


def test_a_request_id_that_could_forge_a_log_is_replaced(api):
    answer = api.get("/health/live", headers={"X-Request-ID": "a b%0Ac"})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def test_browsers_of_other_sites_may_read_but_not_write(api):
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = api.options("/timeseries", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-max-age"] == "600"
    for path, method in (("/jobs", "DELETE"), ("/processes/velocity-cube/execution", "POST")):
        wanted = asked | {"Access-Control-Request-Method": method}
        assert api.options(path, headers=wanted).status_code == 400


@pytest.mark.parametrize("path", ["/search", "/timeseries"])
def test_browsers_of_other_sites_may_ask_by_post(api, path):
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,if-none-match,prefer",
    }
    answer = api.options(path, headers=asked)
    assert answer.status_code == 200
    assert "POST" in answer.headers["access-control-allow-methods"]
    posted = api.post(path, json={}, headers={"Origin": "https://elsewhere.example"})
    assert posted.headers["access-control-allow-origin"] == "*"
    assert "ETag" in posted.headers["access-control-expose-headers"]
