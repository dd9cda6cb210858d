"""`ogive score`: how well an inversion does on real pairs."""

from __future__ import annotations

import typer

app = typer.Typer(help="Score an inversion on the pairs of a cube.")
