import pytest

from service.security.rates import Left, Rates, Spent, Window, parse


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_rates_are_written_as_count_and_unit():
    assert parse("600/minute, 5000/hour") == (Window("minute", 600, 60), Window("hour", 5000, 3600))


@pytest.mark.parametrize("text", ["", "0/minute", "600", "600/fortnight", "600/minute;5/hour", "-1/day"])
def test_what_is_no_rate_is_shown_one(text):
    with pytest.raises(ValueError, match="is no rate; write it like 600/minute"):
        parse(text)


def test_a_quota_may_be_used_at_once_and_comes_back_evenly(clock):
    rates = Rates(parse("3/minute"), clock)
    assert [rates.take("ada").requests for _ in range(3)] == [2, 1, 0]
    spent = rates.take("ada")
    assert isinstance(spent, Spent)
    assert spent.wait == pytest.approx(20)
    assert rates.take("ada").wait == pytest.approx(20), "what is refused costs nothing"
    clock.now += 20
    assert rates.take("ada").requests == 0
    assert isinstance(rates.take("ada"), Spent)
    clock.now += 60
    assert rates.take("ada") == Left(rates.windows[0], 2, pytest.approx(20))


def test_each_caller_has_a_quota_of_their_own(clock):
    rates = Rates(parse("1/hour"), clock)
    assert isinstance(rates.take("ada"), Left)
    assert isinstance(rates.take("ada"), Spent)
    assert isinstance(rates.take("bob"), Left)


def test_the_window_that_is_nearest_to_its_end_is_told(clock):
    rates = Rates(parse("10/second, 15/hour"), clock)
    assert rates.take("ada").window.name == "second"
    clock.now += 1
    for _ in range(9):
        rates.take("ada")
    clock.now += 1
    assert rates.take("ada").window.name == "hour"
    clock.now += 1
    assert [type(rates.take("ada")) for _ in range(5)] == [Left] * 4 + [Spent]


def test_over_a_long_time_no_more_passes_than_quota_and_refill(clock):
    rates, passed = Rates(parse("60/minute"), clock), 0
    for _ in range(3000):
        passed += isinstance(rates.take("ada"), Left)
        clock.now += 0.1
    assert 359 <= passed <= 361  # sixty at once, and one a second for 300 s


def test_only_so_many_callers_are_remembered(clock, monkeypatch):
    monkeypatch.setattr("service.security.rates._MOST_CALLERS", 2)
    rates = Rates(parse("1/day"), clock)
    for name in ("ada", "bob", "eve"):
        rates.take(name)
    assert isinstance(rates.take("eve"), Spent)
    assert isinstance(rates.take("ada"), Left)
