"""The command line `ogive`: the same words as the HTTP interface, with or without a server.

Whatever goes wrong is told in one line on stderr, `ogive: ...`. Exit codes: 0 done, 1 failed, 2 the request
is wrong, 130 stopped by Ctrl-C. Commands import what they need when they run, so that `--help` stays quick.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from service.cli import demo, flowline, keys, run, score, series, serve, synth
from service.cli.inversion import inversion
from workers.errors import InvalidRequest, NoCube, OgiveError, TooLarge

FAILED, WRONG_REQUEST, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    help="""Glacier-velocity time series from ITS_LIVE image pairs.

    Velocities are m/yr of 365 days, errors 1-sigma, times UTC, places in degrees.

    Examples:
      ogive demo
      ogive series --cube CUBE.zarr --lon -49.46 --lat 69.11 -f plot
      ogive serve --port 8000
      ogive run velocity-cube --bbox=-139.1,60.6,-138.8,60.8 --wait

    OGIVE_* environment variables hold the settings of the service; the README lists them.
    """,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("series", cls=inversion())(series.series)
app.command("flowline", cls=inversion())(flowline.flowline)
app.add_typer(run.app, name="run")
app.add_typer(keys.app, name="keys")
app.command("synth")(synth.synth)
app.add_typer(score.app, name="score")


@app.callback(invoke_without_command=True)
def ogive(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from workers.version import VERSION

        typer.echo(f"ogive {VERSION}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(exit_code(arguments))


def exit_code(arguments: Sequence[str] | None = None) -> int:
    """Run one command and tell any error in one line.

    Args:
        arguments: the words after `ogive`; those of the process by default.
    """
    try:
        return app(arguments, prog_name="ogive", standalone_mode=False) or 0
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        help_hint = f" See: {context.command_path} --help" if context else ""
        return _tell(error.format_message().rstrip(".") + f".{help_hint}", WRONG_REQUEST)
    except (InvalidRequest, NoCube, TooLarge) as error:
        return _tell(error.message, WRONG_REQUEST)
    except OgiveError as error:
        return _tell(error.message, FAILED)
    except BrokenPipeError:
        # The reader of our output has gone (`ogive series ... | head`); Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it is told and kept
        summary = traceback.format_exception_only(error)[-1].strip()
        return _tell(f"an error of Ogive's own, {summary}; {_keep(error)} holds its traceback.", FAILED)


def _tell(message: str, code: int) -> int:
    typer.echo(f"ogive: {' '.join(message.split())}", err=True)
    return code


def _keep(error: Exception) -> str:
    """Write the traceback of an error where it can be read later; returns the file."""
    with tempfile.NamedTemporaryFile("w", prefix="ogive-", suffix=".traceback", delete=False) as file:
        traceback.print_exception(error, file=file)
    return file.name
