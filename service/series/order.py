"""A request for series in the words of the process `velocity-point`."""

from __future__ import annotations

from service.jobs.controls import Controls, Order
from service.series.representation import Representation
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point_process import PROCESS_ID


def ordered_points(asked: Representation, owner: str | None) -> Order:
    """The job that makes the series of a request, whatever the form in which they are told."""
    query = asked.options
    chosen = {*VelocityParameters.model_fields, "observations", "max_distance"}
    inputs = {
        "points": [[place.lon, place.lat] for place in asked.places],
        **query.model_dump(mode="json", include=chosen, exclude_defaults=True),
    }
    return Order(PROCESS_ID, inputs, Controls(), {"inputs": inputs}, asked.base, owner=owner)
