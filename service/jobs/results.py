"""What jobs made that make no product: documents, kept beside their records."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.concurrency import run_in_threadpool

from service.jobs.table import RESULTS


@dataclass(frozen=True, slots=True)
class JobResults:
    """The documents of all such jobs."""

    engine: AsyncEngine

    async def keep(self, job_id: str, document: Any) -> None:
        """Keep the document of a job; one that is there already is replaced."""
        text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        content = await run_in_threadpool(gzip.compress, text, 5, mtime=0)
        async with self.engine.begin() as connection:
            await connection.execute(RESULTS.delete().where(RESULTS.c.job == job_id))
            await connection.execute(RESULTS.insert().values(job=job_id, content=content))

    async def document(self, job_id: str) -> Any:
        """The document of a successful job."""
        async with self.engine.connect() as connection:
            query = sa.select(RESULTS.c.content).where(RESULTS.c.job == job_id)
            content = (await connection.execute(query)).scalar_one()
        return json.loads(await run_in_threadpool(gzip.decompress, content))
