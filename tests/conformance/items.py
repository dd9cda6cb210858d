"""Items to check, without a product behind them."""

import datetime as dt

import numpy as np

from workers.calendar import day_of
from workers.cubes.grid import Grid
from workers.products.item import build_item
from workers.products.manifest import Manifest
from workers.products.provenance import Provenance, Publication, Source
from workers.products.spec import ProductSpec, Variable
from workers.windows import Step, Windows

VARIABLES = (
    Variable(
        "vx",
        ("time", "y", "x"),
        "float32",
        "data",
        "ice velocity along the grid x axis",
        "m/yr",
        "m year-1",
        "land_ice_surface_x_velocity",
    ),
    Variable("flag", ("time", "y", "x"), "uint8", "auxiliary", "bit field", "1", "1"),
    Variable("vvc", ("y", "x"), "float32", "auxiliary", "coherence", "1", "1"),
)
GRIDS = {
    "utm": Grid(32607, 602992.5, 6742027.5, 120.0, 30, 45),
    "antimeridian": Grid(32601, 330000.0, 7000000.0, 120.0, 100, 400),
    "pole": Grid(3031, -30000.0, 50000.0, 120.0, 700, 600),
}
PUBLICATIONS = (
    Publication("10.5194/tc-19-4555-2025", "Charrier et al. (2025), The Cryosphere 19, 4555-4583"),
)
REQUEST = {"process": "velocity-cube", "inputs": {"step": "P30D"}}


def make_spec(grid):
    return ProductSpec(
        id=f"ogive_EPSG{grid.epsg}_v2_1f0c",
        collection="ogive-velocity",
        title="Ice velocity",
        summary="Evenly sampled.",
        grid=grid,
        windows=Windows.select(Step.parse("P30D"), day_of(dt.date(2015, 1, 1)), day_of(dt.date(2015, 6, 1))),
        variables=VARIABLES,
        version="2",
        request_sha256="1f0c" * 16,
        attributes={},
    )


def make_item(store, spec, manifest=None, sources=None):
    cube = "https://example.org/ITS_LIVE_vel_EPSG32607_G0120_X650000_Y6750000"
    provenance = Provenance(
        created=dt.datetime(2026, 11, 20, 11, 4, 11, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        facility="localhost",
        version="0.1.0",
        software={"ogive": "0.1.0", "numpy": np.__version__},
        lineage="pairs -> filter -> inversion",
        expression={"format": "ogcapi-processes-execute", "expression": REQUEST},
        sources=(Source("ITS_LIVE", f"{cube}.zarr", "application/vnd.zarr; version=2", f"{cube}.json"),)
        if sources is None
        else sources,
        publications=PUBLICATIONS,
    )
    return build_item(
        store,
        spec,
        manifest=manifest or Manifest(spec.id, {"zarr.json": (3, "ab" * 32)}),
        request=REQUEST,
        provenance=provenance,
        properties={"ogive:pixels": {"requested": 1350}},
        links=[
            {"rel": "processing-execution", "type": "application/json", "href": "https://example.org/jobs/1"}
        ],
    )
