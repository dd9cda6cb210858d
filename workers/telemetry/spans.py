"""Traces, where OpenTelemetry is installed (the extra `otel`) and told where to send them; else nothing.

The variables are OpenTelemetry's own: `OTEL_EXPORTER_OTLP_ENDPOINT` turns traces on, the others hold too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from workers.telemetry.occasion import current, on_behalf
from workers.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PARENT = "traceparent"
_log = logging.getLogger(__name__)
_tracer: Tracer | None = None


def install(name: str) -> None:
    """Send the spans of this process, under the name of its service, where the environment says."""
    if not any(os.environ.get(variable) for variable in ENDPOINTS):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("No traces are sent to %s: install ogive[otel].", " or ".join(ENDPOINTS))
        return
    known = {"service.name": os.environ.get("OTEL_SERVICE_NAME", name), "service.version": VERSION}
    provider = TracerProvider(resource=Resource.create(known))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace_with(provider)


def trace_with(provider: TracerProvider | None) -> None:
    """Make the spans of this process with a provider; with none, make none."""
    global _tracer
    _tracer = None if provider is None else provider.get_tracer("ogive", VERSION)


@contextmanager
def span(
    name: str, kind: Literal["INTERNAL", "SERVER"] = "INTERNAL", **attributes: Any
) -> Iterator[dict[str, Any]]:
    """A span around a block, below the one that the occasion names.

    What is put into the yielded dictionary becomes attributes of it, and `name` its better name.
    """
    late: dict[str, Any] = {}
    if _tracer is None:
        yield late
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    known, written, propagator = current().traceparent, {}, TraceContextTextMapPropagator()
    parent = propagator.extract({PARENT: known} if known else {})
    named = {key.replace("__", "."): value for key, value in attributes.items() if value is not None}
    with _tracer.start_as_current_span(name, parent, SpanKind[kind], named) as started:
        propagator.inject(written)
        try:
            with on_behalf(traceparent=written[PARENT]):
                yield late
        finally:
            started.update_name(late.pop("name", name))
            started.set_attributes(late)
