"""What accepting a request does within one transaction: find its equal or its place, and write it down."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import statistics
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import IdempotencyConflict
from service.jobs.controls import Order
from service.jobs.job import LIVE, Job, Status, now
from service.jobs.rows import COLUMNS, job, select
from service.jobs.table import JOBS, KEYS
from workers.plan import Plan

KEY_LIFETIME = dt.timedelta(hours=24)


def _body_sha256(order: Order) -> str:
    text = json.dumps({"process": order.process, "body": order.document}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(order: Order) -> str:
    """What a client's key is kept as: callers do not meet in the words that they choose."""
    return order.key if order.owner is None else f"{order.owner} {order.key}"


async def replayed(connection: AsyncConnection, order: Order) -> Job | None:
    """The job that an earlier request of the same idempotency key led to.

    Raises:
        IdempotencyConflict: the key came with another body.
    """
    if order.key is None:
        return None
    known = sa.select(KEYS).where(KEYS.c.key == _name(order), KEYS.c.created > now() - KEY_LIFETIME)
    found = (await connection.execute(known)).first()
    if found is None:
        return None
    if found.body_sha256 != _body_sha256(order):
        raise IdempotencyConflict(
            f"Idempotency-Key {order.key!r} came with another request; take a new key for a new request."
        )
    row = (await connection.execute(select(JOBS.c.id == found.job))).first()
    return None if row is None else job(row)


async def remember(connection: AsyncConnection, order: Order, job_id: str) -> None:
    """Keep the key of a request with its job; old keys go."""
    if order.key is None:
        return
    old = sa.or_(KEYS.c.created <= now() - KEY_LIFETIME, KEYS.c.key == _name(order))
    await connection.execute(KEYS.delete().where(old))
    row = {"key": _name(order), "body_sha256": _body_sha256(order), "job": job_id, "created": now()}
    await connection.execute(KEYS.insert().values(row))


async def placed(connection: AsyncConnection, order: Order, plan: Plan) -> tuple[Job | None, dict[str, Any]]:
    """The equal job that stands for a request, or else the version, attempt and predecessor of a new one."""
    # One query tells of equal jobs and of places taken: between two another request could slip in.
    query = sa.select(*COLUMNS, JOBS.c.dropped).where(JOBS.c.request_sha256 == plan.request_sha256)
    rows = (await connection.execute(query.order_by(JOBS.c.version.desc(), JOBS.c.attempt.desc()))).all()
    made = [row for row in rows if row.status == Status.successful]
    if not order.controls.force:
        for row in rows:
            whole = row.status == Status.successful and (row.expires is None or row.expires > now())
            if not row.dropped and (row.status in LIVE or whole):
                return job(row), {}
    version, attempt = 1, 1
    if rows:
        newest = rows[0]
        over = order.controls.force or newest.status in (*LIVE, Status.successful)
        version, attempt = (newest.version + 1, 1) if over else (newest.version, newest.attempt + 1)
    predecessor = next((row.item for row in made if row.version < version and row.item), None)
    return None, {"version": version, "attempt": attempt, "predecessor": predecessor}


async def insert(
    connection: AsyncConnection, order: Order, plan: Plan, place: dict[str, Any], estimate: float | None
) -> str:
    """Write a new job down; its id."""
    job_id, moment = str(uuid.uuid4()), now()
    same = sa.and_(JOBS.c.request_sha256 == plan.request_sha256, JOBS.c.version == plan.version)
    # What the earlier attempts left is this job's now, and must not expire under it.
    await connection.execute(JOBS.update().where(same).values(expires=None))
    await connection.execute(
        JOBS.insert().values(
            id=job_id,
            process=plan.process,
            status=Status.accepted,
            message="Waiting for its turn.",
            created=moment,
            updated=moment,
            request=order.document,
            request_sha256=plan.request_sha256,
            version=plan.version,
            attempt=place["attempt"],
            owner=order.owner,
            base=order.base,
            deadline=order.controls.ends(moment),
            max_cpu_seconds=order.controls.max_cpu_seconds,
            pixels=plan.pixels,
            layers=round(statistics.median([cube.layers for cube in plan.cubes] or [0])),
            estimated_cpu_seconds=estimate,
            plan=plan.model_dump_json(),
            blocks_total=plan.blocks,
        )
    )
    return job_id
