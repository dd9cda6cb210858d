"""An application behind the gate that tells who came in."""

import httpx
from fastapi import FastAPI, Request

from service.observability.requests import Observed
from service.security.access import Read, Run
from service.security.authentication import Authenticator
from service.security.gate import Gate
from service.security.keyring import Keyring

ADMIN = "only-for-tests-" + "0123456789" * 3
HOME = "http://127.0.0.1:8000"


class House:
    """An application behind the gate, and its keys."""

    def __init__(self, settings, engine):
        self.keyring = Keyring(engine)
        self.app = FastAPI()
        self.app.state.settings = settings
        self.app.state.authenticator = Authenticator(settings, self.keyring)
        self.app.add_middleware(Gate, settings)
        self.app.add_middleware(Observed)

        @self.app.get("/health/live")
        async def live():
            return {}

        @self.app.get("/open")
        @self.app.get("/store/{key}")
        async def who(request: Request):
            caller = request.state.caller
            return {"owner": caller.owner, "scopes": sorted(caller.scopes)}

        from service import failures

        failures.install(self.app)
        self.app.get("/read", dependencies=[Read])(who)
        self.app.get("/run", dependencies=[Run])(who)

    def client(self, base=HOME, address="127.0.0.1", **headers):
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
