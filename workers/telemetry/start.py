"""What a process of Dask does first so that it can be observed (`--preload workers.telemetry.start`)."""

from __future__ import annotations

import os
from typing import Any

from workers.telemetry import logs, spans


def dask_setup(server: Any) -> None:
    """Log and trace as the environment says; for schedulers, nannies and workers."""
    logs.install_from(os.environ)
    spans.install("ogive-worker")
