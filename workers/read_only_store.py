"""What every store of zarr must have, for stores that stand before another one and only read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype


class ReadOnlyStore(Store):
    """A store before another one, which says in `get` and `exists` how it reads.

    It wraps by hand what it reads, so that no newer way of reading in zarr goes round it.
    """

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, store: Store) -> None:
        super().__init__(read_only=True)
        self.store = store

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.store == self.store

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def set(self, key: str, value: Buffer) -> None:
        self._check_writable()

    async def delete(self, key: str) -> None:
        self._check_writable()

    def list(self) -> AsyncIterator[str]:
        return self.store.list()

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        return self.store.list_prefix(prefix)

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        return self.store.list_dir(prefix)
