"""Bytes of a cube's store: where it lies, how it is reached, and what is tried again.

Stores are read with zarr's own store classes: a local path, `s3://` (s3fs), `http://` or `https://`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fsspec
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import FsspecStore, LocalStore

from workers.cubes.reference import Access
from workers.errors import SourceUnavailable
from workers.read_only_store import ReadOnlyStore
from workers.telemetry import measures

TRIES = 5
CONNECT_SECONDS, READ_SECONDS = 10, 60
_AMAZON = re.compile(r"https?://([a-z0-9][a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com/(.+)")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")


def may_pass(error: BaseException) -> bool:
    """Whether trying again may help: network trouble and answers 429 and 5xx, not refusals."""
    answered = _of_s3(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    status = answered or getattr(error, "status", None)
    if status:
        return status == 429 or status >= 500
    return not isinstance(error, PermissionError | FileNotFoundError)


def _of_s3(error: BaseException) -> dict[str, Any]:
    """What an S3 server answered, as botocore has it; empty where the error is none of its."""
    response = getattr(error.__cause__, "response", None)
    return response if isinstance(response, dict) else {}


RETRYING: dict[str, Any] = {
    "stop": stop_after_attempt(TRIES),
    "wait": wait_exponential(multiplier=0.1, max=5) + wait_random(0, 0.2),
    "retry": retry_if_exception(may_pass),
    "reraise": True,
    "before_sleep": lambda state: measures.SOURCE_RETRIES.inc(),
}
"""How reads are tried again, for tenacity"""


def store_name(href: str) -> str:
    """The last part of a path or URL without its suffix: what a cube is called."""
    return re.sub(r"\.(zarr|nc|nc4|h5)$", "", href.rstrip("/").rsplit("/", 1)[-1])


def readable_href(href: str, access: Access) -> str:
    """The address under which a public URL is read.

    Catalogs write cubes as `http://BUCKET.s3.amazonaws.com/KEY`. Read anonymously from Amazon it becomes
    `s3://BUCKET/KEY`; where another S3 endpoint or signing is configured, which say nothing about that
    bucket, it stays a plain web address, over https.
    """
    amazon = _AMAZON.fullmatch(href)
    if amazon is None:
        return href
    if access.anonymous and access.endpoint_url is None:
        return f"s3://{amazon[1]}/{amazon[2]}"
    return re.sub(r"^http:", "https:", href)


def filesystem_options(href: str, access: Access, asynchronous: bool) -> dict[str, Any]:
    """What fsspec is given to reach a remote store.

    A concurrency of one keeps s3fs from asking for an object's size before each read; retries of
    botocore are off because this module retries.
    """
    if href.startswith("s3://"):
        return {
            "anon": access.anonymous,
            "endpoint_url": access.endpoint_url,
            "max_concurrency": 1,
            "asynchronous": asynchronous,
            "config_kwargs": {
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": READ_SECONDS,
                "retries": {"total_max_attempts": 1, "mode": "standard"},
            },
        }
    from aiohttp import ClientTimeout

    timeout = ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    return {"asynchronous": asynchronous, "client_kwargs": {"trust_env": True, "timeout": timeout}}


def local_path(href: str) -> Path | None:
    """The path that a path or `file://` URL names; None for another URL."""
    if href.startswith("file://"):
        return Path(href.removeprefix("file://"))
    return None if _SCHEME.match(href) else Path(href)


def remote_filesystem(href: str, access: Access, asynchronous: bool) -> tuple[fsspec.AbstractFileSystem, str]:
    """The filesystem that reads a URL, and the path in it.

    Raises:
        SourceUnavailable: the scheme of the URL is none that is read.
    """
    if not href.startswith(("s3://", "http://", "https://")):
        raise SourceUnavailable(
            f"{href} cannot be read: write a local path or an s3://, http:// or https:// URL.", "source-zarr"
        )
    filesystem, path = fsspec.url_to_fs(href, **filesystem_options(href, access, asynchronous))
    if href.startswith("s3://"):
        filesystem.retries = 1
    return filesystem, path


def open_store(href: str, access: Access) -> SourceStore:
    """A read-only Zarr store. Nothing is read yet.

    Raises:
        SourceUnavailable: a local path does not exist, or the scheme of the URL is none that is read.
    """
    path = local_path(href)
    if path is None:
        filesystem, root = remote_filesystem(href, access, asynchronous=True)
        return SourceStore(FsspecStore(filesystem, read_only=True, path=root.rstrip("/")), href)
    if not path.is_dir():
        raise SourceUnavailable(f"There is no cube at {href}: that folder does not exist.", "source-zarr")
    return SourceStore(LocalStore(path, read_only=True), href)


class SourceStore(ReadOnlyStore):
    """A store that tries again after passing trouble and answers metadata from memory.

    `documents` maps keys to bytes that are served without a request; None stands for a key known to be
    absent.
    """

    def __init__(self, store: Store, href: str) -> None:
        super().__init__(store)
        self.href = href
        self.documents: dict[str, bytes | None] = {}

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """The object at a key, None where there is none.

        Raises:
            SourceUnavailable: the store refused, or did not answer any of five tries.
        """
        if key in self.documents:
            document = self.documents[key]
            return None if document is None else prototype.buffer.from_bytes(document)
        return await self.fetch(key, prototype, byte_range)

    async def fetch(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """As `get`, but never from memory.

        Raises:
            SourceUnavailable: as `get` does.
        """
        try:
            with measures.timed(measures.SOURCE_SECONDS):
                read = await AsyncRetrying(**RETRYING)(self.store.get, key, prototype, byte_range)
        except Exception as error:
            raise unavailable(self.href, key, error) from error
        measures.SOURCE_BYTES.inc(0 if read is None else len(read))
        return read

    async def exists(self, key: str) -> bool:
        return await self.get(key, default_buffer_prototype()) is not None


def unavailable(href: str, key: str, error: Exception) -> SourceUnavailable:
    """The error that tells a user what a store did."""
    # Where an S3 server refuses by a code alone, s3fs has `None` for a message.
    code = _of_s3(error).get("Error", {}).get("Code")
    what = f"{type(error).__name__}: {code if code and str(error) in ('', 'None') else error}".strip(": ")
    if may_pass(error):
        told = f"could not be read in {TRIES} tries"
    else:
        told = "refused to be read; check its address, and whether it may be read without credentials"
    return SourceUnavailable(f"The store of cube {href} {told} (reading {key}; {what}).", "source-zarr")
