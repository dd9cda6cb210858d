import gc
import gzip
import tracemalloc

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from service.catalog.conditional import named_in
from service.coding import ContentCoding

pytestmark = pytest.mark.anyio
TEXT = "ice " * 400


def text(request):
    headers = {"ETag": '"abc"', "Vary": "Accept"}
    if named_in(request.headers.get("If-None-Match"), '"abc"'):
        return Response(status_code=304, headers=headers)
    return PlainTextResponse(TEXT, headers=headers)


def long(request):
    return PlainTextResponse(f"{request.query_params['of']} " * 20_000)


def plain(request):
    kind = request.query_params["kind"]
    if kind == "file":
        return Response(TEXT, media_type="application/netcdf")
    if kind == "small":
        return PlainTextResponse("ice")
    if kind == "part":
        return PlainTextResponse(TEXT, status_code=206)
    if kind == "ranges":
        return PlainTextResponse(TEXT, headers={"Accept-Ranges": "bytes"})
    if kind == "coded":
        return PlainTextResponse(TEXT, headers={"Content-Encoding": "identity"})
    return StreamingResponse(iter([TEXT, TEXT]), media_type="text/plain")


@pytest.fixture(scope="module")
def client():
    app = Starlette(routes=[Route("/text", text), Route("/long", long), Route("/plain", plain)])
    app.add_middleware(ContentCoding)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ogive.example")


async def raw(client, url, **headers):
    async with client.stream("GET", url, headers=headers) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.3", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=much", None),
        ("", None),
    ],
)
async def test_the_client_chooses(client, accepted, coding):
    answer, body = await raw(client, "/text", **{"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    undo = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding]
    assert undo(body).decode() == TEXT
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["etag"] == (f'"abc-{coding}"' if coding else '"abc"')


async def test_equal_texts_give_equal_bytes(client):
    for coding in ("gzip", "br"):
        texts = [(await raw(client, "/text", **{"Accept-Encoding": coding}))[1] for _ in range(2)]
        assert texts[0] == texts[1]


@pytest.mark.parametrize("had", ['"abc"', '"abc-br"', '"other", W/"abc-gzip"', '"abc-gzip"'])
async def test_every_coding_of_what_is_still_true_is_known(client, had):
    answer, body = await raw(client, "/text", **{"Accept-Encoding": "gzip", "If-None-Match": had})
    assert (answer.status_code, body) == (304, b"")
    assert answer.headers["etag"] == had.split(", ")[-1].removeprefix("W/")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("kind", ["file", "small", "part", "ranges", "coded", "stream"])
async def test_what_is_no_whole_text_passes_as_it_is(client, kind):
    answer, body = await raw(client, f"/plain?kind={kind}", **{"Accept-Encoding": "br"})
    assert answer.headers.get("content-encoding") == ("identity" if kind == "coded" else None)
    assert body.startswith(b"ice")


async def test_what_was_coded_is_kept_without_the_plain_text(client):
    async def ask(numbers):
        for number in numbers:
            answer = await client.get(
                "/long", params={"of": f"ice{number}"}, headers={"Accept-Encoding": "br"}
            )
            assert answer.headers["Content-Encoding"] == "br"

    await ask(range(3))
    gc.collect()
    tracemalloc.start()
    try:
        await ask(range(10, 50))
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 40 * 10_000
