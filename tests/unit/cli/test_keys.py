"""`ogive keys`: a key is shown once, and is worth what its record says."""

from __future__ import annotations

import asyncio
import re

import pytest

from service import database
from service.cli import exit_code
from service.security.keyring import Keyring
from service.security.keys import read


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OGIVE_DATA", str(tmp_path))
    return tmp_path


def found(folder, text):
    async def ask():
        engine = database.connect(f"sqlite+aiosqlite:///{folder}/ogive.sqlite")
        try:
            return await Keyring(engine).find(read(text))
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def test_a_key_is_made_told_of_and_revoked(folder, capsys):
    assert exit_code(["keys", "create", "ada", "--scope", "admin", "--days", "30"]) == 0
    made = capsys.readouterr()
    secret = made.out.strip()
    key = found(folder, secret)
    assert (key.name, key.scope, key.state) == ("ada", "admin", "valid")
    assert key.id in made.err
    assert secret not in made.err
    assert exit_code(["keys", "list"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["id", "name", "scope", "created", "expires", "state"]
    assert re.fullmatch(rf"{key.id}  ada   admin  \d{{4}}-\d\d-\d\d  \d{{4}}-\d\d-\d\d  valid", row)
    assert exit_code(["keys", "revoke", key.id]) == 0
    assert capsys.readouterr().out == f"revoked {key.id}\n"
    assert found(folder, secret).state == "revoked"
    assert secret.rpartition("_")[2].encode() not in b"".join(
        path.read_bytes() for path in folder.glob("ogive.sqlite*")
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["revoke", "00000000"], "no key '00000000'"),
        (["create", " "], "NAME is empty"),
        (["create", "a\nb"], "NAME is empty"),
        (["create", "ada", "--scope", "root"], "read"),
        (["create", "ada", "--days", "-1"], "days"),
    ],
)
def test_what_cannot_be_done_is_one_line(words, told, capsys):
    assert exit_code(["keys", *words]) == 2
    assert told in capsys.readouterr().err
