"""What may be searched for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from service.catalog.search import Search


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"bbox": [1, 2, 3]}, "3 numbers"),
        ({"bbox": [1, 2, 3, "x"]}, "no list of numbers"),
        ({"bbox": [1, 5, 3, 4]}, "exchange the two"),
        ({"bbox": [1, 2, 3, float("nan")]}, "not finite"),
        ({"bbox": [-181, 2, 3, 4]}, "longitudes -181 and 3"),
        ({"bbox": [1, -91, 3, 4]}, "latitudes -91 and 4"),
        ({"bbox": [1, 2, 3, 4], "intersects": {"type": "Point", "coordinates": [1, 2]}}, "one of the two"),
        ({"intersects": {"type": "Feature", "geometry": None}}, "without its feature"),
        ({"intersects": {"type": "Circle"}}, "no GeoJSON geometry"),
        ({"intersects": {"type": "Point", "coordinates": ["a", 2]}}, "no GeoJSON geometry"),
        ({"intersects": {"type": "Polygon", "coordinates": []}}, "no coordinates"),
        ({"intersects": {"type": "Point", "coordinates": [69.1, -190]}}, "longitude first"),
        (
            {"intersects": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
            "Self-intersection",
        ),
        ({"datetime": "2015"}, "2015-01-01T00:00:00Z"),
        ({"datetime": "2015-01-01"}, "not an RFC 3339"),
        ({"datetime": "2015-01-01T00:00:00"}, "not an RFC 3339"),
        ({"datetime": "2015-13-01T00:00:00Z"}, "no moment of the calendar"),
        ({"datetime": "0001-01-01T00:00:00+14:00"}, "no moment of the calendar"),
        ({"datetime": "../.."}, "open on both sides"),
        ({"datetime": "2016-01-01T00:00:00Z/2015-01-01T00:00:00Z"}, "ends before it starts"),
        ({"datetime": "../2015-01-01T00:00:00Z/.."}, "3 parts"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"limit": "ten"}, "valid integer"),
        ({"ids": [""]}, "at least 1 character"),
        ({"ids": ["a\x00b"]}, "match pattern"),
        ({"sort": "id"}, "not permitted"),
    ],
)
def test_a_malformed_search_says_what_would_work(search: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Search(**search)
