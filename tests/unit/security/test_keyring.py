import datetime as dt

import pytest
import sqlalchemy as sa

from service.jobs.job import now
from service.security.keyring import API_KEYS, Keyring
from service.security.keys import read
from service.security.scopes import Scope

pytestmark = pytest.mark.anyio


async def test_a_key_is_found_by_itself_and_kept_as_a_hash_alone(engine):
    keyring = Keyring(engine)
    secret, key = await keyring.create("ada", Scope.run)
    assert await keyring.find(read(secret)) == key
    assert (key.name, key.scopes, key.state) == ("ada", {"read", "run"}, "valid")
    async with engine.connect() as connection:
        row = (await connection.execute(sa.select(API_KEYS))).one()
    assert secret.rpartition("_")[2] not in " ".join(map(str, row))
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    assert await keyring.find(read(wrong)) is None
    assert await keyring.find(read("ogive_00000000_" + "a" * 43)) is None


async def test_keys_expire_and_are_revoked(engine):
    keyring = Keyring(engine)
    secret, key = await keyring.create("ada", Scope.read, days=0)
    assert (await keyring.find(read(secret))).state == "expired"
    lasting, other = await keyring.create("ada", Scope.admin, days=2.5)
    assert other.expires - now() > dt.timedelta(days=2.4)
    assert await keyring.revoke(other.id)
    assert (await keyring.find(read(lasting))).state == "revoked"
    first = (await keyring.all())[1].revoked
    assert await keyring.revoke(other.id), "again is no error"
    assert (await keyring.all())[1].revoked == first
    assert not await keyring.revoke("00000000")
    assert [each.id for each in await keyring.all()] in ([key.id, other.id], [other.id, key.id])
