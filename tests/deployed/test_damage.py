"""A source that is damaged or changes, and a bucket that is read-only: clear words, and nothing lost."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from botocore.session import Session

from infra.local.deployment import BUCKET
from tests.deployed.line import Faults
from tests.deployed.parts import STRIP


@contextmanager
def replaced(ogive, path: str, change):
    """An object of the cube that is another for a while."""
    whole = ogive.files.cat_file(ogive.key(path))
    ogive.files.pipe_file(ogive.key(path), change(whole))
    try:
        yield
    finally:
        ogive.files.pipe_file(ogive.key(path), whole)


def flipped(data: bytes) -> bytes:
    """With one bit in the middle turned over."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def receipts(ogive) -> list[str]:
    """The receipts of finished shards that are in the store now."""
    ogive.files.invalidate_cache()
    return [path for path in ogive.files.find(f"{BUCKET}/products/") if ".shards/" in path]


def test_damaged_chunks_are_named_and_the_rest_is_kept(ogive, line, undisturbed):
    inputs = {"bbox": STRIP, "coefficient": 123.0}
    with (
        replaced(ogive, "vx/0.5.0", lambda data: data[: len(data) // 2]),
        replaced(ogive, "vy/0.6.0", flipped),
    ):
        # A job is given up with the shards that are under way: the whole one must be done by then.
        line.faults = Faults(holds=lambda method, path: "/vx/0.5.0" in path)
        job = ogive.start(**inputs)
        while not (line.held and receipts(ogive)):
            assert ogive.job(job)["status"] in {"accepted", "running"}
        line.faults = Faults()
        failed = ogive.ends(job)
    assert failed["status"] == "failed"
    assert "blocks failed" in failed["message"], failed
    assert "Chunk vx/0.5.0" in failed["message"], failed
    again = ogive.start(**inputs)
    assert ogive.ends(again)["status"] == "successful"
    assert "1 of 2 shards were finished before." in ogive.logged(again)
    item = ogive.item(again)["id"]
    assert ogive.objects(item) == undisturbed(item, **inputs)


def test_a_cube_that_changes_while_a_job_reads_it_ends_the_job(ogive, line, undisturbed):
    inputs = {"bbox": STRIP, "coefficient": 124.0}
    line.faults = Faults(holds=lambda method, path: "/vx/" in path)
    job = ogive.start(**inputs)
    while not line.held:
        assert ogive.job(job)["status"] in {"accepted", "running"}
    with replaced(ogive, ".zmetadata", lambda data: data.replace(b"meter/year", b"metre/year")):
        line.faults = Faults()
        failed = ogive.ends(job)
    assert failed["status"] == "failed"
    assert "changed" in failed["message"], failed
    again = ogive.start(**inputs)
    assert ogive.ends(again)["status"] == "successful", ogive.logged(again)
    item = ogive.item(again)["id"]
    assert ogive.objects(item) == undisturbed(item, **inputs)


@pytest.fixture
def bucket(ogive):
    """A client of the S3 server that may set policies; the policy is what it was afterwards."""
    client = Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{ogive.line.target}",
        aws_access_key_id=ogive.parts.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ogive.parts.environment["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        before = client.get_bucket_policy(Bucket=BUCKET)["Policy"]
    except client.exceptions.ClientError:
        before = None
    yield client
    if before is None:
        client.delete_bucket_policy(Bucket=BUCKET)
    else:
        client.put_bucket_policy(Bucket=BUCKET, Policy=before)


def test_a_bucket_that_becomes_read_only_fails_the_job_clearly(ogive, line, bucket, undisturbed):
    inputs, published = {"bbox": STRIP, "coefficient": 125.0}, ogive.found()
    line.faults = Faults(holds=lambda method, path: method == "PUT" and "/c/0/" in path)
    job = ogive.start(**inputs)
    while not line.held:
        assert ogive.job(job)["status"] in {"accepted", "running"}
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{BUCKET}/products/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    bucket.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    line.faults = Faults()
    failed = ogive.ends(job)
    assert failed["status"] == "failed"
    assert "cannot be written" in failed["message"], failed
    assert ogive.found() == published
    bucket.delete_bucket_policy(Bucket=BUCKET)
    again = ogive.start(**inputs)
    assert ogive.ends(again)["status"] == "successful", ogive.logged(again)
    item = ogive.item(again)["id"]
    assert ogive.objects(item) == undisturbed(item, **inputs)
