"""Read by every scheduler of Dask at its start (`infra/dask/ogive.yaml`): it keeps no spans of tasks.

Dask counts what tasks did by spans, for pages that Ogive does not serve, and forgets none of them: a
scheduler would grow with every task for as long as it runs. Ogive's own measures and traces do without.
"""

from __future__ import annotations

from distributed import Scheduler


class _NoSpans:
    """Stands where the scheduler looks for spans, and is passed over."""

    def __bool__(self) -> bool:
        return False

    def heartbeat(self, *_: object) -> None:
        """Take what workers tell of spans, and forget it."""


def dask_setup(scheduler: Scheduler) -> None:
    """Leave out the spans of a scheduler that starts."""
    scheduler.extensions["spans"] = _NoSpans()
