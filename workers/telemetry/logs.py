"""Lines of the log: plain for people, JSON for machines, each with the occasion that it belongs to."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any, Literal, get_args

from workers.telemetry.occasion import current

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
FORM, LEVEL = "OGIVE_LOG_FORMAT", "OGIVE_LOG_LEVEL"
"""The variables that say how to log; workers know no other setting"""
QUIET = "OGIVE_LOG_QUIET_DASK"
"""Set for workers that are parts of the service itself: what Dask does there is of no interest"""
OWN = ("service", "workers", "uvicorn")
"""Loggers that tell what happens; all others only warn, and may not tell whole URLs"""
DASK = ("distributed", "dask")


def install(form: Form, level: Level, dask: bool = False) -> None:
    """Let everything that is logged in this process go to standard error, in one form.

    Args:
        form, level: what lines look like, and the least level of those that are told.
        dask: whether Dask tells more than warnings, as its own processes do.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(level.upper())
    for name in DASK:
        if (logger := logging.getLogger(name)).level in (logging.NOTSET, logging.INFO):
            logger.setLevel(level.upper() if dask else logging.WARNING)
    # Dask and uvicorn give their loggers handlers of their own: lines would come twice, or in another form.
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.partition(".")[0] in (*OWN, *DASK) and isinstance(logger, logging.Logger):
            logger.handlers[:] = [kept for kept in logger.handlers if not _writes(kept)]
            logger.propagate = True


def install_from(environment: Mapping[str, str]) -> None:
    """As the variables say, in a process of Dask; without them plain, from `info` on."""
    form, level = environment.get(FORM, "text"), environment.get(LEVEL, "info")
    install(
        "json" if form == "json" else "text",
        level if level in get_args(Level) else "info",
        dask=QUIET not in environment,
    )


def _writes(handler: logging.Handler) -> bool:
    """Whether a handler writes to a stream; Dask keeps some lines in memory, for whoever asks."""
    return isinstance(handler, logging.StreamHandler)


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, what is known of the occasion, and extras."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_known(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Plain(logging.Formatter):
    """`12:34:56 warning service.jobs.runner: message (job 3f0c...)`, then the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        names = {"request_id": "request", "job_id": "job", "shard": "shard"}
        known = ", ".join(f"{names[key]} {value}" for key, value in _occasion().items() if key in names)
        # Whatever came from outside stays on its line.
        message = record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
        line = f"{moment} {record.levelname.lower()} {record.name}: {message}"
        line += f" ({known})" if known else ""
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _occasion() -> dict[str, Any]:
    now = current()
    known = {
        "request_id": now.request_id,
        "job_id": now.job_id,
        "shard": now.shard,
        "trace_id": now.trace_id,
    }
    return {name: value for name, value in known.items() if value is not None}


def _known(record: logging.LogRecord) -> dict[str, Any]:
    return _occasion() | getattr(record, "fields", {})
