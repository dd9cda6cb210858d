"""The schema: what the first release made becomes what this one needs, whoever starts first."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service import database, migrations
from service.catalog.store import Catalog
from service.catalog.table import ITEMS, row
from service.database import METADATA
from service.jobs.job import Status
from service.jobs.store import JobStore
from service.jobs.table import JOBS
from service.security.keyring import API_KEYS
from service.subscriptions.table import SUBSCRIPTIONS
from workers.errors import StoreNotWritable

pytestmark = pytest.mark.anyio
FIRST = Path(__file__).parent / "first_release"
"""What databases of the first release were dumped as: one job, its log, callback and key, one item"""
UNCOUNTED = "DROP TABLE alembic_version"


async def first_release(url: str, *more: str) -> None:
    """Fill an empty database as the first release left it."""
    kind = sa.make_url(url).get_backend_name()
    script = (FIRST / f"{kind}.sql").read_text() + ";\n".join(["", *more])
    if kind == "sqlite":
        await database.connect(url).dispose()  # makes the folder
        sqlite3.connect(sa.make_url(url).database).executescript(script)
        return
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(script)
    await connection.close()


def differences(connection: sa.Connection) -> list:
    return compare_metadata(MigrationContext.configure(connection), METADATA)


async def tables_are_as_needed(url: str) -> None:
    assert all(table.metadata is METADATA for table in (JOBS, ITEMS, API_KEYS, SUBSCRIPTIONS))
    engine = database.connect(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_an_empty_database_gets_the_tables_that_the_code_names(database_url):
    engine = database.connect(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences)
    await migrations.upgrade(engine)
    await migrations.upgrade(engine)
    await engine.dispose()
    await tables_are_as_needed(database_url)


@pytest.mark.parametrize("more", [(), (UNCOUNTED,)], ids=["counted", "before-revisions-were-counted"])
async def test_what_the_first_release_kept_is_kept(database_url, more):
    await first_release(database_url, *more)
    engine = database.connect(database_url)
    await migrations.upgrade(engine)
    jobs, catalog = JobStore(engine), Catalog(engine, [{"id": "ogive-velocity"}])
    [(job,), _] = await jobs.page(10)
    assert (job.status, job.item, job.cpu_seconds) == (Status.successful, "ogive_first", 3.5)
    assert (await catalog.get("ogive-velocity", job.item))["properties"]["title"] == "The first product"
    async with engine.connect() as connection:
        [kept] = (await connection.execute(sa.select(ITEMS))).mappings().all()
    assert kept == {"number": 1, **row(kept["document"])}
    assert '"title":"The first product"' in kept["facts"]
    assert await jobs.change(job.id, after=[Status.successful], message="Done again.")
    await engine.dispose()
    await tables_are_as_needed(database_url)


async def test_services_that_start_at_once_make_the_tables_once(database_url):
    program = (
        "import asyncio, sys; from service import database, migrations\n"
        "asyncio.run(migrations.upgrade(database.connect(sys.argv[1])))"
    )
    starting = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, database_url), stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in starting:
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
    await tables_are_as_needed(database_url)


async def test_a_database_of_a_newer_ogive_is_refused_and_left_as_it_is(database_url):
    await first_release(database_url, "UPDATE alembic_version SET version_num = '9999'")
    engine = database.connect(database_url)
    for _ in range(2):
        with pytest.raises(
            StoreNotWritable, match=r"at revision 9999.* after \d{4}: a newer Ogive"
        ) as refused:
            await migrations.upgrade(engine)
    await engine.dispose()
    assert (engine.url.password or "no password") not in str(refused.value)


async def test_a_revision_that_fails_leaves_nothing_half_done(database_url):
    # A view stands where a table should be made.
    await first_release(
        database_url,
        UNCOUNTED,
        "DROP TABLE job_logs",
        "CREATE VIEW job_logs AS SELECT id AS job FROM jobs",
        "DROP TABLE catalog_items",
    )
    engine = database.connect(database_url)
    with pytest.raises(sa.exc.DBAPIError):
        await migrations.upgrade(engine)
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda it: sa.inspect(it).get_table_names())
    await engine.dispose()
    assert not {"catalog_items", "alembic_version"} & set(left)


def test_revisions_are_numbered_in_one_line():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [revision.revision for revision in reversed(found)] == [
        f"{n:04}" for n in range(1, len(found) + 1)
    ]
    assert [Path(revision.path).name[:4] for revision in found] == [revision.revision for revision in found]
    assert found[0].revision == migrations.HEAD


def test_a_database_at_the_last_revision_costs_no_import_of_alembic(tmp_path):
    program = (
        "import asyncio, sys; from service import database, migrations\n"
        f"url = 'sqlite+aiosqlite:///{tmp_path}/ogive.sqlite'\n"
        "asyncio.run(migrations.upgrade(database.connect(url))); print('alembic' in sys.modules)"
    )
    said = [subprocess.check_output([sys.executable, "-c", program], text=True).strip() for _ in range(2)]
    assert said == ["True", "False"]
