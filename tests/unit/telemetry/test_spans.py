"""Spans, by OpenTelemetry's own exporters: in memory, and over HTTP to a collector of this test."""

import gzip
import subprocess
import sys
import threading
from contextvars import copy_context
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from workers.telemetry import spans
from workers.telemetry.occasion import carried, current, on_behalf
from workers.telemetry.spans import span

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def finished():
    """The spans of this process while the test lasts."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans.trace_with(provider)
    yield exporter.get_finished_spans
    spans.trace_with(None)


def test_without_a_collector_nothing_is_made():
    with span("read") as known:
        known["rows"] = 3
        assert current().traceparent is None


def test_a_span_is_below_the_one_that_caused_it_also_in_another_thread(finished):
    with on_behalf(traceparent=TRACE), span("GET", "SERVER", url__path="/jobs") as known:
        known |= {"name": "GET /jobs", "http.response.status_code": 200}
        sent, here = current(), copy_context()

        def read():
            with span("read", rows=3):
                pass

        thread = threading.Thread(target=here.run, args=(carried, sent, read))
        thread.start()
        thread.join()
    inner, outer = finished()
    assert (inner.name, outer.name) == ("read", "GET /jobs")
    assert f"{outer.context.trace_id:032x}" == TRACE.split("-")[1]
    assert f"{outer.parent.span_id:016x}" == TRACE.split("-")[2]
    assert inner.parent.span_id == outer.context.span_id
    assert dict(outer.attributes) == {"url.path": "/jobs", "http.response.status_code": 200}
    assert dict(inner.attributes) == {"rows": 3}


def test_an_error_is_told_in_its_span_and_goes_on(finished):
    with pytest.raises(ValueError, match="ill"), span("solve"):
        raise ValueError("ill")
    (failed,) = finished()
    assert not failed.status.is_ok
    assert [event.name for event in failed.events] == ["exception"]


def test_spans_reach_a_collector_over_http(monkeypatch):
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        program = (
            "from workers.telemetry import spans\n"
            "from workers.telemetry.start import dask_setup\n"
            "dask_setup(None)\n"
            "with spans.span('shard', ogive__shard=3): pass\n"
        )
        endpoint = f"http://127.0.0.1:{server.server_port}"
        environment = {"PATH": "", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    ((path, request),) = received
    assert path == "/v1/traces"
    (resource,) = request.resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "ogive-worker"
    (sent,) = resource.scope_spans[0].spans
    assert sent.name == "shard"
    assert {each.key: each.value.int_value for each in sent.attributes} == {"ogive.shard": 3}


def test_a_missing_package_is_told_and_stops_nothing(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    spans.install("ogive")
    assert "install ogive[otel]" in caplog.text
    with span("read"):
        assert current().traceparent is None
