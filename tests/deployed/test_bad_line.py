"""An S3 server that refuses, breaks off and takes its time: the same bytes, only later."""

from __future__ import annotations

import pytest

from tests.deployed.conftest import BOX
from tests.deployed.line import Faults


@pytest.mark.parametrize(
    ("coefficient", "faults"),
    [
        (111.0, Faults(refused=0.05, broken=0.05)),
        (112.0, Faults(delay=0.08)),
        (113.0, Faults(delay=0.5)),
    ],
    ids=["refuses-and-breaks", "80-ms", "500-ms"],
)
def test_a_bad_line_to_the_store_leaves_no_trace(ogive, undisturbed, line, coefficient, faults):
    line.requests.clear()
    line.faults = faults
    job = ogive.start(bbox=BOX, coefficient=coefficient)
    ended = ogive.ends(job)
    assert ended["status"] == "successful", ended
    line.faults = Faults()
    assert ogive.objects(ogive.item(job)["id"]) == undisturbed(coefficient=coefficient)
    if faults.refused:
        assert line.requests["refused"]
        assert line.requests["broken"]
