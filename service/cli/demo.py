"""`ogive demo`: the whole way once, on a cube that it makes itself."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options
from service.cli.output import progress, show

if TYPE_CHECKING:
    from service.cli.client import Service
    from workers.synthetic import SyntheticCube

REGION_DEGREES = (0.06, 0.03)
"""Width and height of the region, around the centre of the cube"""
OPENING = """\
import pystac_client, xarray

catalog = pystac_client.Client.open("{url}")
item = next(catalog.search(ids=["{item}"]).items())
product = xarray.open_zarr(item.assets["zarr"].href)
print(product.v)"""


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End when all is shown, instead of serving on.")
    ] = False,
) -> None:
    """See it work: make a cube, start Ogive, ask for one place and one region, and open the product.

    It needs no network. All files lie in the folder OGIVE_DATA, ./ogive-data by
    default; a second run uses what the first has made.
    """
    from service.cli.client import Service
    from service.cli.subservice import serving
    from workers.synthetic import SyntheticCube
    from workers.version import VERSION

    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # A shell that starts us in the background has it ignored; asked for by name, it must end us there too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = options.settings().data / f"demo-{VERSION}"
    ice = SyntheticCube()
    cube = _cube(folder, ice)
    _compile()
    with serving(cube, folder / "serve.log") as running, Service(running.url) as service:
        typer.echo(f"Ogive answers at {running.url}")
        _place(service, ice)
        _region(service, ice)
        typer.echo(f"\nAll of it took {time.monotonic() - began:.0f} s.")
        if not once:
            typer.echo(
                f"Ogive goes on answering at {running.url}, its log is {running.log}. Ctrl-C stops it."
            )
            with suppress(KeyboardInterrupt):
                running.wait()


def _cube(folder: Path, ice: SyntheticCube) -> Path:
    """The demonstration cube; that of an earlier run is used again, a half-written one never."""
    from workers.synthetic import cube_path, truth_path, write_cube

    cube = Path(cube_path(str(folder), ice))
    if cube.exists():
        typer.echo(f"The cube is there from an earlier run: {cube}")
        return cube
    partial = folder / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    task = f"Making a cube, {ice.height} x {ice.width} pixels, {ice.pairs} image pairs"
    with progress(task, "chunks") as report:
        write_cube(str(partial), ice, report)
    made = cube_path(str(partial), ice)
    Path(truth_path(made)).replace(truth_path(str(cube)))
    Path(made).replace(cube)
    partial.rmdir()
    return cube


def _compile() -> None:
    """Compile the kernels here, so that the first answer of the service is as quick as all others."""
    from rich.console import Console

    from workers.velocity.warm import warm

    console, began = Console(stderr=True), time.monotonic()
    with console.status("Compiling kernels, once"):
        warm()
    console.print(f"Kernels are compiled, {time.monotonic() - began:.1f} s")


def _place(service: Service, ice: SyntheticCube) -> None:
    """Ask for the series at the centre of the cube and draw it."""
    from service.cli.plot import chart

    began = time.monotonic()
    document = service.get("/timeseries", lon=ice.lon, lat=ice.lat)
    typer.echo(f"\nGET /timeseries?lon={ice.lon}&lat={ice.lat} ({time.monotonic() - began:.2f} s)\n")
    show(lambda width: chart(document, width), None)


def _region(service: Service, ice: SyntheticCube) -> None:
    """Ask for a product over a region, and open it with the very lines that are printed."""
    from service.cli.run import finish, outcome

    width, height = REGION_DEGREES
    box = [ice.lon - width / 2, ice.lat - height / 2, ice.lon + width / 2, ice.lat + height / 2]
    box = [round(degrees, 4) for degrees in box]
    typer.echo(f"\nPOST /processes/velocity-cube/execution, bbox {box}\n")
    job = service.execute("velocity-cube", {"bbox": box})
    finish(service, job)
    results = service.get(f"{job}/results")
    for line in outcome(results):
        typer.echo(line)
    item = results["item"]["href"].rsplit("/", 1)[1]
    lines = OPENING.format(url=service.url, item=item)
    typer.echo(f"\nOpen it with these lines of Python:\n\n{lines}\n\nwhich print:\n")
    opened = subprocess.run([sys.executable, "-c", lines], check=False, capture_output=True, text=True)  # noqa: S603
    if opened.returncode:
        from workers.errors import OgiveError

        raise OgiveError(f"These lines fail: {opened.stderr.strip().splitlines()[-1]}")
    typer.echo(opened.stdout.rstrip())
