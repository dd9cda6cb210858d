"""What the soak tells is what it saw."""

import http.server
import threading

from tests.soak import probe
from tests.soak.clients import Seen
from tests.soak.load import growth


class Moody(http.server.BaseHTTPRequestHandler):
    """Answers 200 and 503 by turns."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self):
        Moody.asked += 1
        self.send_response(200 if Moody.asked % 2 else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_an_answer_that_does_not_say_that_it_lives_is_none(monkeypatch):
    monkeypatch.setattr(probe, "PAUSE", 0.0)
    with http.server.HTTPServer(("127.0.0.1", 0), Moody) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = probe.answer_times(f"http://127.0.0.1:{server.server_port}", 0.3)
        server.shutdown()
    assert [took is None for took in found[:4]] == [False, True, False, True]
    nobody = probe.answer_times(f"http://127.0.0.1:{server.server_port}", 0.05)
    assert set(nobody) == {None}


def test_a_report_tells_every_kind_and_every_error():
    seen = Seen(errors=["search: 500 out of order"], jobs=2)
    seen.seconds["search"] = [0.1] * 99 + [5.0]
    seen.refused["cold point 503"] += 3
    told = seen.report()
    assert "p50    100  p95    100" in told
    assert "most   5000 ms" in told
    assert "1 errors, 3 refusals" in told
    assert "3 x cold point 503" in told
    assert "search: 500 out of order" in told


def test_growth_is_from_a_fifth_of_the_time_to_the_end():
    weights = [(float(at), 100.0 + 10 * max(0, at - 2)) for at in range(13)]
    told = growth([(0.0, 500.0), *weights[1:]])
    assert [float(word) for word in told.split() if word.isdigit()] == [110, 195, 500]
