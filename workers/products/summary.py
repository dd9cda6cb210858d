"""What a finished product says of its values in its STAC item, from the receipts of its shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from workers.plan import Plan, ShardReceipt


def summary_properties(plan: Plan, receipts: Iterable[ShardReceipt]) -> dict[str, Any]:
    """The `ogive:` properties: identity of the request and its input, pixels by outcome, pairs used and
    rejected, and quality.

    Quality measures are told by their 10th, 50th and 90th percentile over the pixels solved.
    """
    pixels: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    quality: dict[str, list[float]] = {}
    for receipt in sorted(receipts, key=lambda receipt: receipt.shard):
        pixels.update(receipt.pixels)
        pairs.update(receipt.pairs)
        for name, values in receipt.quality.items():
            quality.setdefault(name, []).extend(values)
    layers = [cube.layers for cube in plan.cubes]
    properties: dict[str, Any] = {
        "ogive:request_sha256": plan.request_sha256,
        "ogive:input_fingerprint": {cube.label: cube.fingerprint for cube in plan.cubes},
        "ogive:inputs": plan.inputs,
        "ogive:pixels": dict(pixels),
        "ogive:pairs": dict(pairs),
        "ogive:layers": {"min": min(layers), "max": max(layers)},
    }
    for name, values in quality.items():
        if values:
            p10, median, p90 = (round(float(p), 4) for p in np.percentile(values, [10, 50, 90]))
            properties[f"ogive:{name}"] = {"p10": p10, "median": median, "p90": p90}
    return properties
