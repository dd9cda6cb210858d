"""OGC API EDR 1.1 on finished products: positions, areas, boxes and lines. Nothing is ever computed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Literal

import shapely
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from service.catalog.conditional import etag, named_in
from service.catalog.moments import Span
from service.edr.coverage import names_of, read, size
from service.edr.cuts import Cells, Rectangle, cells_along, cells_at, cells_inside, rectangle_around
from service.edr.formats import FORMATS
from service.edr.places import Place, box_of, crs_of, place_of
from service.errors import NotFound
from service.routes.shelf import Shelf, ShelfDep, too_much, whole
from workers.calendar import Interval
from workers.cubes.grid import Grid
from workers.regions import CRS84
from workers.version import VERSION

router = APIRouter(tags=["edr"])
_CACHE = "public, max-age=300"
_EPOCH = dt.datetime(1970, 1, 1)


class EdrQuery(BaseModel):
    """What every query on the products of a collection may say."""

    model_config = ConfigDict(frozen=True)

    datetime: str | None = Field(
        None,
        description="RFC 3339 date, date-time or interval with .. for an open side: selects the windows that "
        "lie wholly inside, or the one that holds an instant.",
        examples=["2016-01-01/2018-12-31"],
    )
    parameter_name: str | None = Field(
        None,
        alias="parameter-name",
        description="Variables by comma; all that have a value for each window where it is left out.",
        examples=["v,v_error"],
    )
    crs: str = Field(
        CRS84,
        description="CRS of the coordinates: longitude and latitude, or the EPSG code of a projected CRS. "
        "Single cells are placed in it, a grid always stays on its own.",
        examples=["EPSG:32607"],
    )
    f: Literal["covjson", "csv", "netcdf", "json"] = Field(
        "covjson", description="The format.", examples=["csv"]
    )
    product: str | None = Field(
        None,
        description="Id of the product to read; the newest that covers the place where it is left out.",
        examples=["ogive_EPSG32607_X609000_Y6736080_20150101_20241231_P30D_v1_1f0c6e7d"],
    )


class PositionQuery(EdrQuery):
    """A query at points."""

    coords: str = Field(description="WKT POINT or MULTIPOINT.", examples=["POINT(-139.02 60.745)"])


class AreaQuery(EdrQuery):
    """A query inside a polygon."""

    coords: str = Field(
        description="WKT POLYGON or MULTIPOLYGON.",
        examples=["POLYGON((-139.03 60.74,-139.01 60.74,-139.02 60.75,-139.03 60.74))"],
    )


class TrajectoryQuery(EdrQuery):
    """A query along a line."""

    coords: str = Field(
        description="WKT LINESTRING or MULTILINESTRING.", examples=["LINESTRING(-139.03 60.74,-139.01 60.75)"]
    )


class CubeQuery(EdrQuery):
    """A query on a box."""

    bbox: str = Field(
        description="West, south, east, north; west > east crosses the antimeridian.",
        examples=["-139.03,60.74,-139.01,60.75"],
    )


@router.get("/collections/{collection}/position", operation_id="get_position", summary="The series at points")
async def get_position(
    request: Request, query: Annotated[PositionQuery, Query()], shelf: ShelfDep
) -> Response:
    """The cells that hold the points, of a finished product."""
    place = place_of(query.coords, crs_of(query.crs), ("POINT", "MULTIPOINT"))
    return await _answer(request, query, shelf, [place], lambda grid: cells_at(grid, place))


@router.get("/collections/{collection}/area", operation_id="get_area", summary="The cells of a polygon")
async def get_area(request: Request, query: Annotated[AreaQuery, Query()], shelf: ShelfDep) -> Response:
    """The cells with their centre inside a polygon, of a finished product, on its own grid."""
    place = place_of(query.coords, crs_of(query.crs), ("POLYGON", "MULTIPOLYGON"))
    return await _answer(request, query, shelf, [place], lambda grid: cells_inside(grid, place))


@router.get("/collections/{collection}/cube", operation_id="get_cube", summary="The cells of a box")
async def get_cube(request: Request, query: Annotated[CubeQuery, Query()], shelf: ShelfDep) -> Response:
    """The rectangle of cells around a box, of a finished product, on its own grid."""
    places = box_of(query.bbox, crs_of(query.crs))
    return await _answer(request, query, shelf, places, lambda grid: rectangle_around(grid, places))


@router.get(
    "/collections/{collection}/trajectory", operation_id="get_trajectory", summary="The cells along a line"
)
async def get_trajectory(
    request: Request, query: Annotated[TrajectoryQuery, Query()], shelf: ShelfDep
) -> Response:
    """The cells that a line crosses, in its order, of a finished product."""
    place = place_of(query.coords, crs_of(query.crs), ("LINESTRING", "MULTILINESTRING"))
    return await _answer(request, query, shelf, [place], lambda grid: cells_along(grid, place))


async def _answer(
    request: Request,
    query: EdrQuery,
    shelf: Shelf,
    places: list[Place],
    cut_of: Callable[[Grid], Cells | Rectangle | None],
) -> Response:
    """Find the product, cut it, and write the part; 304 before anything is read, 308 where it is too much."""
    interval = None if query.datetime is None else Interval.parse(query.datetime)
    name = await _product_of(query, shelf, places, interval)
    made = FORMATS[query.f]
    asked = query.model_dump_json(by_alias=True, exclude={"product"}) + repr(places)
    headers = {
        "ETag": etag(f"{VERSION} {name} {type(query).__name__} {asked} {shelf.base}".encode()),
        "Cache-Control": _CACHE,
        "Link": f'<{shelf.address(name)}>; rel="describedby"; type="application/geo+json"',
    }
    if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    product = await run_in_threadpool(whole, shelf.store, name)
    names, time = names_of(product, query.parameter_name), product.within(interval)
    cut = await run_in_threadpool(cut_of, product.grid)
    if cut is None:
        raise NotFound(f"Product {name} has no cell there, though its outline touches the place.")
    if (held := size(product, names, time, cut.size)) > shelf.settings.limit_inline:
        return too_much(shelf, name, held, "inline")
    coverage = await run_in_threadpool(read, product, names, time, cut, places[0])
    content = await run_in_threadpool(made.write, coverage, shelf.address(name))
    if made.suffix is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}{made.suffix}"'
    return Response(content, media_type=made.media_type, headers=headers)


async def _product_of(query: EdrQuery, shelf: Shelf, places: list[Place], interval: Interval | None) -> str:
    """The id of the product that answers."""
    if query.product is not None:
        return (await shelf.catalog.get(shelf.collection, query.product))["id"]
    place = shapely.union_all([place.globe for place in places])
    name = await shelf.catalog.newest(shelf.collection, place, _period(interval))
    if name is None:
        raise NotFound(
            f"No finished product of {shelf.collection} holds the place"
            f"{' in that time' if interval else ''}; /search lists what there is, "
            "POST /processes/velocity-cube/execution makes one, and /timeseries computes a series at once."
        )
    return name


def _period(interval: Interval | None) -> Span:
    if interval is None:
        return None, None
    first, last = (
        None if day is None else _EPOCH + dt.timedelta(days=day) for day in (interval.start, interval.end)
    )
    return first, last
