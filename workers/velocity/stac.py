"""What STAC says of velocity products: their collection, and where each comes from."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from workers.plan import Plan
from workers.products.collection import build_collection
from workers.products.provenance import Provenance, Publication, Source
from workers.velocity.variables import VARIABLES
from workers.version import VERSION

COLLECTION_ID = "ogive-velocity"
SUMMARY = (
    "Evenly sampled ice velocity with errors, intervals, effective counts and vector coherence, "
    "inverted on request from ITS_LIVE image pairs."
)
LINEAGE = (
    "ITS_LIVE image-pair velocities -> filter on the median direction -> iteratively reweighted "
    "temporal-closure inversion in position form (TICOI) -> means over regular windows."
)
PUBLICATIONS = (
    Publication(
        "10.5194/tc-19-4555-2025",
        "Charrier et al. (2025): TICOI, velocity series by temporal closure. The Cryosphere 19, 4555-4583.",
    ),
    Publication(
        "10.5194/tc-19-3517-2025",
        "Gardner et al. (2025): ITS_LIVE global glacier velocity data. The Cryosphere 19, 3517-3533.",
    ),
)
_ITS_LIVE = "https://stac.itslive.cloud/collections/itslive-cubes"

COLLECTION = build_collection(
    COLLECTION_ID,
    title="Regularised glacier surface velocity (TICOI on ITS_LIVE)",
    description=SUMMARY,
    keywords=("ice velocity", "glacier", "TICOI", "ITS_LIVE", "time series", "Zarr"),
    providers=(
        {
            "name": "Ogive",
            "roles": ["processor", "host"],
            "processing:level": "L4",
            "processing:version": VERSION,
        },
        {"name": "NASA MEaSUREs ITS_LIVE", "roles": ["producer"], "url": "https://its-live.jpl.nasa.gov/"},
    ),
    variables=VARIABLES,
    publications=PUBLICATIONS,
    start="1982-01-01T00:00:00Z",
    summaries={"gsd": [120.0], "processing:level": ["L4"]},
    links=({"rel": "derived_from", "type": "application/json", "href": _ITS_LIVE},),
)


def provenance(plan: Plan, created: datetime) -> Provenance:
    """Where the product of a plan comes from."""
    return Provenance(
        created=created,
        facility="Ogive",
        version=VERSION,
        software={name: version(name) for name in ("ogive", "numpy", "scipy", "numba", "zarr")},
        lineage=LINEAGE,
        expression={
            "format": "ogcapi-processes-execute",
            "expression": {"process": plan.process, "inputs": plan.inputs},
        },
        sources=tuple(
            Source(
                title=cube.label,
                store_href=cube.reference.href,
                media_type=cube.media_type,
                item_href=cube.reference.item_href,
            )
            for cube in plan.cubes
        ),
        publications=PUBLICATIONS,
    )
