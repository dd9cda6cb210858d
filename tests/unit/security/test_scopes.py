import pytest

from service.security.scopes import EVERYTHING, NOTHING, Scope, parse, with_lower


def test_each_scope_holds_those_below_it():
    assert with_lower([Scope.run]) == {"read", "run"}
    assert with_lower([Scope.read, Scope.admin]) == EVERYTHING
    assert with_lower([]) == NOTHING


def test_scopes_are_written_by_comma():
    assert parse("read, run") == parse("run") == {"read", "run"}
    assert parse("none") == NOTHING


@pytest.mark.parametrize("text", ["", "write", "none,read", "read;run"])
def test_what_is_no_scope_is_named(text):
    with pytest.raises(ValueError, match="is no scope; these are read, run, admin, by comma, or none"):
        parse(text)
