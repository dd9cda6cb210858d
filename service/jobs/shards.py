"""The shards of one job on the cluster: handed out, and handed out again when their workers died."""

from __future__ import annotations

from distributed import Future

from service.cluster import SHARD, result
from service.errors import WorkersLost
from service.jobs.house import House
from service.jobs.portions import Portions
from service.jobs.progress import Progress
from workers.plan import Plan, ShardReceipt


class Shards:
    """The tasks of a job that compute its shards."""

    def __init__(self, house: House, job_id: str, plan: Plan, progress: Progress, portions: Portions) -> None:
        """Those of a plan; `progress` knows which worker took which."""
        self._house, self._job_id, self._plan = house, job_id, plan
        self._progress, self._portions = progress, portions
        self._futures: list[Future] = []

    @property
    def left(self) -> list[int]:
        """The indices of those that are not finished, the largest first: the last to end should be small."""
        shards, finished = self._plan.shards, self._progress.finished
        left = [index for index in range(len(shards)) if index not in finished]
        return sorted(left, key=lambda index: (-shards[index].blocks, index))

    async def receipt(self, index: int) -> ShardReceipt:
        """Have one shard computed, at last in smaller parts if workers die of it.

        Raises:
            WorkersLost: they died of the smallest too.
            SchedulerUnavailable: the cluster cannot be reached or lost it.
            OgiveError: whatever the task raised.
        """
        attempt = 0
        while True:
            parts = self._portions.parts
            try:
                return await result(self._hand_out(index, attempt, parts))
            except WorkersLost as error:
                told = self._portions.died(parts, self._progress.taken_by(error.worker))
                if told is not None:
                    await self._house.log.write(self._job_id, told, "warning")
            attempt += 1

    def _hand_out(self, index: int, attempt: int, parts: int) -> Future:
        house, job_id = self._house, self._job_id
        # The plan goes with each task: of what lay at one worker, Dask would have the tasks go there, too.
        future = house.cluster.submit(
            house.tasks.compute_shard,
            self._plan,
            index,
            house.settings.products,
            job_id,
            parts,
            key=f"shard-{job_id}-{index}-{attempt}",
            resources=SHARD,
        )
        self._futures.append(future)
        return future

    async def cancel(self) -> None:
        """Take back what has not ended."""
        await self._house.cluster.client.cancel([future for future in self._futures if not future.done()])
