import pytest

from service.errors import WorkersLost
from service.jobs.portions import Portions


def test_a_job_whose_workers_die_of_it_goes_on_in_smaller_parts_and_fails_at_last():
    portions = Portions()
    assert portions.parts == 1
    assert "shard 3" in portions.died(1, 3)
    assert portions.parts == 4
    assert "16 parts" in portions.died(4, 0)
    with pytest.raises(WorkersLost, match=r"shard 7 .*memory.* 16 parts"):
        portions.died(16, 7)


def test_what_died_beside_the_guilty_one_is_blamed_for_nothing():
    portions = Portions()
    assert portions.died(1, None) is None
    assert portions.parts == 1
    assert portions.died(1, 3)
    # These were handed out before, and died with it.
    assert portions.died(1, 3) is None
    assert portions.parts == 4
