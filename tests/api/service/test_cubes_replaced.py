"""A cube that is replaced while the service runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from service.settings import Settings


def test_a_place_is_refused_once_and_then_answered_from_the_new_cube(serve, cube, place, tmp_path):
    own = Path(shutil.copytree(cube, tmp_path / Path(cube).name))
    settings = Settings(data=tmp_path / "data", cubes=(str(own),), wait=60)
    with serve(settings=settings) as client:
        ask = {**place, "coefficient": 100}
        before = client.get("/timeseries", params=ask).raise_for_status()
        metadata = own / ".zmetadata"
        metadata.write_text(metadata.read_text().replace("meter/year", "metre/year"))
        refused = client.get("/timeseries", params=place | {"coefficient": 200})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "cube-changed")
        assert "again" in refused.json()["detail"]
        assert client.get("/timeseries", params=place | {"coefficient": 200}).status_code == 200
        after = client.get("/timeseries", params=ask).raise_for_status()
    assert after.headers["etag"] != before.headers["etag"]
    fingerprints = [answer.json()["source"]["fingerprint"] for answer in (before, after)]
    assert fingerprints[0] != fingerprints[1]
