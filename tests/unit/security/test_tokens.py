import base64
import json
import time

import jwt
import pytest

from service.errors import IdentityUnavailable, Unauthorized
from service.security import keyset
from service.security.keyset import KeySet
from service.security.tokens import Bearer, Tokens
from tests.unit.security.conftest import AUDIENCE, ISSUER

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_a_token_tells_its_subject_and_scopes(identity, algorithm):
    identity.add("k", algorithm)
    found = await Tokens(identity.provider).check(identity.token("k", scope="openid ogive:run profile"))
    assert found == Bearer("ada", frozenset({"read", "run"}))


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        (None, set()),
        (["ogive:read", "else"], {"read"}),
        ("admin run read", set()),
        ("ogive:root", set()),
        ({"ogive:admin": 1}, set()),
        (7, set()),
        ("ogive:admin", {"read", "run", "admin"}),
    ],
)
async def test_only_our_own_scopes_count(identity, claim, scopes):
    identity.add("k")
    assert (await Tokens(identity.provider).check(identity.token("k", scope=claim))).scopes == scopes


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"nbf": int(time.time()) + 86_400}, "not yet valid"),
        ({"iss": "https://else.example"}, "[Ii]ssuer"),
        ({"aud": "https://else.example"}, "[Aa]udience"),
        ({"sub": None}, "sub"),
        ({"exp": None}, "exp"),
        ({"aud": None}, "aud"),
        ({"sub": 7}, "[Ss]ubject"),
    ],
)
async def test_what_is_wrong_with_a_token_is_told(identity, claims, told):
    identity.add("k")
    with pytest.raises(Unauthorized, match=told):
        await Tokens(identity.provider).check(identity.token("k", **claims))


async def test_a_token_is_not_taken_from_who_forges_it(identity):
    identity.add("k", "RS256")
    tokens, good = Tokens(identity.provider), identity.token("k", scope="ogive:read")
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    raised = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "ogive:admin"}).encode()).rstrip(b"=")
    public = jwt.PyJWK(identity.document()["keys"][0]).key.public_numbers().n.to_bytes(256, "big")
    identity.keys["other"] = identity.keys["k"]
    identity.add("thief", "RS256")
    forged = {
        "another body": f"{head}.{raised.decode()}.{signature}",
        "no signature": jwt.encode(claims, None, "none", {"kid": "k"}),
        "the public key as a secret": jwt.encode(claims, public, "HS256", {"kid": "k"}),
        "another's key": jwt.encode(claims, identity.keys["thief"][1], "RS256", {"kid": "k"}),
        "its own key": jwt.encode(
            claims, identity.keys["thief"][1], "RS256", {"jwk": {"kty": "RSA"}, "jku": "http://evil.example"}
        ),
        "nothing": "",
        "no token": "a.b.c",
        "too long": good + "a" * 9000,
    }
    identity.published = [identity.document()["keys"][0]]
    assert (await tokens.check(good)).scopes == {"read"}
    for how, token in forged.items():
        with pytest.raises(Unauthorized):
            assert not await tokens.check(token), how


async def test_a_published_secret_proves_nothing(identity):
    identity.add("k")
    secret = b"s" * 32
    symmetric = {"kty": "oct", "kid": "s", "k": base64.urlsafe_b64encode(secret).rstrip(b"=").decode()}
    identity.published = [*identity.document()["keys"], symmetric]
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "eve", "exp": time.time() + 60}
    head = jwt.encode(claims, secret, "HS256", {"kid": "s"})
    with pytest.raises(Unauthorized, match="signed with HS256"):
        await Tokens(identity.provider).check(head)
    renamed = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"s"}').rstrip(b"=").decode()
    with pytest.raises(Unauthorized, match="does not name"):
        await Tokens(identity.provider).check(".".join([renamed, *head.split(".")[1:]]))


async def test_a_key_that_is_rotated_in_is_asked_for_but_not_without_end(identity, monkeypatch):
    identity.add("old")
    tokens = Tokens(identity.provider)
    await tokens.check(identity.token("old"))
    await tokens.check(identity.token("old"))
    assert identity.asked == 1
    identity.add("new")
    token = identity.token("new")
    with pytest.raises(Unauthorized, match="does not name"):
        await tokens.check(token)
    assert identity.asked == 1, "keys were asked for a moment ago"
    monkeypatch.setattr(keyset, "_PAUSE_SECONDS", 0.0)
    await tokens.check(token)
    await tokens.check(token)
    assert identity.asked == 2


async def test_a_key_that_is_rotated_out_is_forgotten(identity, monkeypatch):
    identity.add("old")
    tokens, token = Tokens(identity.provider), identity.token("old")
    await tokens.check(token)
    del identity.keys["old"]
    identity.add("new")
    for name in ("_PAUSE_SECONDS", "_FRESH_SECONDS"):
        monkeypatch.setattr(keyset, name, 0.0)
    with pytest.raises(Unauthorized, match="does not name"):
        await tokens.check(token)


async def test_a_provider_that_fails_is_not_the_caller_s_fault(identity, monkeypatch):
    identity.add("k")
    identity.status = 500
    tokens, token = Tokens(identity.provider), identity.token("k")
    with pytest.raises(IdentityUnavailable, match="try again later"):
        await tokens.check(token)
    monkeypatch.setattr(keyset, "_PAUSE_SECONDS", 0.0)
    identity.status = 200
    await tokens.check(token)
    identity.status = 500
    monkeypatch.setattr(keyset, "_FRESH_SECONDS", 0.0)
    assert (await tokens.check(token)).subject == "ada", "the keys that are known stay good for a day"
    monkeypatch.setattr(keyset, "_USABLE_SECONDS", 0.0)
    with pytest.raises(IdentityUnavailable):
        await tokens.check(token)


@pytest.mark.parametrize("published", [[], [{"kty": "RSA"}], [7], [{"kty": "RSA", "k": "a" * (1 << 18)}]])
async def test_a_key_set_that_is_none_is_told_as_an_outage(identity, published):
    identity.add("k")
    identity.published = published
    with pytest.raises(IdentityUnavailable):
        await Tokens(identity.provider).check(identity.token("k"))


async def test_an_issuer_is_asked_where_its_keys_are(identity):
    identity.add("k")
    assert await KeySet(identity.address).get("k") is not None


@pytest.mark.parametrize(
    "wrong", [{"issuer": "https://login.example"}, {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": None}]
)
async def test_what_an_issuer_does_not_say_of_itself_is_not_followed(identity, wrong):
    identity.add("k")
    identity.told_of_itself |= wrong
    with pytest.raises(IdentityUnavailable):
        await KeySet(identity.address).get("k")
    assert identity.asked == 1
