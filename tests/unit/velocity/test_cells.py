"""Cells of a cube: fixed pixels decide on the coefficient of all, however the cube is asked and cut."""

import numpy as np
import pytest

from workers.cubes.cube import open_cube
from workers.cubes.mosaic import Mosaic
from workers.cubes.reference import Access
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity import cells
from workers.velocity.cells import CELL, FARTHEST, FOUR, JUDGES, Cells
from workers.velocity.coefficient import RULES, UNDECIDED, Choice
from workers.velocity.guess import daily_guess, mean_guess
from workers.velocity.invert import error_factor_of, invert_pixel, scores_of
from workers.velocity.parameters import VelocityParameters
from workers.velocity.region import HALO, Reading, solve_window
from workers.velocity.selection import select_pairs

AUTO = VelocityParameters()
SPEC = SyntheticCube(pairs=260, height=41, width=22, years=2.0, seed=4, cloud=0.1)


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    return open_cube(write_cube(str(tmp_path_factory.mktemp("cells")), SPEC), Access())


@pytest.fixture(scope="module")
def mosaic(cube):
    return Mosaic([cube], cube.grid)


def solve(mosaic, window, parameters=AUTO, decided=None):
    reading = Reading()
    windows = parameters.windows(*mosaic.cubes[0].record())
    pixels = list(solve_window(mosaic, *window, windows, parameters, reading, decided=decided))
    assert not reading.failures
    return {(pixel.row, pixel.column): pixel.series for pixel in pixels}


def told(cube, row, column, parameters=AUTO):
    block, table = cube.read(row, column, 1, 1), cube.table()
    selected = select_pairs(table, block.vx[0, 0], block.vy[0, 0], parameters)
    return scores_of(selected, daily_guess(selected), parameters)


def test_a_cell_has_the_coefficient_that_its_judges_find_best_on_average(cube, mosaic):
    solved = solve(mosaic, (20, 10, 10, 10))
    mean = np.mean([told(cube, 20 + row, 10 + column) for row, column in FOUR], axis=0)
    assert np.ptp([told(cube, 20 + row, 10 + column) for row, column in FOUR], axis=0).min() > 0
    with_data = [series for series in solved.values() if series.used]
    assert len(with_data) > 50
    for series in with_data:
        assert [score for _, score in series.curve] == pytest.approx(mean)
        assert series.coefficient == RULES["auto"].best(mean)


def test_a_point_has_what_its_cell_has_decided_in_a_region_and_reads_no_more_chunks(mosaic):
    region = solve(mosaic, (10, 0, 30, 22))
    for row, column in ((10, 0), (19, 9), (20, 10), (25, 14), (39, 20)):
        (alone,) = solve(mosaic, (row, column, 1, 1)).values()
        assert alone.curve == region[row, column].curve
        assert alone.v.tobytes() == region[row, column].v.tobytes()
        around = row - HALO, column - HALO, 1 + 2 * HALO, 1 + 2 * HALO
        reach = Cells(mosaic, (row, column, 1, 1), AUTO).reach(HALO)
        assert chunks(mosaic, reach) == chunks(mosaic, around)


def chunks(mosaic, window):
    return {
        (part.row // CELL, part.column // CELL)
        for piece in mosaic.pieces(*window)
        for part in mosaic.chunk_columns(piece)
    }


def test_judges_are_asked_once_for_all_windows_that_share_what_was_decided(mosaic, monkeypatch):
    asked = []
    monkeypatch.setattr(
        cells, "scores_of", lambda *arguments: asked.append(arguments) or scores_of(*arguments)
    )
    decided = {}
    first = solve(mosaic, (21, 11, 2, 2), decided=decided)
    assert len(asked) == len(FOUR)
    second = solve(mosaic, (28, 18, 1, 1), decided=decided)
    assert len(asked) == len(FOUR)
    assert second[28, 18].curve == first[21, 11].curve


def test_cells_are_counted_from_the_corner_of_the_cube_that_owns_the_pixel(cube):
    shifted = Mosaic([cube], cube.grid.window(7, 3, 20, 15))
    of_cube, of_product = Mosaic([cube], cube.grid), solve(shifted, (10, 5, 2, 2))
    for (row, column), series in solve(of_cube, (17, 8, 2, 2)).items():
        assert series.curve == of_product[row - 7, column - 3].curve


def test_where_a_cell_has_no_judge_the_pixel_itself_decides(cube, mosaic):
    # The last cells of 22 columns are two wide, the judges' columns are the third and the eighth.
    series = solve(mosaic, (22, 21, 1, 1))[22, 21]
    selected = [
        select_pairs(cube.table(), block.vx[0, 0], block.vy[0, 0], AUTO)
        for block in (cube.read(22 + row, 21 + column, 1, 1) for row in (-1, 0, 1) for column in (-1, 0))
    ]
    guesses = [daily_guess(each) for each in selected]
    around = [*guesses[0:2], None, *guesses[2:4], None, *guesses[4:6], None]
    windows = AUTO.windows(*cube.record())
    alone = invert_pixel(selected[3], mean_guess(around), windows, AUTO)
    assert series.curve == alone.curve
    assert series.v.tobytes() == alone.v.tobytes()


def test_nothing_more_is_read_where_nothing_is_decided(mosaic):
    given = VelocityParameters(coefficient=300.0, interval="theoretical")
    assert Cells(mosaic, (25, 15, 1, 1), given).reach(HALO) == (24, 14, 3, 3)
    assert Cells(mosaic, (25, 15, 1, 1), AUTO).reach(HALO) == (22, 12, 6, 6)


def test_no_judge_is_farther_from_a_pixel_than_is_said():
    offsets = [place for places in JUDGES.values() for at in places for place in at]
    assert max(max(offsets), CELL - 1 - min(offsets)) == FARTHEST


def test_a_cell_has_the_error_factor_of_its_judges(cube, mosaic):
    given = VelocityParameters(coefficient=300.0)
    solved = solve(mosaic, (20, 10, 10, 10), given)
    factors = []
    for row, column in FOUR:
        block, table = cube.read(20 + row, 10 + column, 1, 1), cube.table()
        selected = select_pairs(table, block.vx[0, 0], block.vy[0, 0], given)
        factors.append(error_factor_of(selected, daily_guess(selected), given, Choice(300.0)))
    mean = np.sqrt(np.mean(np.square(factors)))
    assert np.ptp(factors) > 0
    for series in (series for series in solved.values() if series.used):
        assert series.error_scale == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("rule", ["vvc", "lcurve"])
def test_other_rules_ask_their_own_pixels(cube, mosaic, rule):
    parameters = VelocityParameters(coefficient=rule)
    series = solve(mosaic, (25, 15, 1, 1), parameters)[25, 15]
    scores = [told(cube, 20 + row, 10 + column, parameters) for row, column in JUDGES[rule]]
    telling = [each for each in scores if np.isfinite(each).any()]
    np.testing.assert_allclose([score for _, score in series.curve], np.mean(telling, axis=0))
    assert series.coefficient in {RULES[rule].best(np.mean(telling, axis=0)), UNDECIDED}
