"""Where products live: a local folder or any fsspec URL such as `s3://bucket/prefix`.

A key is a path below the root with `/` between its parts. An object is written whole or not at all: on S3 a
PUT is atomic, and a local file is written beside its name, flushed, and renamed.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore

from workers.errors import StoreNotWritable, StoreUnavailable
from workers.products import keys
from workers.telemetry import measures

_PARTIAL = ".partial"
# One GET without a HEAD before it for each object read, and listings that see what other processes wrote.
# A server that is gone is told of within seconds.
_S3_OPTIONS = {
    "max_concurrency": 1,
    "use_listings_cache": False,
    "config_kwargs": {"connect_timeout": 5, "retries": {"total_max_attempts": 3, "mode": "standard"}},
}


@dataclass(frozen=True)
class ProductStore:
    """The store of products at a URL. Small and picklable: tasks carry it to their process.

    Credentials for S3 come from the environment unless the options of s3fs hold them.
    """

    url: str
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)

    @cached_property
    def _root(self) -> tuple[AbstractFileSystem, str]:
        options = dict(self.storage_options or {})
        if self.url.startswith("s3://"):
            options = _S3_OPTIONS | options
        filesystem, path = url_to_fs(self.url, **options)
        return filesystem, path.rstrip("/")

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "storage_options": self.storage_options}

    def _path(self, key: str) -> str:
        root = self._root[1]
        return f"{root}/{key}" if key else root

    def location(self, key: str = "") -> str:
        """The path or URL of a key, as another program would open it."""
        filesystem, _ = self._root
        path = self._path(key)
        return path if isinstance(filesystem, LocalFileSystem) else filesystem.unstrip_protocol(path)

    def check_writable(self) -> None:
        """Write an object and delete it again.

        Raises:
            StoreNotWritable: that is not possible; names the place and the reason.
        """
        key = f"writable-{uuid.uuid4().hex}"
        self.write(key, b"Ogive checks whether it may write here.\n")
        try:
            self._root[0].rm_file(self._path(key))
        except unreachable(self.url) as error:
            raise self._not_writable("", error) from error

    def write(self, key: str, data: bytes) -> None:
        """Write an object whole, in place of any earlier one.

        Raises:
            StoreNotWritable: that is not possible; names the place and the reason.
        """
        filesystem, _ = self._root
        path = self._path(key)
        try:
            with measures.timed(measures.STORE_SECONDS, operation="write"):
                if isinstance(filesystem, LocalFileSystem):
                    _write_file(Path(path), data)
                else:
                    filesystem.pipe_file(path, data)
        except unreachable(self.url) as error:
            raise self._not_writable(key, error) from error
        measures.STORE_BYTES.inc(len(data))

    def _not_writable(self, key: str, error: Exception) -> StoreNotWritable:
        return StoreNotWritable(
            f"Products cannot be written to {self.location(key)}: {_reason(error)}. "
            "Name an existing bucket or a folder in which this process may create and delete files."
        )

    @contextlib.contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """Tells a store that fails from an object that is not there."""
        try:
            with measures.timed(measures.STORE_SECONDS, operation="read"):
                yield
        except (FileNotFoundError, NotADirectoryError):
            raise
        except unreachable(self.url) as error:
            raise StoreUnavailable(
                f"The store of products cannot be read at {self.location(key)}: {_reason(error)}."
            ) from error

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of an object, from `start` up to but not including `end`.

        Raises:
            FileNotFoundError: there is no such object.
            StoreUnavailable: the store did not answer.
        """
        span = {} if start == 0 and end is None else {"start": start, "end": end}
        with self._reading(key):
            return self._root[0].cat_file(self._path(key), **span)

    def read_all(self, prefix: str) -> dict[str, bytes]:
        """Every object below a prefix by its full key; from S3 many at once.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        names = self.list(prefix)
        with self._reading(prefix):
            found = self._root[0].cat([self._path(name) for name in names]) if names else {}
        return {name: found[self._path(name)] for name in names}

    def list(self, prefix: str) -> dict[str, int]:
        """Full keys below a prefix, sorted, with their sizes in bytes; empty where there is nothing.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        filesystem, root = self._root
        with self._reading(prefix):
            found = filesystem.find(self._path(prefix), detail=True)
        sizes = {path[len(root) + 1 :]: info["size"] for path, info in found.items()}
        return {key: sizes[key] for key in sorted(sizes) if not key.endswith(_PARTIAL)}

    def exists(self, key: str) -> bool:
        """Whether there is such an object.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        with self._reading(key), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return self._root[0].info(self._path(key))["type"] == "file"
        return False

    def zarr(self, product: str) -> Store:
        """The Zarr group of a product as zarr reads it. Nothing is read yet."""
        location = self.location(keys.group(product))
        if isinstance(self._root[0], LocalFileSystem):
            return LocalStore(location, read_only=True)
        options = (_S3_OPTIONS if self.url.startswith("s3://") else {}) | dict(self.storage_options or {})
        return FsspecStore.from_url(location, storage_options=options, read_only=True)

    def delete(self, prefix: str) -> None:
        """Delete an object, or everything below a prefix; what is not there is deleted already.

        Raises:
            StoreNotWritable: that is not possible; names the place and the reason.
        """
        try:
            with measures.timed(measures.STORE_SECONDS, operation="delete"):
                self._root[0].rm(self._path(prefix), recursive=True)
        except FileNotFoundError:
            return
        except unreachable(self.url) as error:
            raise self._not_writable(prefix, error) from error

    def object(self, product: str, key: str) -> StoredObject:
        """An object of a product's Zarr group, for serving it.

        Raises:
            FileNotFoundError: there is no such object, or the key tries to leave the group.
            StoreUnavailable: the store did not answer.
        """
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in key.split("/")):
            raise FileNotFoundError(f"{key!r} is no key of a Zarr store.")
        full = f"{keys.group(product)}/{key}"
        with self._reading(full):
            info = self._root[0].info(self._path(full))
        if info["type"] != "file" or full.endswith(_PARTIAL):
            raise FileNotFoundError(f"Product {product} has no object {key!r}.")
        return StoredObject(self, full, info["size"])


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that exists: its size in bytes, and its bytes by range."""

    store: ProductStore
    key: str
    size: int

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to but not including `end`."""
        return self.store.read(self.key, start, end)


def _reason(error: Exception) -> str:
    """Why a store failed; by the code of the error where an S3 server says nothing else."""
    told = getattr(error, "strerror", None) or str(error)
    if told in ("", "None"):
        response = getattr(error.__cause__, "response", {})
        told = response.get("Error", {}).get("Code") or type(error).__name__
    return told.rstrip(".")


def _write_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            # Without it a power cut can leave the new name with an empty file behind it.
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def unreachable(url: str) -> tuple[type[Exception], ...]:
    """What a store that fails raises: s3fs makes OSError of the server's answers, not of lost connections."""
    if not url.startswith("s3://"):
        return (OSError,)
    from botocore.exceptions import BotoCoreError

    return (OSError, BotoCoreError)
