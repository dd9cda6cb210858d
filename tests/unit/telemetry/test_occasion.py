import pickle
import threading
from contextvars import copy_context

from workers.telemetry.occasion import Occasion, carried, current, on_behalf

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_more_becomes_known_on_the_way_and_is_forgotten_behind():
    assert current() == Occasion()
    with on_behalf(request_id="r"), on_behalf(job_id="j"):
        assert current() == Occasion(request_id="r", job_id="j")
    assert current() == Occasion()


def test_an_occasion_survives_the_way_to_another_process():
    sent = pickle.loads(pickle.dumps(Occasion("r", "j", 3, TRACE)))
    assert carried(sent, current) == sent
    assert sent.trace_id == TRACE.split("-")[1]
    assert current() == Occasion()


def test_a_thread_that_is_given_the_context_knows_the_occasion():
    seen = []
    with on_behalf(shard=7):
        here = copy_context()
        thread = threading.Thread(target=lambda: seen.append(here.run(current).shard))
        thread.start()
        thread.join()
    assert seen == [7]
