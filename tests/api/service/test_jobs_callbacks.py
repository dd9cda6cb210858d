"""Subscribers are told of each state once, in order, again after a failure, and after a restart."""

import datetime as dt
import json
import time

import pytest

from service.jobs import courier
from service.jobs.sending import Refused, Undelivered

PATH = "/processes/velocity-cube/execution"
HOOKS = {name: f"https://hook.example/{name}" for name in ("successUri", "inProgressUri", "failedUri")}


class Post:
    """A sender that notes what it was given, and fails as often as it is told to."""

    def __init__(self):
        self.came, self.failures = [], []

    async def post(self, uri, content, headers):
        self.came.append((uri.rpartition("/")[2], content, headers))
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def post(monkeypatch):
    monkeypatch.setattr(courier, "_FIRST_PAUSE", dt.timedelta(0))
    return Post()


def execute(client, bbox, **inputs):
    body = {"inputs": {"bbox": bbox, **inputs}, "subscriber": HOOKS}
    return client.post(PATH, json=body).headers["location"]


def told(post, count):
    deadline = time.monotonic() + 60
    while len(post.came) < count:
        assert time.monotonic() < deadline, post.came
        time.sleep(0.05)
    return [name for name, *_ in post.came]


def logged(client, location):
    return [line["message"] for line in client.get(f"{location}/logs").json()["logs"]]


def test_start_and_success_are_told_once_each(serve, post, spot, ended, conforms):
    post.failures.append(Undelivered("hook.example answered 503."))
    with serve(sender=post) as client:
        location = execute(client, spot)
        ended(client, location)
        assert told(post, 3) == ["inProgressUri", "inProgressUri", "successUri"]
        documents = [json.loads(content) for _, content, _ in post.came]
        conforms(documents[0], "statusInfo")
        assert documents[-1] == client.get(f"{location}/results").json()
        keys = [headers["Idempotency-Key"] for *_, headers in post.came]
        assert keys[0] == keys[1] != keys[2]
        while "The subscriber was told that the job is successful." not in logged(client, location):
            time.sleep(0.05)
        assert any("answered 503. Try 1; it is tried again." in line for line in logged(client, location))
        assert "subscriber" not in client.get(f"{location}/inputs").json()


def refuse(plan, index, products, job_id, parts):
    raise ZeroDivisionError


def test_a_failure_is_told_and_tries_are_bounded(serve, post, tasks_but, spot, ended):
    with serve(sender=post, tasks=tasks_but(compute_shard=refuse)) as client:
        post.failures += [Refused("hook.example has the address 10.0.0.1.")]
        post.failures += [Undelivered("hook.example does not answer.")] * courier.TRIES
        location = execute(client, spot)
        ended(client, location)
        assert told(post, 1 + courier.TRIES) == ["inProgressUri"] + ["failedUri"] * courier.TRIES
        while not any("that was the last try" in line for line in logged(client, location)):
            time.sleep(0.05)
        time.sleep(1.2)
        assert len(post.came) == 1 + courier.TRIES


def test_what_one_process_could_not_tell_the_next_one_does(serve, post, spot, ended, monkeypatch):
    monkeypatch.setattr(courier, "_FIRST_PAUSE", dt.timedelta(seconds=2))
    post.failures += [Undelivered("hook.example does not answer.")] * courier.TRIES
    with serve(sender=post) as client:
        ended(client, execute(client, spot))
        told(post, 1)
    post.failures.clear()
    before = len(post.came)
    with serve(sender=post):
        assert told(post, before + 2)[before:] == ["inProgressUri", "successUri"]
