from workers.cubes.grid import Grid
from workers.cubes.reference import Access, CubeReference
from workers.plan import Plan, PlannedCube, ShardReceipt
from workers.products.summary import summary_properties


def planned(name, layers):
    reference = CubeReference(name, f"/{name}.zarr", 32607, (0.0, 0.0, 1.0, 1.0))
    return PlannedCube(
        reference=reference,
        fingerprint=f"sha256:{name}",
        last_modified=None,
        layers=layers,
        media_type="application/vnd.zarr; version=2",
    )


PLAN = Plan(
    process="snow",
    inputs={"step": "P30D"},
    access=Access(),
    cubes=(planned("a", 400), planned("b", 90)),
    grid=Grid(32607, 0.0, 0.0, 120.0, 1, 1),
    first_day=0,
    last_day=90,
    request_sha256="77" * 32,
    shards=(),
)


def receipt(shard, solved, depth=()):
    pixels = {"requested": 10, "solved": solved}
    return ShardReceipt(
        shard=shard,
        objects={},
        pixels=pixels,
        blocks={},
        pairs={"used": 7, "rejected_snow": shard},
        quality={"depth": depth},
    )


def test_pixels_are_counted_and_quality_is_told_by_percentiles_in_any_order():
    made = [receipt(0, 5, (0.1, 0.2, 0.3, 0.4, 0.5)), receipt(1, 6, (0.6, 0.7, 0.8, 0.9, 1.0, 0.0))]
    properties = summary_properties(PLAN, made)
    assert properties["ogive:pixels"] == {"requested": 20, "solved": 11}
    assert properties["ogive:pairs"] == {"used": 14, "rejected_snow": 1}
    assert properties["ogive:layers"] == {"min": 90, "max": 400}
    assert properties["ogive:input_fingerprint"] == {"a": "sha256:a", "b": "sha256:b"}
    assert properties["ogive:depth"] == {"p10": 0.1, "median": 0.5, "p90": 0.9}
    assert summary_properties(PLAN, reversed(made)) == properties


def test_no_quality_where_no_pixel_is_solved():
    properties = summary_properties(PLAN, [receipt(0, 0)])
    assert properties["ogive:pixels"] == {"requested": 10, "solved": 0}
    assert "ogive:depth" not in properties
