"""Cubes with known truth, in the layout of the real ones.

SyntheticCube   what to make: size, place, scenario, noise, seed
write_cube      makes it on disk, in the exact ITS_LIVE v2 layout, with its truth beside it
Truth           what the ice really did: exact means over any windows
pixel_pairs     one pixel of it in memory, without writing anything
"""

from workers.synthetic.pixel import pixel_pairs
from workers.synthetic.spec import SCENARIOS, SyntheticCube
from workers.synthetic.truth import Truth, truth_path
from workers.synthetic.write import cube_path, write_cube

__all__ = ["SCENARIOS", "SyntheticCube", "Truth", "cube_path", "pixel_pairs", "truth_path", "write_cube"]
