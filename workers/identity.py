"""What makes two requests the same: a hash of the process, the method's version, the inputs and the data."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from workers.version import VERSION


def request_sha256(process: str, inputs: dict[str, Any], fingerprints: dict[str, str]) -> str:
    """SHA-256 (hex) of the canonical JSON of a request and of the cubes (id: fingerprint) that it reads."""
    document = {"process": process, "version": VERSION, "inputs": inputs, "cubes": fingerprints}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
