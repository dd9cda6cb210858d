"""How much of a shard is computed at once: all of it, and less after workers died of that."""

from __future__ import annotations

from service.errors import WorkersLost

_PARTS = (1, 4, 16)
"""Of 40 columns, as most shards have them, 10 or 3 are held at once; fewer save hardly any memory"""


class Portions:
    """In how many parts, one after the other, the shards of one job are computed."""

    def __init__(self) -> None:
        """In one."""
        self._step = 0

    @property
    def parts(self) -> int:
        """In how many parts a shard is computed that is handed out now."""
        return _PARTS[self._step]

    def died(self, parts: int, shard: int | None) -> str | None:
        """Take in that workers died while a shard waited or ran in so many parts; what is to be told of it.

        A worker takes all shards that were meant for it with it, whosever they are: guilty is who it worked
        for. Nobody may be told twice of what is one misfortune.

        Args:
            parts: those that the shard was handed out with.
            shard: which of this job the last worker computed when it died; None if it was another's.

        Raises:
            WorkersLost: it can be computed in no smaller ones.
        """
        if shard is None or parts < self.parts:
            return None
        if parts == _PARTS[-1]:
            raise WorkersLost(
                f"Every worker that took shard {shard} died of it, most likely for want of memory, at last "
                f"when it was computed in {parts} parts, one after the other; workers with more memory would "
                "help, and their logs tell the reason."
            )
        self._step += 1
        return (
            f"Workers died while they computed shard {shard}, most likely for want of memory. What is left "
            f"is computed in {self.parts} parts a shard, one after the other, which takes less of it."
        )
