"""Problems of the work itself: the request, the source of pairs, the store of products."""

from __future__ import annotations

from typing import Any

from service.problems.kind import Kind, refused_by, retry
from workers.errors import (
    ChunkUnreadable,
    CubeChanged,
    CubeInvalid,
    Dismissed,
    InvalidRequest,
    NoCube,
    OgiveError,
    SeveralGrids,
    SourceError,
    SourceUnavailable,
    StoreNotWritable,
    StoreUnavailable,
    TooLarge,
)

INVALID = Kind(
    "invalid-parameter",
    400,
    "Invalid parameter",
    "A parameter or a member of the body is missing, unknown, malformed, out of range or contradicts another "
    "one. `errors` names each place (`query.lat`, `body.inputs.bbox`) and what would work there.",
)
JOB_DISMISSED = Kind(
    "job-dismissed",
    410,
    "Job dismissed",
    "The job was dismissed and has no results; send the request again.",
)


def _too_large(error: TooLarge) -> dict[str, Any]:
    refused = {} if error.limit is None else refused_by(error.limit, error.limits[error.limit])
    return {"limits": error.limits, "split": error.split, **refused, **_estimated(error.estimate)}


def _estimated(estimate: dict[str, Any] | None) -> dict[str, Any]:
    return {} if estimate is None else {"estimate": estimate, "async": estimate["execution"]}


OF_WORK: dict[type[OgiveError], Kind] = {
    InvalidRequest: INVALID,
    SeveralGrids: Kind(
        "several-grids",
        400,
        "Region on several grids",
        "The region touches cubes of several coordinate reference systems and a product has one. "
        "`split` gives, for each CRS, boxes that work.",
        lambda error: {"split": error.split},
    ),
    TooLarge: Kind(
        "too-large",
        413,
        "Request too large",
        "The request is over a limit. `refused_by` says which and where it is set, `limits` those that hold, "
        "`estimate` what the request would cost, `split` gives boxes that fit.",
        _too_large,
    ),
    NoCube: Kind(
        "no-cube",
        404,
        "No cube here",
        "No cube of image pairs holds the place. `nearest_cube` and `distance_m` tell where the nearest is.",
        lambda error: {"nearest_cube": error.nearest_cube, "distance_m": error.distance_m},
        lambda error: {"Cache-Control": "public, max-age=300"},
    ),
    SourceUnavailable: Kind(
        "upstream-unavailable",
        503,
        "Source does not answer",
        "The catalog of cubes (`upstream`: stac) or the store that holds them (source-zarr) did not answer. "
        "The request itself may be right: try again later.",
        lambda error: {"upstream": error.upstream},
        retry,
    ),
    CubeInvalid: Kind(
        "cube-invalid",
        502,
        "Cube not usable",
        "The cube lacks a variable, a date or an attribute that is needed.",
    ),
    CubeChanged: Kind(
        "cube-changed",
        409,
        "Cube changed",
        "A cube is no longer the one that the work began with, so its answer would mix two. "
        "Send the request again.",
    ),
    ChunkUnreadable: Kind(
        "chunk-unreadable",
        502,
        "Chunk not readable",
        "A chunk of the cube is truncated or cannot be decoded; `chunk` is its key.",
        lambda error: {"chunk": error.chunk},
    ),
    SourceError: Kind("source-error", 502, "Source at fault", "The input is at fault, not the request."),
    StoreNotWritable: Kind(
        "store-not-writable",
        503,
        "Products cannot be written",
        "The store of products does not take writes; whoever runs the service must look at OGIVE_PRODUCTS.",
    ),
    StoreUnavailable: Kind(
        "store-unavailable",
        503,
        "Products cannot be read",
        "The store of products did not answer, or an object of a product is lost: try again later.",
        headers=retry,
    ),
    Dismissed: JOB_DISMISSED,
}
