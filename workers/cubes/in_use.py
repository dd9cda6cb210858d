"""The cubes that one request reads, and whether they stayed the same until all was read."""

from __future__ import annotations

from concurrent.futures import Executor, Future

from workers.cubes.cube import Cube
from workers.cubes.opened import opened
from workers.cubes.reference import Access
from workers.errors import OgiveError
from workers.plan import PlannedCube


class CubesInUse:
    """Opens cubes for a request. Their metadata may be minutes old, so the stores are asked again in the end:
    chunks of a cube that was replaced meanwhile do not belong to its old table of pairs."""

    def __init__(self, access: Access, readers: Executor) -> None:
        """Reach stores by `access`; `readers` runs the questions."""
        self._access, self._readers = access, readers
        self._cubes: dict[str, Cube] = {}
        self._checks: dict[str, Future[None]] = {}

    def open(self, planned: PlannedCube) -> Cube:
        """A cube, with the fingerprint that it was planned with.

        Raises:
            SourceUnavailable, CubeInvalid, CubeChanged: as `opened` does.
        """
        cube = opened(planned.reference, self._access, planned.fingerprint)
        return self._cubes.setdefault(planned.label, cube)

    def check(self) -> None:
        """Begin to ask whether the cubes are still the same, once nothing more is read; does not wait."""
        for label, cube in self._cubes.items():
            if label not in self._checks:
                self._checks[label] = self._readers.submit(cube.check_unchanged)

    def faults(self) -> dict[str, OgiveError]:
        """By label the cubes that are no longer the same (`CubeChanged`), or cannot be asked."""
        self.check()
        found = {}
        for label, check in self._checks.items():
            try:
                check.result()
            except OgiveError as error:
                found[label] = error
        return found
