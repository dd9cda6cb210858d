import pytest

from service.errors import NotAcceptable
from service.formats.negotiation import chosen


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("*/*", "json"),
        ("", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("text/*, application/json;q=0.5", "csv"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        ("application/json;q=0, */*", "csv"),
        ("application/*", "json"),
    ],
)
def test_the_header_decides(accept, name):
    assert chosen(accept) == name


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/csv;q=none"])
def test_what_is_not_there_is_refused(accept):
    with pytest.raises(NotAcceptable) as caught:
        chosen(accept)
    assert caught.value.available[:2] == ("application/json", "text/csv")
