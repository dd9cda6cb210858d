"""What items are sorted by and filters ask about, beside their documents."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SORTED = ("created", "updated", "title")
_FACTS = (
    *("datetime", "start_datetime", "end_datetime", "created", "updated", "title", "version", "gsd"),
    *("proj:code", "processing:version", "ogive:request_sha256", "ogive:pixels", "ogive:vvc"),
)
_ITEMS = sa.table(
    "catalog_items",
    *(sa.column(name) for name in ("number", "facts", *_SORTED)),
    sa.column("document", sa.JSON),
)
_AT_ONCE = 500


def upgrade() -> None:
    """Add the columns, before the documents where a row is read from its start, and fill them from these."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    plain = sa.String() if sqlite else sa.String(collation="C")
    place = {"insert_before": "footprint"} if sqlite else {}
    with op.batch_alter_table("catalog_items", recreate="always" if sqlite else "never") as table:
        for name in _SORTED:
            table.add_column(sa.Column(name, plain, nullable=False, server_default=""), **place)
        table.add_column(sa.Column("facts", sa.Text(), nullable=False, server_default="{}"), **place)
    _fill(op.get_bind())
    for name in ("first", "last", *_SORTED):
        op.create_index(f"ix_catalog_items_{name}", "catalog_items", [name])


def _fill(connection: sa.Connection) -> None:
    number, last = _ITEMS.c.number, 0
    after = sa.select(number, _ITEMS.c.document).order_by(number).limit(_AT_ONCE)
    change = sa.update(_ITEMS).where(number == sa.bindparam("of"))
    change = change.values({name: sa.bindparam(name) for name in ("facts", *_SORTED)})
    while lines := connection.execute(after.where(number > last)).all():
        connection.execute(change, [{"of": line.number, **_columns(line.document)} for line in lines])
        last = lines[-1].number


def _columns(item: dict) -> dict[str, str]:
    properties = item["properties"]
    facts = {name: properties[name] for name in _FACTS if name in properties}
    texts = {name: properties.get(name) or "" for name in _SORTED}
    return {"facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")), **texts}
