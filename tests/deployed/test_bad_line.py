"""An S3 server that refuses, breaks off and takes its time: the same bytes, only later."""

from __future__ import annotations

import pytest

from tests.deployed.line import Faults


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(refused=0.05, broken=0.05), id="refuses-and-breaks"),
        pytest.param(Faults(delay=0.08), id="80-ms"),
        pytest.param(Faults(delay=0.5), id="500-ms", marks=pytest.mark.soak),
    ],
)
def test_a_bad_line_to_the_store_leaves_no_trace(ogive, undisturbed, line, faults):
    line.requests.clear()
    line.faults = faults
    job = ogive.start(force=True)
    ended = ogive.ends(job)
    assert ended["status"] == "successful", ended
    line.faults = Faults()
    item = ogive.item(job)["id"]
    assert ogive.objects(item) == undisturbed(item)
    if faults.refused:
        assert line.requests["refused"]
        assert line.requests["broken"]
