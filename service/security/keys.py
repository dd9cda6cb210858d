"""API keys: how one is made, read and kept.

A key is `ogive_`, eight hexadecimal digits that name it, and a secret of 256 random bits. Only the SHA-256 of
the secret is kept: a slow hash protects what people can guess, and this nobody can.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_FORM = re.compile(r"ogive_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
VARIABLE = "OGIVE_API_KEY"
"""Where the command line finds the key that it sends; no setting of a service itself"""
LIKE_A_KEY = re.compile(r"ogive_[0-9a-f]{8}_[A-Za-z0-9_-]+")
"""What a key looks like in other text, whole or cut off"""


@dataclass(frozen=True, slots=True)
class Presented:
    """A key as a caller sends it."""

    id: str
    digest: str
    """SHA-256 of the secret, hexadecimal"""


def mint() -> tuple[str, Presented]:
    """A new key, and what is kept of it."""
    name, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return f"ogive_{name}_{secret}", Presented(name, _digest(secret))


def read(text: str) -> Presented | None:
    """The key that a text is; None where it has not the form of one."""
    if (found := _FORM.fullmatch(text)) is None:
        return None
    return Presented(found[1], _digest(found[2]))


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_digest(one), _digest(other))


def matches(presented: Presented, digest: str) -> bool:
    """Whether a key is the one that a digest is kept of."""
    return hmac.compare_digest(presented.digest, digest)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
