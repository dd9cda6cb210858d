"""The chunks of a remote cube: from this machine's disk where it has them, else from the cube's store."""

from __future__ import annotations

import asyncio
import hashlib

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from workers.cubes.chunk_folder import ChunkFolder
from workers.cubes.stores import SourceStore
from workers.read_only_store import ReadOnlyStore
from workers.telemetry import measures


class ChunkStore(ReadOnlyStore):
    """Stands before the store of a cube. Metadata are never kept: the store must tell when a cube changes.

    Whoever asks for a chunk that is already on its way waits for that one.
    """

    store: SourceStore

    def __init__(self, store: SourceStore, folder: ChunkFolder | None, place: str) -> None:
        """Stand before a store that lies at a place; without a folder nothing is kept."""
        super().__init__(store)
        self._folder, self._place = folder, place
        self._cube: str | None = None
        self._coming: dict[str, asyncio.Task[Buffer | None]] = {}

    def identify(self, metadata: bytes) -> None:
        """Say which cube lies there, for another one has other chunks; before it is said none is kept."""
        if self._folder is not None:
            self._cube = hashlib.sha256(self._place.encode() + b"\0" + metadata).hexdigest()[:32]

    def drop(self, key: str) -> None:
        """Forget a chunk that cannot be decoded: it is fetched when asked for again."""
        if self._folder is not None:
            self._folder.drop(self._name(key))

    def forget(self) -> None:
        """Forget all chunks of this cube: some may be of the one that it has become."""
        if self._folder is not None and self._cube is not None:
            self._folder.forget(self._cube)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """As `SourceStore.get`.

        Raises:
            SourceUnavailable: as there.
        """
        if self._folder is None or self._cube is None or key in self.store.documents:
            return await self.store.get(key, prototype, byte_range)
        name = self._name(key) + ("" if byte_range is None else f"@{byte_range}")
        if name not in self._coming:
            # A task of its own, so that it goes on when the one who asked first is given up.
            read = self._kept_or_fetched(self._folder, name, key, prototype, byte_range)
            self._coming[name] = asyncio.create_task(read)
            self._coming[name].add_done_callback(lambda _: self._coming.pop(name))
        return await asyncio.shield(self._coming[name])

    async def _kept_or_fetched(
        self,
        folder: ChunkFolder,
        name: str,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None,
    ) -> Buffer | None:
        kept = await asyncio.to_thread(folder.read, name)
        measures.CHUNKS_KEPT.labels("miss" if kept is None else "hit").inc()
        if kept is not None:
            measures.CHUNK_BYTES.inc(len(kept))
            return prototype.buffer.from_bytes(kept) if kept else None
        fetched = await self.store.get(key, prototype, byte_range)
        stored = memoryview(b"" if fetched is None else fetched.as_numpy_array())
        # An object of no bytes is damaged, and is not to be taken for one that is not there.
        if stored or fetched is None:
            await asyncio.to_thread(folder.write, name, stored)
        return fetched

    async def exists(self, key: str) -> bool:
        return await self.store.exists(key)

    def _name(self, key: str) -> str:
        return f"{self._cube}~{key.replace('/', '~')}"
