"""`ogive run`: a process as a job of a running service."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli import options
from service.cli.inversion import chosen, inversion
from service.cli.output import progress
from workers.errors import OgiveError

app = typer.Typer(help="Run a process over a region as a job of a running service.")

Url = Annotated[str, typer.Option(metavar="URL", help="Where the service answers.")]


@app.command("velocity-cube", cls=inversion())
def velocity_cube(
    context: typer.Context,
    bbox: Annotated[
        str,
        typer.Option(
            metavar="W,S,E,N",
            help="The region: west, south, east, north in degrees.",
            rich_help_panel="Place",
        ),
    ],
    url: Url = "http://127.0.0.1:8000",
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the job to its end, then tell product and item.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Tell size and cost, and start nothing.")
    ] = False,
    deadline: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="End the job then with what is done: PT2H, 2026-12-01T06:00:00Z."),
    ] = None,
    max_cpu_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", help="End the job when it has used so many processor seconds."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compute again although an equal request has its product.")
    ] = False,
) -> None:
    """A velocity cube over a region: a Zarr product and its STAC item.

    Without --wait the job's URL is printed and the command ends; with it the
    exit code is 0 only if the job was successful.

    Examples:
      ogive run velocity-cube --bbox=-139.1,60.6,-138.8,60.8 --wait
      ogive run velocity-cube --bbox -49.6,69.1,-49.4,69.2 --step P1M --estimate
    """
    from service.cli.client import Service

    choices = chosen(context).model_dump(mode="json", exclude_unset=True)
    about_job = options.given(deadline=deadline, max_cpu_seconds=max_cpu_seconds, force=force or None)
    inputs = {"bbox": list(options.bbox(bbox)), **choices, **about_job}
    with Service(url) as service:
        if estimate:
            for line in expected(service.estimate("velocity-cube", inputs)):
                typer.echo(line)
            return
        job = service.execute("velocity-cube", inputs)
        if not wait:
            typer.echo(job)
            return
        try:
            finish(service, job)
        except KeyboardInterrupt:
            typer.echo(f"ogive: no longer waiting; the job goes on at {job}", err=True)
            raise
        for line in outcome(service.get(f"{job}/results")):
            typer.echo(line)


def finish(service: Any, job: str) -> dict[str, Any]:
    """Follow a job to its end with a bar of its blocks.

    Raises:
        OgiveError: the job failed or was dismissed; carries what it said.
    """
    with progress("velocity-cube", "blocks") as report:
        for status in service.follow(job):
            blocks = status.get("blocks") or {}
            if blocks.get("total"):
                report(blocks["done"], blocks["total"])
    if status["status"] != "successful":
        raise OgiveError(
            f"The job {job} is {status['status']}: {status.get('message', 'no reason is given.')}"
        )
    return status


def expected(estimate: dict[str, Any]) -> list[str]:
    """An estimate in lines: whether the request fits, its size, and what it would cost."""
    cost, wall, layers = estimate["cpu_seconds"], estimate["wall_seconds"], estimate["layers"]
    limits = ", ".join(f"{name} {limit:g}" for name, limit in estimate["limits"].items())
    lasts = "no worker is there" if wall["expected"] is None else f"{wall['expected']:g} s"
    read, written = estimate["read_bytes"] / 1e6, estimate["write_bytes"] / 1e6
    return [
        f"fits     {'yes' if estimate['fits'] else 'no'} ({limits})",
        f"pixels   {estimate['pixels']} of {layers['median']} layers",
        f"cpu      {cost['expected']:g} s ({cost['low']:g} to {cost['high']:g})",
        f"lasts    {lasts} ({wall['workers']} workers)",
        f"bytes    {read:.3g} MB read, {written:.3g} MB written",
    ]


def outcome(results: dict[str, Any]) -> list[str]:
    """The results of a job in lines: where product and item are, and how many pixels have a series."""
    pixels = ", ".join(f"{name} {count}" for name, count in results["summary"]["value"].items())
    return [
        f"product  {results['product']['href']}",
        f"item     {results['item']['href']}",
        f"pixels   {pixels}",
    ]
