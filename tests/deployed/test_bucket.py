"""The bucket's own rules, on the real S3 server: who may read what, from where, and what does not stay."""

from __future__ import annotations

import httpx
import pytest
from botocore.session import Session

from infra.bucket.apply import apply
from infra.local.deployment import BUCKET

KEY = "products/v1/EPSG32607/probe.json"


@pytest.fixture
def client(ogive):
    """A client of the S3 server with the keys of its owner, and an object for others to try."""
    environment = ogive.parts.environment
    made = Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    made.put_object(Bucket=BUCKET, Key=KEY, Body=b'{"probe": 1}')
    yield made
    made.delete_object(Bucket=BUCKET, Key=KEY)


def test_everybody_reads_products_and_nothing_else(ogive, client):
    with httpx.Client(base_url=f"{ogive.parts.environment['AWS_ENDPOINT_URL']}/{BUCKET}/") as stranger:
        assert stranger.get(KEY).json() == {"probe": 1}
        assert stranger.get(f"cubes/{ogive.cube.name}/.zmetadata").status_code == 403
        assert stranger.get("").status_code == 403
        assert stranger.put("products/v1/other.json", content=b"{}").status_code == 403
        assert stranger.delete(KEY).status_code == 403
        browser = {"Origin": "https://map.example"}
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
        assert stranger.options(KEY, headers=browser | asked).status_code == 200
        part = stranger.get(KEY, headers=browser | {"Range": "bytes=0-0"})
    assert (part.status_code, part.content) == (206, b"{")
    assert part.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in part.headers["Access-Control-Expose-Headers"]


def test_what_is_unfinished_expires_and_rules_of_an_operator_are_kept(client):
    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert {rule.get("Expiration", {}).get("Days") for rule in rules} == {None, 1}
    assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    client.delete_bucket_cors(Bucket=BUCKET)
    assert apply(client, BUCKET) is False
    with pytest.raises(client.exceptions.ClientError, match="NoSuchCORSConfiguration"):
        client.get_bucket_cors(Bucket=BUCKET)
    assert apply(client, BUCKET, overwrite=True)
    assert client.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
