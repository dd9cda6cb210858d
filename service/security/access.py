"""What routes ask of their caller, in the words of OpenAPI."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from service.errors import Forbidden, Unauthorized
from service.security.authentication import KEY_HEADER
from service.security.caller import Caller

_KEY = APIKeyHeader(
    name=KEY_HEADER, scheme_name="key", description="An API key of this service.", auto_error=False
)
_BEARER = HTTPBearer(
    scheme_name="bearer",
    description="An API key of this service, or a token (JWT) of its OpenID provider.",
    auto_error=False,
)


def caller(request: Request) -> Caller:
    """Who sends the request, as the gate found."""
    return request.state.caller


CallerDep = Annotated[Caller, Depends(caller)]


def permitted(
    needed: SecurityScopes,
    caller: CallerDep,
    _key: Annotated[str | None, Security(_KEY)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> None:
    """Refuse a caller whose scopes do not reach.

    Raises:
        Unauthorized: who asks is not known.
        Forbidden: who asks is known, and may not.
    """
    check(caller, *needed.scopes)


def check(caller: Caller, *scopes: str) -> None:
    """Refuse a caller who has not all of some scopes.

    Raises:
        Unauthorized, Forbidden: as `permitted`.
    """
    missing = ", ".join(scope for scope in scopes if scope not in caller.scopes)
    if not missing:
        return
    if caller.known:
        raise Forbidden(f"This takes the scope {missing}, which what was sent does not hold.")
    raise Unauthorized(f"This takes the scope {missing}: send an API key as {KEY_HEADER} that holds it.")


def check_owner(caller: Caller, owner: str | None, what: str) -> None:
    """Refuse who asks for what is between something and its owner.

    Args:
        caller: who asks.
        owner: whose it is, if it is somebody's.
        what: what it is, as a sentence begins: `Job 3f0c`.

    Raises:
        Unauthorized: it is somebody's, and who asks is not known.
        Forbidden: it is somebody else's.
    """
    if caller.owns(owner):
        return
    if caller.known:
        raise Forbidden(f"{what} is somebody else's; only they and the scope admin may do this.")
    raise Unauthorized(f"{what} is somebody's: send the API key that it was started with.")


def listed_for(caller: Caller, what: str) -> str | None:
    """Whose things a list tells of; None for everybody's.

    Raises:
        Unauthorized: the caller is nobody known, whose things could not be told from those of others.
    """
    if caller.admin:
        return None
    if not caller.known:
        raise Unauthorized(f"A list holds the {what} of who asks for it: send the API key that started them.")
    return caller.owner


Read = Security(permitted, scopes=["read"])
Run = Security(permitted, scopes=["run"])
