"""The benchmark programs on tiny cases, without the peer."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks import accuracy, cases, decorrelation, ogive_pixel, shard, stated_errors
from tests.benchmarks.accuracy import METHODS, NOTHING
from tests.benchmarks.reading import reading_seconds
from tests.benchmarks.report import Table, seconds
from tests.benchmarks.sides import MeasurementFailed, Side, alternate
from tests.benchmarks.truth import table
from workers.synthetic import SyntheticCube, pixel_pairs, write_cube

ECHO = """
from tests.benchmarks.child import serve

def measure(factor, end=False):
    print("a library that talks")
    if end:
        raise SystemExit(3)
    return {"seconds": [1.0 / factor, 2.0 / factor]}

serve(measure)
"""


@pytest.fixture
def stored(tmp_path):
    """A pixel without noise, and its truth."""
    spec = cases.pixel(400, date_noise=0.0, pair_noise=0.0, blunders=0.0)
    path = tmp_path / "pixel.npz"
    return spec, path, cases.save(spec, path)


@pytest.fixture
def echo(tmp_path, monkeypatch):
    (tmp_path / "echo_pixel.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Side("echo_pixel") as side:
        yield side


def test_a_stored_pixel_comes_back_as_it_was(stored):
    spec, path, _ = stored
    table, vx, vy = cases.load(str(path))
    made, made_vx, made_vy, _ = pixel_pairs(spec)
    for name in ("day1", "day2", "error_x", "error_y"):
        np.testing.assert_array_equal(getattr(table, name), getattr(made, name))
    np.testing.assert_array_equal(vx, made_vx)
    np.testing.assert_array_equal(vy, made_vy)


def test_most_long_pairs_of_the_last_case_of_decorrelation_read_too_little():
    spec = decorrelation.case(2_000, decorrelation.SHARES[-1], seed=1)
    table, vx, vy, truth = pixel_pairs(spec)
    baseline = table.day2 - table.day1
    assert 0.4 < np.mean(baseline > decorrelation.BEYOND) < 0.65
    true = np.hypot(*truth.window_means(0, 0, table.day1, table.day2))
    short_of = np.hypot(vx, vy) < 0.8 * true
    known, long = np.isfinite(vx), baseline > decorrelation.BEYOND
    assert np.mean(short_of[known & long]) > 0.9
    assert np.mean(short_of[known & ~long]) < 0.3


def test_images_come_every_5_days_for_ten_years(stored):
    table, _, _ = cases.load(str(stored[1]))
    days = np.unique(np.concatenate([table.day1, table.day2]))
    assert set((days - days[0]) % 5) == {0}
    assert 9.8 < (days[-1] - days[0]) / 365.25 < 10


def test_ogive_is_timed_and_scored_over_windows_that_its_record_covers(stored):
    _, path, truth = stored
    answer = ogive_pixel.measure(str(path), repeats=2)
    assert len(answer["seconds"]) == 2
    assert min(answer["seconds"]) > 0
    table, vx, _ = cases.load(str(path))
    seen = np.isfinite(vx)
    assert min(answer["start"]) >= table.day1[seen].min()
    assert max(answer["end"]) <= table.day2[seen].max()
    rmse, kge, _ = accuracy.score(answer, truth)
    assert rmse < 10
    assert kge > 0.9


def test_a_series_is_scored_over_its_own_windows(stored):
    truth = stored[2]
    start = np.arange(17_000, 18_000, 25)
    vx, vy = truth.window_means(0, 0, start, start + 40)
    series = {"start": start, "end": start + 40, "vx": vx, "vy": vy}
    assert accuracy.score(series, truth)[:2] == pytest.approx((0.0, 1.0), abs=1e-9)
    high = np.hypot(vx, vy) + np.resize([1, -0.5], vx.size)
    ends = {"v_low": np.hypot(vx, vy) - 1, "v_high": high}
    assert accuracy.score(series | ends, truth)[2] == 0.5
    assert accuracy.score(series | {"vx": 1.1 * vx, "vy": 1.1 * vy}, truth)[0] == pytest.approx(
        0.1 * np.sqrt(np.mean(vx**2 + vy**2))
    )
    assert accuracy.score(dict.fromkeys(series, ()), truth) is NOTHING


def test_the_median_follows_a_truth_without_noise(stored):
    _, path, truth = stored
    rmse, kge, held = accuracy.score(accuracy.median_series(str(path)), truth)
    assert 0 < rmse < 30
    assert np.isnan(held)
    assert kge > 0.5


def test_the_mixed_case_has_40_percent_nonsense():
    spec = accuracy.cases((4_000,), seed=2)["mixed", 1.0, 4_000]
    table, *_ = pixel_pairs(spec)
    long = np.mean(table.day2 - table.day1 > spec.decorrelated_beyond)
    assert 0.35 < long * spec.decorrelated_share < 0.45


def test_every_scenario_is_asked_with_both_noises():
    made = accuracy.cases((100, 200), seed=1)
    assert len(made) == (4 * 2 + 1) * 2
    assert {spec.seed for spec in made.values()} == {1}


class _Answers:
    def __init__(self, answer):
        self.ask = answer


def _fails(**request):
    raise MeasurementFailed("no luck")


def test_a_method_that_ends_in_an_error_scores_nothing_and_is_told(stored, tmp_path, capsys):
    sides = {"ogive": _Answers(ogive_pixel.measure), "ticoi": _Answers(_fails)}
    found = accuracy.scores(stored[0], sides, tmp_path)
    assert set(found) == set(METHODS)
    assert found["ticoi 100"] is found["ticoi 1000"] is NOTHING
    assert found["ogive 100"][0] < 10
    assert "ticoi 1000: no luck" in capsys.readouterr().err


def test_the_table_of_truth_holds_medians_over_seeds():
    seeds = [dict.fromkeys(METHODS, (rmse, 0.5, 0.9)) | {"median": NOTHING} for rmse in (1.0, 9.0, 2.0)]
    seeds[0]["ticoi 1000"] = NOTHING
    row = table({("surge", 4.0, 5_000): seeds}).rows[0]
    assert row == ("surge", "4 m", "5,000", *["2.0 / 0.50 / 0.90"] * 3, "5.5 / 0.50 / 0.90 (2 of 3)", "none")


def test_sides_take_turns(echo):
    asked = []

    class Recorded(_Answers):
        def __init__(self, name):
            super().__init__(lambda **request: (asked.append(name), echo.ask(**request))[1])

    times = alternate({"a": Recorded("a"), "b": Recorded("b")}, 2, {"a": {"factor": 1}, "b": {"factor": 2}})
    assert times == {"a": [1.0, 2.0, 1.0, 2.0], "b": [0.5, 1.0, 0.5, 1.0]}
    assert asked == ["a", "b", "a", "b"]


def test_a_side_says_why_it_failed_and_goes_on(echo):
    with pytest.raises(MeasurementFailed, match="ZeroDivisionError"):
        echo.ask(factor=0)
    assert echo.ask(factor=1) == {"seconds": [1.0, 2.0]}
    with pytest.raises(MeasurementFailed, match="echo_pixel ended with code 3"):
        echo.ask(factor=1, end=True)
    with pytest.raises(MeasurementFailed, match="ended with code 3"):
        echo.ask(factor=1)


def test_a_shard_and_a_chunk_are_measured(tmp_path):
    whole = shard.run(write_cube(str(tmp_path / "shard.zarr"), shard.spec(60, 10)))
    assert whole.pixels == 100
    assert whole.peak_bytes > 50e6
    assert whole.seconds > 0
    chunk = write_cube(str(tmp_path / "chunk.zarr"), SyntheticCube(pairs=60, height=10, width=10))
    assert 0 < reading_seconds(chunk, 3) < whole.seconds


def test_tables_are_written_as_markdown_too(capsys):
    made = Table("Times", ("case", "Ogive"), [("5 pairs", seconds(0.01234)), ("6 pairs", seconds(2.5))])
    made.show(markdown=True)
    lines = "**Times**\n\n| case | Ogive |\n| --- | ---: |\n| 5 pairs | 12.3 ms |\n| 6 pairs | 2.5 s |\n\n"
    assert capsys.readouterr().out == lines
    made.show(markdown=False)
    assert "12.3 ms" in capsys.readouterr().out


def test_errors_that_are_stated_as_they_are_bring_a_pixel_nearer_to_the_truth(tmp_path):
    spec = cases.pixel(1_500)
    plain, weighted = stated_errors.compare(spec, "what is so", tmp_path)
    assert weighted < plain
    # Without a difference between pairs there is nothing to weigh.
    assert stated_errors.compare(spec, "the same of all", tmp_path) == pytest.approx((plain, plain), rel=0.05)
