"""Cubes in Zarr, format 2 or 3.

The metadata objects are fetched once and zarr-python is served with them from memory: a consolidated cube
costs one request (format 2) or two (format 3), and after that only chunks are fetched. A chunk that was
never written reads as missing, not as the zero that a null fill value would give. Chunks of a remote cube
come from this machine's disk where it keeps them.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from workers.cubes.chunk_folder import chunk_folder
from workers.cubes.chunk_store import ChunkStore
from workers.cubes.reference import Access
from workers.cubes.source import Selection, Variable, missing_values
from workers.cubes.stores import local_path, open_store, store_name
from workers.cubes.zarr_decoding import decoded
from workers.errors import CubeInvalid, SourceUnavailable


class ZarrSource:
    """A cube's Zarr group."""

    def __init__(self, href: str, access: Access) -> None:
        """Fetch the metadata.

        Raises:
            SourceUnavailable: there is no Zarr group at that address, or the store did not answer.
            CubeInvalid: its metadata cannot be read.
        """
        self.name = store_name(href)
        self._store = open_store(href, access)
        folder = chunk_folder() if local_path(href) is None else None
        self._chunks = ChunkStore(self._store, folder, f"{access.endpoint_url} {href}")
        self._fetched: dict[str, bytes] = {}
        self._arrays: dict[str, zarr.Array] = {}
        self._format, self._attributes, self._consolidated = self._open_group()
        self.media_type = f"application/vnd.zarr; version={self._format}"

    def _open_group(self) -> tuple[int, Mapping[str, Any], Mapping[str, Any] | None]:
        """The format, the cube's own attributes, and the metadata of all arrays if they are consolidated."""
        if (consolidated := self._fetch(".zmetadata")) is not None:
            known = consolidated.get("metadata", {})
            return 2, known.get(".zattrs", {}), known
        if (group := self._fetch("zarr.json")) is not None:
            inline = (group.get("consolidated_metadata") or {}).get("metadata")
            known = None if inline is None else {f"{name}/zarr.json": each for name, each in inline.items()}
            return 3, group.get("attributes", {}), known
        if self._fetch(".zgroup") is not None:
            return 2, self._fetch(".zattrs") or {}, None
        raise SourceUnavailable(
            f"There is no cube at {self._store.href}: it holds none of .zmetadata, zarr.json and .zgroup.",
            "source-zarr",
        )

    def _fetch(self, key: str) -> dict[str, Any] | None:
        """A metadata object, parsed; None if there is none."""
        if key not in self._fetched:
            buffer = sync(self._store.get(key, default_buffer_prototype()))
            if buffer is None:
                return None
            self._fetched[key] = buffer.to_bytes()
        try:
            document = json.loads(self._fetched[key])
        except ValueError as error:
            raise CubeInvalid(f"The metadata {key} of cube {self.name} is not JSON: {error}.") from error
        if not isinstance(document, dict):
            raise CubeInvalid(f"The metadata {key} of cube {self.name} is not a JSON object.")
        return document

    def metadata(self) -> bytes:
        return b"".join(self._fetched[key] for key in sorted(self._fetched))

    def metadata_now(self) -> bytes:
        async def side_by_side() -> list[Any]:
            prototype = default_buffer_prototype()
            return await asyncio.gather(*(self._store.fetch(key, prototype) for key in sorted(self._fetched)))

        now = b"".join(buffer.to_bytes() for buffer in sync(side_by_side()) if buffer is not None)
        if now != self.metadata():
            self._chunks.forget()
        return now

    def _document(self, key: str) -> Mapping[str, Any] | None:
        return self._fetch(key) if self._consolidated is None else self._consolidated.get(key)

    def attributes(self, name: str = "") -> Mapping[str, Any] | None:
        if not name:
            return self._attributes
        if self._format == 2:
            return self._document(f"{name}/.zattrs")
        array = self._document(f"{name}/zarr.json")
        return None if array is None else array.get("attributes", {})

    def variable(self, name: str) -> Variable | None:
        key = f"{name}/.zarray" if self._format == 2 else f"{name}/zarr.json"
        document = self._document(key)
        if document is None:
            return None
        attributes = self.attributes(name) or {}
        missing = _missing(attributes, document.get("fill_value"))
        served = {**document, "fill_value": _absent(document, missing)}
        self._store.documents[key] = json.dumps(served).encode()
        if self._format == 2:
            self._store.documents[f"{name}/.zattrs"] = json.dumps(attributes).encode()
        try:
            array = zarr.open_array(self._chunks, path=name, mode="r", zarr_format=self._format)
        except (ValueError, TypeError, KeyError) as error:
            raise CubeInvalid(
                f"Variable {name} of cube {self.name} is stored in a way that zarr cannot read: {error}"
            ) from error
        self._arrays[name] = array
        dimensions = attributes.get("_ARRAY_DIMENSIONS") or document.get("dimension_names") or ()
        return Variable(name, tuple(dimensions), array.shape, array.chunks, array.dtype, attributes, missing)

    def read(self, wanted: Sequence[tuple[str, Selection]]) -> list[np.ndarray]:
        self._chunks.identify(self.metadata())
        arrays = [(self._arrays[name], part) for name, part in wanted]
        return decoded(self.name, arrays, self._chunks.drop)


def _missing(attributes: Mapping[str, Any], fill: Any) -> tuple[float, ...]:
    """Stored values that stand for no data; a fill value of null or 0 says nothing about that."""
    stated = dict(attributes)
    if isinstance(stated.get("_FillValue"), str):
        # xarray writes the float fill values of format 3 as base64 of a little-endian double.
        stated["_FillValue"] = struct.unpack("<d", base64.standard_b64decode(stated["_FillValue"]))[0]
    number = float(fill) if isinstance(fill, int | float) or fill in ("NaN", "Infinity", "-Infinity") else 0.0
    return missing_values(stated, number if number != 0 else None)


def _absent(document: Mapping[str, Any], missing: tuple[float, ...]) -> Any:
    """The fill value to read chunks with that are not in the store, as the metadata write it."""
    kind = str(document.get("dtype", document.get("data_type")))
    floating = "float" in kind or kind[1:2] == "f"
    if missing:
        return "NaN" if math.isnan(missing[0]) else missing[0] if floating else int(missing[0])
    return "NaN" if floating else document.get("fill_value")
