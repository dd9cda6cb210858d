"""Parts of Zarr arrays, fetched side by side and decoded; a chunk that is damaged is fetched once more."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import zarr
from zarr.core.sync import sync

from workers.cubes.source import Selection
from workers.errors import ChunkUnreadable, SourceError

Wanted = Sequence[tuple[zarr.Array, Selection]]


def decoded(cube: str, wanted: Wanted, forget: Callable[[str], None]) -> list[np.ndarray]:
    """The stored values of parts of a cube's arrays.

    Args:
        cube: its name, for messages.
        wanted: arrays, and what to read of each.
        forget: told the key of a chunk that cannot be decoded, which is then to come from its store.

    Raises:
        SourceUnavailable: the store did not answer.
        ChunkUnreadable: a chunk cannot be decoded, fetched anew either; names it.
    """
    try:
        return _together(wanted)
    except _Undecodable as error:
        _mend(cube, wanted, forget, error)
    try:
        return _together(wanted)
    except _Undecodable as error:
        names = ", ".join(dict.fromkeys(array.path for array, _ in wanted))
        raise ChunkUnreadable(
            f"A chunk of {names} of cube {cube} could be decoded alone, but not with the others ({error}).",
            f"{cube}/{names}",
        ) from error


class _Undecodable(Exception):
    """What a codec raised: the store raises SourceError for all that it meets."""


def _together(wanted: Wanted) -> list[np.ndarray]:
    async def side_by_side() -> list[Any]:
        return await asyncio.gather(*(array.async_array.getitem(part) for array, part in wanted))

    try:
        return [np.asarray(values) for values in sync(side_by_side())]
    except SourceError:
        raise
    except Exception as error:
        if isinstance(error, BaseExceptionGroup) and (told := error.subgroup(SourceError)):
            raise told.exceptions[0] from error
        raise _Undecodable(error) from error


def _mend(cube: str, wanted: Wanted, forget: Callable[[str], None], error: Exception) -> None:
    """Fetch every chunk anew that cannot be decoded: it was damaged on its way, or is mended by now.

    Raises:
        SourceUnavailable: the store did not answer.
        ChunkUnreadable: a chunk is still damaged.
    """
    for array, selection in wanted:
        for index, part in _stored_chunks(array, selection):
            key = f"{array.path}/{array.metadata.encode_chunk_key(index)}"
            for last in (False, True):
                try:
                    _together([(array, part)])
                    break
                except _Undecodable as reason:
                    forget(key)
                    if last:
                        raise ChunkUnreadable(
                            f"Chunk {key} of cube {cube} is truncated or damaged and cannot be decoded "
                            f"({reason}).",
                            f"{cube}/{key}",
                        ) from error


def _stored_chunks(array: zarr.Array, selection: Selection) -> Iterator[tuple[tuple[int, ...], Selection]]:
    """The stored chunks (shards, if there are any) that a selection touches, and what it takes of each."""
    spans = []
    for part, size, length in zip(selection, array.shards or array.chunks, array.shape, strict=True):
        start, stop, _ = part.indices(length)
        spans.append(
            [
                (index, slice(max(start, index * size), min(stop, (index + 1) * size)))
                for index in range(start // size, -(-stop // size))
            ]
        )
    for cell in itertools.product(*spans):
        yield tuple(index for index, _ in cell), tuple(part for _, part in cell)
