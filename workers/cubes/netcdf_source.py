"""Cubes in NetCDF-4."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import h5netcdf
import numpy as np
from tenacity import Retrying

from workers.cubes.reference import Access
from workers.cubes.source import Selection, Variable, missing_values
from workers.cubes.stores import RETRYING, local_path, remote_filesystem, store_name, unavailable
from workers.errors import ChunkUnreadable, CubeInvalid, SourceUnavailable

UNCHUNKED = 10
"""Cells a side that are read at once where a variable is stored in one piece"""


class NetcdfSource:
    """A cube's NetCDF-4 file, which stays open."""

    media_type = "application/netcdf"

    def __init__(self, href: str, access: Access) -> None:
        """Open the file.

        Raises:
            SourceUnavailable: there is no such file, or its store did not answer.
            CubeInvalid: it is not NetCDF-4.
        """
        self.name, self._href, self._access = store_name(href), href, access
        path = local_path(href)
        if path is not None and not path.is_file():
            raise SourceUnavailable(f"There is no cube at {href}: that file does not exist.", "source-zarr")
        handle = str(path) if path is not None else _open_remote(href, access)
        try:
            self._file = h5netcdf.File(handle, "r", decode_vlen_strings=True)
        except (OSError, ValueError) as error:
            raise CubeInvalid(f"Cube {href} cannot be opened as NetCDF-4: {error}.") from error
        self._size = path.stat().st_size if path is not None else handle.size

    def metadata(self) -> bytes:
        described = {
            name: [variable.dimensions, variable.shape, str(variable.dtype), _plain(variable.attrs)]
            for name, variable in self._file.variables.items()
        }
        return json.dumps([self._size, _plain(self._file.attrs), described], sort_keys=True).encode()

    def metadata_now(self) -> bytes:
        return NetcdfSource(self._href, self._access).metadata()

    def attributes(self, name: str = "") -> Mapping[str, Any] | None:
        if not name:
            return _plain(self._file.attrs)
        return _plain(self._file.variables[name].attrs) if name in self._file.variables else None

    def variable(self, name: str) -> Variable | None:
        if name not in self._file.variables:
            return None
        stored = self._file.variables[name]
        attributes = _plain(stored.attrs)
        whole = tuple(min(UNCHUNKED, length) if axis else length for axis, length in enumerate(stored.shape))
        return Variable(
            name,
            tuple(stored.dimensions),
            tuple(stored.shape),
            tuple(stored.chunks or whole),
            np.dtype(stored.dtype),
            attributes,
            missing_values(attributes, None),
        )

    def read(self, wanted: Sequence[tuple[str, Selection]]) -> list[np.ndarray]:
        found = []
        for name, selection in wanted:
            try:
                found.append(np.asarray(self._file.variables[name][selection]))
            except (OSError, RuntimeError, ValueError) as error:
                raise ChunkUnreadable(
                    f"A chunk of {name} of cube {self.name} is truncated or damaged and cannot be decoded "
                    f"({error}).",
                    f"{self.name}/{name}",
                ) from error
        return found


def _open_remote(href: str, access: Access) -> Any:
    filesystem, path = remote_filesystem(href, access, asynchronous=False)
    try:
        return Retrying(**RETRYING)(filesystem.open, path, "rb")
    except FileNotFoundError as error:
        raise SourceUnavailable(
            f"There is no cube at {href}: that object does not exist.", "source-zarr"
        ) from error
    except Exception as error:
        raise unavailable(href, path, error) from error


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON would hold them: NetCDF gives numpy values and arrays of one element."""
    plain = {}
    for key, value in attributes.items():
        listed = np.asarray(value).tolist()
        plain[key] = listed[0] if isinstance(listed, list) and len(listed) == 1 else listed
    return plain
