"""One trace from the request to what its tasks read, solve and write."""

import time

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from workers.telemetry import spans

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def ended_spans():
    """Spans of the trace that have ended, by name, once the named ones have."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans.trace_with(provider)

    def wait(*names):
        until = time.monotonic() + 30
        while True:
            found = [s for s in exporter.get_finished_spans() if f"{s.context.trace_id:032x}" == TRACE]
            if {span.name for span in found} >= set(names):
                return {span.name: span for span in found}
            assert time.monotonic() < until, sorted(span.name for span in found)
            time.sleep(0.02)

    yield wait
    spans.trace_with(None)


def test_a_job_is_one_trace_from_the_request_to_the_store(api, spot, ended, ended_spans):
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    body = {"inputs": {"bbox": spot, "coefficient": 78}}
    answer = api.post("/processes/velocity-cube/execution", json=body, headers=headers)
    ended(api, answer.headers["Location"])
    request = "POST /processes/{process_id}/execution"
    found = ended_spans(request, "plan", "job", "shard", "read", "solve", "write")

    def above(name):
        parent = found[name].parent.span_id
        return next((each.name for each in found.values() if each.context.span_id == parent), None)

    assert above(request) is None
    ways = {name: above(name) for name in ("plan", "job", "shard", "solve", "read", "write")}
    assert ways == {
        "plan": request,
        "job": request,
        "shard": "job",
        "solve": "shard",
        "read": "solve",
        "write": "shard",
    }
    assert found["shard"].attributes["ogive.job"] == answer.headers["Location"].rpartition("/")[2]
    assert found[request].attributes["http.response.status_code"] == 201
