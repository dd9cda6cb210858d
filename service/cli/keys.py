"""`ogive keys`: who may use a service, written into its database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import options
from service.security.scopes import Scope
from workers.errors import InvalidRequest

if TYPE_CHECKING:
    from service.security.keyring import Keyring

app = typer.Typer(
    help="API keys of the service whose database OGIVE_DATABASE or OGIVE_DATA names; it may be running."
)
_HEADER = ("id", "name", "scope", "created", "expires", "state")


@app.command("create")
def create(
    name: Annotated[
        str, typer.Argument(help="Whose key it is; the jobs of all keys of one name are shared.")
    ],
    scope: Annotated[
        Scope,
        typer.Option(
            help="read: ask and read; run: also start jobs; admin: also see and end those of others."
        ),
    ] = Scope.run,
    days: Annotated[
        float | None, typer.Option(metavar="N", min=0, help="Days until it expires; never by default.")
    ] = None,
) -> None:
    """Make a key and print it. It is kept as a hash alone, so nobody can print it again.

    Examples:
      ogive keys create grafana --scope read
      OGIVE_DATABASE=postgresql+asyncpg://... ogive keys create ada --days 90
    """
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise InvalidRequest("NAME is empty, longer than 100 characters, or cannot be printed.", "name")
    secret, key = _with_keyring(lambda keyring: keyring.create(name.strip(), scope, days))
    typer.echo(secret)
    typer.echo(f"ogive: key {key.id} of {key.name} may {key.scope}; keep it, it is shown this once", err=True)


@app.command("list")
def list_keys() -> None:
    """Tell of every key, the oldest first; the keys themselves are not known."""
    rows = [
        (key.id, key.name, key.scope, f"{key.created:%Y-%m-%d}", _day(key.expires), key.state)
        for key in _with_keyring(lambda keyring: keyring.all())
    ]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    for row in (_HEADER, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `ogive keys list` tells it.")],
) -> None:
    """Let a key be worth nothing, five seconds from now; what runs for it goes on."""
    if not _with_keyring(lambda keyring: keyring.revoke(key_id)):
        raise InvalidRequest(f"There is no key {key_id!r}; ogive keys list tells those there are.", "id")
    typer.echo(f"revoked {key_id}")


def _with_keyring(work: Callable[[Keyring], Awaitable[Any]]) -> Any:
    """Do something with the keys in the database of the settings, whose tables are made where they miss."""
    from service import database, migrations
    from service.security.keyring import Keyring

    settings = options.settings()

    async def done() -> Any:
        engine = database.connect(settings.database)
        try:
            await migrations.upgrade(engine)
            return await work(Keyring(engine))
        finally:
            await engine.dispose()

    return asyncio.run(done())


def _day(moment: Any) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d}"
