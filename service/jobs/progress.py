"""How far a job is, block by block, from the events of its tasks and the receipts of its shards."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from typing import Any

from workers.plan import Plan, ShardReceipt

FAILED_SHARE = 0.05
"""A job may lose this share of its blocks and still be successful"""


class Progress:
    """Counts of blocks. A shard that runs twice counts once, and its receipt overrides its events."""

    def __init__(self, plan: Plan) -> None:
        self.total = plan.blocks
        self._states: dict[int, dict[int, str]] = {}
        self._spent: dict[int, float] = {}
        self._taken: dict[int, str] = {}
        self._receipts: dict[int, ShardReceipt] = {}
        self._began = time.monotonic()
        self._resumed = 0
        self.changed = True

    def resume(self, receipts: dict[int, ShardReceipt]) -> None:
        """Take over shards that an earlier run finished; they say nothing about the speed of this one."""
        self._receipts |= receipts
        self._resumed = self.counts["blocks_done"]

    def event(self, event: tuple[float, dict[str, Any]]) -> None:
        """Take an event of a task: a worker took a shard, or one block is `done`, `empty` or `failed`."""
        message = event[1]
        if "worker" in message:
            self._taken[message["shard"]] = message["worker"]
            return
        self._states.setdefault(message["shard"], {})[message["block"]] = message["state"]
        self._spent[message["shard"]] = message["cpu_seconds"]
        self.changed = True

    def receipt(self, receipt: ShardReceipt) -> None:
        """Take the receipt of a finished shard."""
        self._receipts[receipt.shard] = receipt
        self.changed = True

    def taken_by(self, worker: str) -> int | None:
        """The shard that a worker has taken, by its address, and not finished; None if there is none."""
        left = (shard for shard, address in self._taken.items() if address == worker)
        return next((shard for shard in left if shard not in self._receipts), None)

    @property
    def finished(self) -> frozenset[int]:
        """Indices of the shards that need no work any more."""
        return frozenset(self._receipts)

    @property
    def counts(self) -> dict[str, int]:
        """`blocks_done` (all that were looked at) and, of these, `blocks_empty` and `blocks_failed`."""
        sums: Counter[str] = Counter()
        for receipt in self._receipts.values():
            sums += Counter(
                done=receipt.blocks["total"], **{k: receipt.blocks[k] for k in ("empty", "failed")}
            )
        for shard, blocks in self._states.items():
            if shard not in self._receipts:
                states = Counter(blocks.values())
                sums += Counter(done=len(blocks), empty=states["empty"], failed=states["failed"])
        return {f"blocks_{name}": sums[name] for name in ("done", "empty", "failed")}

    @property
    def pixels(self) -> dict[str, int]:
        """Sums over the finished shards: `requested`, `solved`, `no_data`, `failed`."""
        names = ("requested", "solved", "no_data", "failed")
        return {name: sum(r.pixels.get(name, 0) for r in self._receipts.values()) for name in names}

    @property
    def cpu_seconds(self) -> float:
        """What the finished shards cost, and the others so far."""
        under_way = (spent for shard, spent in self._spent.items() if shard not in self._receipts)
        return round(sum(receipt.cpu_seconds for receipt in self._receipts.values()) + sum(under_way), 3)

    @property
    def problems(self) -> list[str]:
        """One sentence for each block that failed, in the order of the shards."""
        return [text for shard in sorted(self._receipts) for text in self._receipts[shard].problems]

    @property
    def too_many_failed(self) -> bool:
        """Whether more blocks failed, by the receipts, than a successful job may lose."""
        failed = sum(receipt.blocks["failed"] for receipt in self._receipts.values())
        return failed > FAILED_SHARE * self.total

    @property
    def outcome(self) -> str:
        """How the job went, in a sentence."""
        failed = self.counts["blocks_failed"]
        if not failed:
            return f"All {self.total} blocks are done."
        done = f"{self.total} blocks are done, {failed} of them failed and their pixels are masked."
        return f"{done}{self._first}"

    @property
    def why_failed(self) -> str:
        """Why the job is given up, in a sentence."""
        failed = self.counts["blocks_failed"]
        return f"{failed} of {self.total} blocks failed, more than {FAILED_SHARE:.0%}.{self._first}"

    @property
    def _first(self) -> str:
        return f" The first: {self.problems[0]}" if self.problems else ""

    def estimated_finish(self, now: dt.datetime) -> dt.datetime | None:
        """When the last block will be done if the rest goes as fast as this run so far."""
        done = self.counts["blocks_done"]
        if done <= self._resumed:
            return None
        seconds = (time.monotonic() - self._began) / (done - self._resumed) * (self.total - done)
        return now + dt.timedelta(seconds=round(seconds))
