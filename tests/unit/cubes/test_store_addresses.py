"""How addresses of stores are read, and which trouble is worth another try."""

import aiohttp
import pytest
from s3fs.errors import translate_boto_error
from yarl import URL

from workers.cubes.kept import Kept
from workers.cubes.reference import Access
from workers.cubes.stores import local_path, may_pass, readable_href, store_name, unavailable


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("s3://bucket/a/ITS_LIVE_vel_EPSG3413.zarr", "ITS_LIVE_vel_EPSG3413"),
        ("/data/cube.zarr/", "cube"),
        ("cut.nc", "cut"),
        ("jakobshavn_69.1117N_3x3.zarr", "jakobshavn_69.1117N_3x3"),
    ],
)
def test_names(href, name):
    assert store_name(href) == name


@pytest.mark.parametrize(
    "public",
    [
        "http://its-live-data.s3.amazonaws.com/datacubes/v2/a.zarr",
        "https://its-live-data.s3.amazonaws.com/datacubes/v2/a.zarr",
        "https://its-live-data.s3-us-west-2.amazonaws.com/datacubes/v2/a.zarr",
        "https://its-live-data.s3.us-west-2.amazonaws.com/datacubes/v2/a.zarr",
    ],
)
def test_a_bucket_of_amazon_is_read_as_a_bucket(public):
    assert readable_href(public, Access()) == "s3://its-live-data/datacubes/v2/a.zarr"
    for access in (Access(endpoint_url="http://127.0.0.1:9"), Access(anonymous=False)):
        assert readable_href(public, access) == public.replace("http:", "https:")


def test_other_addresses_stay(tmp_path):
    for href in ("s3://bucket/a.zarr", "https://example.org/a.zarr", str(tmp_path)):
        assert readable_href(href, Access()) == href
    assert local_path("file:///data/a.zarr") == local_path("/data/a.zarr")
    assert local_path("https://example.org/a.zarr") is None


def boto(status: int, code: str, **said: None) -> BaseException:
    from botocore.exceptions import ClientError

    response = {"Error": {"Code": code, **said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return translate_boto_error(ClientError(response, "GetObject"))


def http(status: int) -> BaseException:
    url = URL("http://127.0.0.1")
    return aiohttp.ClientResponseError(aiohttp.RequestInfo(url, "GET", {}, url), (), status=status)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (boto(503, "SlowDown"), True),
        (boto(500, "InternalError"), True),
        (boto(403, "AccessDenied"), False),
        (boto(400, "InvalidArgument"), False),
        (http(500), True),
        (http(429), True),
        (http(403), False),
        (aiohttp.ClientConnectionError(), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (PermissionError(), False),
        (FileNotFoundError(), False),
    ],
)
def test_what_may_pass(error, passes):
    assert may_pass(error) is passes


def test_a_refusal_without_words_is_told_by_its_code():
    told = str(unavailable("s3://bucket/a.zarr", "v/0.0.0", boto(403, "RequestTimeTooSkewed", Message=None)))
    assert "(reading v/0.0.0; PermissionError: RequestTimeTooSkewed)" in told
    assert "OSError: slow" in str(unavailable("s3://bucket/a.zarr", "v/0.0.0", OSError("slow")))


def test_a_kept_value_is_made_again_after_its_time_and_after_a_failure():
    made = []

    def make() -> int:
        made.append(None)
        if len(made) == 1:
            raise OSError("out")
        return len(made)

    kept = Kept(make, lifetime_s=3600)
    with pytest.raises(OSError, match="out"):
        kept()
    assert [kept(), kept()] == [2, 2]
    assert [Kept(make, lifetime_s=-1)() for _ in range(2)] == [3, 4]
    short = Kept(make, lifetime_s=-1)
    assert [short(), short()] == [5, 6]
