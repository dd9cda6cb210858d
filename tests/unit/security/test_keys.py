import re

import pytest

from service.security.keys import LIKE_A_KEY, matches, mint, read, same


def test_a_key_is_read_as_what_is_kept_of_it():
    text, kept = mint()
    assert re.fullmatch(r"ogive_[0-9a-f]{8}_[\w-]{43}", text)
    assert read(text) == kept
    assert matches(read(text), kept.digest)
    assert text.rpartition("_")[2] not in repr(kept)


def test_no_two_are_alike():
    made = [mint() for _ in range(100)]
    assert len({text for text, _ in made}) == len({kept.digest for _, kept in made}) == 100


def test_another_secret_under_the_same_name_does_not_match():
    text, kept = mint()
    other = read(text[:-1] + ("A" if text[-1] != "A" else "B"))
    assert other.id == kept.id
    assert not matches(other, kept.digest)


@pytest.mark.parametrize(
    "text", ["", "ogive_", "ogive_0123abcd_short", "ogive_0123ABCD_" + "a" * 43, "x" * 58]
)
def test_other_text_is_no_key(text):
    assert read(text) is None
    assert read(f"{mint()[0]}\n") is None


def test_a_key_is_found_in_other_text_even_cut_off():
    assert LIKE_A_KEY.search(f"see {mint()[0][:30]}")


def test_secrets_of_any_length_compare():
    assert same("a" * 40, "a" * 40)
    assert not same("a" * 40, "a" * 41)
    assert not same("é", "e")
