"""Places are watched: who subscribed is told once of each change of a cube, and of nothing else."""

import hmac
import json
import re
import shutil
import time
from pathlib import Path

import pytest

from service.jobs import courier
from service.series import answers
from service.settings import Settings
from service.subscriptions import lookout
from workers.cubes.opened import forget_cubes
from workers.synthetic.spec import SyntheticCube
from workers.synthetic.write import write_cube

SIDE = {"height": 20, "width": 20, "years": 2.0}
PLACE = [SyntheticCube().lon, SyntheticCube().lat]
UNTIL_PEAK = "2015-01-01/2016-01-31"
"""The surge of a synthetic cube peaks in the middle of its record"""


@pytest.fixture
def grow(tmp_path):
    """Put another cube into the place of the one there, whole, or take it away."""
    path, made = tmp_path / "growing.zarr", iter(range(9))

    def write(pairs, **spec):
        new = tmp_path / str(next(made)) / path.name
        if pairs:
            write_cube(str(new), SyntheticCube(pairs=pairs, **SIDE, **spec))
        shutil.rmtree(path, ignore_errors=True)
        if pairs:
            new.rename(path)
        forget_cubes()
        return str(path)

    return write


@pytest.fixture
def settings(tmp_path, grow):
    return Settings(data=tmp_path / "data", cubes=(grow(60),), subscription_interval=0.2, wait=60)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Look as soon as something is due, at the cube as it is by now."""
    monkeypatch.setattr(lookout, "_POLL_SECONDS", 0.05)
    monkeypatch.setattr(courier, "_POLL_SECONDS", 0.05)
    monkeypatch.setattr(courier, "_FIRST_PAUSE", courier.dt.timedelta(0))
    monkeypatch.setattr(answers, "_SITES_S", 0.0)


@pytest.fixture
def subscribe(receiver):
    """Subscribe to the place, with inputs and wishes; the answer."""

    def post(client, path="changed", inputs=None, **wishes):
        body = {"inputs": {"points": [PLACE]} | (inputs or {}), **wishes}
        uri = f"https://hook.example:{receiver.server_port}/{path}"
        return client.post("/subscriptions", json=body | {"subscriber": {"successUri": uri}})

    return post


def until(client, location, holds):
    """The subscription, once it is as it should be."""
    deadline = time.monotonic() + 60
    while not holds(found := client.get(location).raise_for_status().json()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def looked_again(client, location):
    """The subscription after one more whole look."""
    seen = client.get(location).json()["looks"]
    return until(client, location, lambda found: found["looks"] > seen + 1)


def came(receiver, path):
    return [(headers, json.loads(body)) for to, headers, body in receiver.came if to == f"/{path}"]


def test_a_change_is_told_once_whatever_the_number_of_services(serve, sender, receiver, subscribe, grow):
    receiver.answers.append((503, {}))
    with serve(sender=sender) as client:
        with serve(sender=sender) as other:
            made = subscribe(client)
            assert made.status_code == 201
            here = made.headers["location"]
            again = subscribe(other)
            assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
            first = until(client, here, lambda found: found["looked"])
            looked_again(client, here)
            grow(0)
            gone = until(
                other, here.replace(str(client.base_url), str(other.base_url)), lambda f: f["problem"]
            )
            assert gone["problem"]["status"] in (502, 503)
            assert gone["fingerprints"] == first["fingerprints"]
            assert receiver.came == []
            grow(80)
            last = until(client, here, lambda found: found["told"])
            assert last["problem"] is None
            assert last["fingerprints"] != first["fingerprints"]
            looked_again(client, here)
        (tried, _), (headers, body) = came(receiver, "changed")
        assert tried["Idempotency-Key"] == headers["Idempotency-Key"]
        assert body["why"] == "change"
        assert body["subscription"]["fingerprints"] == last["fingerprints"]
        assert "subscriber" not in body["subscription"]
        latest = next(link["href"] for link in last["links"] if link["rel"] == "latest-version")
        assert client.get(latest).content in receiver.came[-1][2]
        moment, told = (part.partition("=")[2] for part in headers["Ogive-Signature"].split(","))
        sent = receiver.came[-1][2]
        assert told == hmac.new(sender.secret, moment.encode() + b"." + sent, "sha256").hexdigest()
    with serve(sender=sender) as client:  # which knows what the one before saw
        here = f"/subscriptions/{made.json()['id']}"
        looked_again(client, here)
        assert client.delete(here).status_code == 204
        assert client.get(here).status_code == 404
        assert client.get("/subscriptions").json()["subscriptions"] == []
    assert len(receiver.came) == 2


def test_an_acceleration_is_told_where_there_is_one(serve, settings, sender, receiver, subscribe, grow):
    wishes = {"inputs": {"datetime": UNTIL_PEAK}, "when": "acceleration"}
    with serve(sender=sender, settings=settings.model_copy(update={"limit_subscriptions": 2})) as client:
        here = [
            subscribe(client, path, percent=percent, **wishes).headers["location"]
            for path, percent in (("faster", 50), ("much-faster", 9999))
        ]
        refused = subscribe(client, "one-too-many")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
            429,
            "too-many-subscriptions",
        )
        assert refused.json()["refused_by"]["setting"] == "OGIVE_LIMIT_SUBSCRIPTIONS"
        calm, _ = (until(client, each, lambda found: found["looked"]) for each in here)
        assert calm["comparison"]["percent"] < 50
        grow(200, scenario="surge")
        surging = until(client, here[0], lambda found: found["told"])
        until(client, here[1], lambda found: found["series_sha256"] == surging["series_sha256"])
        [(_, body)] = came(receiver, "faster")
        assert body["why"] == "acceleration"
        found = body["subscription"]["comparison"]
        assert found["percent"] > 50
        assert found["v_low"] > found["v_high_before"]
        assert f"{found['percent']:g} %" in body["message"]
        newest = body["series"]["series"]
        assert found["v"] == newest["v"][newest["time"].index(found["time"])]
        assert len(receiver.came) == 1


WRONG = {
    "several places": ({"inputs": {"points": [PLACE, PLACE]}}, "inputs.points", "subscribe to each"),
    "an unknown input": ({"inputs": {"points": [PLACE], "stp": "P1M"}}, "inputs.stp", "did you mean step"),
    "what is for jobs": ({"inputs": {"points": [PLACE], "force": True}}, "inputs.force", "not known"),
    "no place": ({"inputs": {}}, "inputs.points", "points is missing"),
    "plain http": (
        {"subscriber": {"successUri": "http://hook.example/"}},
        "subscriber.successUri",
        "https://",
    ),
    "a state of jobs": (
        {"subscriber": {"successUri": "https://hook.example/", "failedUri": "https://hook.example/"}},
        "subscriber.failedUri",
        "not known",
    ),
    "another occasion": ({"when": "melt"}, "when", "'change' or 'acceleration'"),
    "percent of nothing": ({"percent": 20}, "", "percent is for when=acceleration"),
    "no percent": ({"when": "acceleration", "percent": 0}, "percent", "greater than 0"),
}
GOOD = {"inputs": {"points": [PLACE]}, "subscriber": {"successUri": "https://hook.example/"}}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_watched_is_refused(api, case):
    wrong, place, message = WRONG[case]
    answer = api.post("/subscriptions", json=GOOD | wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == f"body.{place}".rstrip(".")
    assert message in answer.json()["detail"]


def test_a_place_without_a_cube_is_not_watched(api):
    answer = api.post("/subscriptions", json=GOOD | {"inputs": {"points": [[-130, 60]]}})
    assert (answer.status_code, answer.json()["type"]) == (404, f"{api.base_url}/problems/no-cube")


def test_the_request_in_the_documentation_is_taken(api):
    text = (Path(__file__).parents[3] / "docs/subscriptions.md").read_text()
    answer = api.post("/subscriptions", json=json.loads(re.search(r"-d '(.*?)'", text, re.DOTALL)[1]))
    assert (answer.status_code, answer.json()["percent"]) == (201, 50)
    assert api.delete(answer.headers["location"]).status_code == 204


def test_pages_lead_on_and_what_is_not_there_is_told(api):
    steps = ("P20D", "P40D", "P60D")
    made = [
        api.post("/subscriptions", json=GOOD | {"inputs": {"points": [PLACE], "step": step}}).json()
        for step in steps
    ]
    page = api.get("/subscriptions", params={"limit": 2}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    found = page["subscriptions"] + api.get(following).json()["subscriptions"]
    assert [one["inputs"]["step"] for one in found] == [*reversed(steps)]
    assert all(api.delete(f"/subscriptions/{one['id']}").status_code == 204 for one in made)
    for answer in (api.get("/subscriptions/none"), api.delete("/subscriptions/none")):
        assert (answer.status_code, "/subscriptions lists" in answer.json()["detail"]) == (404, True)
    assert api.get("/subscriptions", params={"limit": 9999}).json()["errors"][0]["loc"] == "query.limit"
