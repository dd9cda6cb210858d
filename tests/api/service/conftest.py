"""A whole service on a small cube with known truth: real tasks, on a Dask cluster in this process."""

import contextlib
import threading
import time
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
import yaml
from distributed import Client, LocalCluster
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from service.app import create_app
from service.cluster import SHARD, Cluster
from service.settings import Settings
from workers import tasks
from workers.synthetic.spec import SyntheticCube
from workers.synthetic.write import write_cube

PATIENCE = 120
SPEC = SyntheticCube(pairs=120, height=20, width=60, years=2.0, seed=1)


@contextlib.asynccontextmanager
async def in_process(settings):
    """A Dask cluster of one worker in this process, in place of the local one in processes."""
    async with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            resources=SHARD,
            dashboard_address="127.0.0.1:0",
            asynchronous=True,
        ) as local,
        Client(local, asynchronous=True, set_as_default=False) as client,
    ):
        yield Cluster(client)


@contextlib.contextmanager
def serving(app):
    """The app behind a real HTTP server, in a thread of its own; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the service does not stop"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def cube(tmp_path_factory):
    """Path of a cube of 20 x 60 pixels and 120 pairs."""
    return str(write_cube(str(tmp_path_factory.mktemp("cubes")), SPEC))


@pytest.fixture
def settings(tmp_path, cube):
    return Settings(data=tmp_path, cubes=(cube,))


@pytest.fixture
def tasks_but():
    """The real tasks, some of them replaced."""
    return lambda **replaced: SimpleNamespace(
        **{name: getattr(tasks, name) for name in tasks.__all__} | replaced
    )


@pytest.fixture
def serve(settings):
    """Serve an app on the in-process cluster: a context that gives an HTTP client."""

    @contextlib.contextmanager
    def start(**changes):
        made = create_app(changes.pop("settings", settings), **{"connect": in_process} | changes)
        with serving(made) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
            yield client

    return start


@pytest.fixture(scope="session")
def served():
    """Serve an app, on the in-process cluster unless told otherwise: a context that gives its address."""
    return lambda settings, connect=in_process: serving(create_app(settings, connect=connect))


@pytest.fixture(scope="module")
def api(tmp_path_factory, cube):
    """A client of a service with the real tasks, shared by the tests of a module."""
    # A first series compiles, which may take a busy machine longer than a client would wait.
    settings = Settings(data=tmp_path_factory.mktemp("data"), cubes=(cube,), wait=60)
    with (
        serving(create_app(settings, connect=in_process)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def place():
    """Longitude and latitude of the cube's middle."""
    return {"lon": SPEC.lon, "lat": SPEC.lat}


@pytest.fixture(scope="session")
def region():
    """A box around the whole cube."""
    return [SPEC.lon - 0.2, SPEC.lat - 0.1, SPEC.lon + 0.2, SPEC.lat + 0.1]


@pytest.fixture(scope="session")
def spot():
    """A box around the cube's middle, which takes in few chunks."""
    return [SPEC.lon - 0.001, SPEC.lat - 0.001, SPEC.lon + 0.001, SPEC.lat + 0.001]


@pytest.fixture(scope="session")
def conforms():
    """Check a document against a schema of OGC API Processes 1.0, by its file name."""
    from pathlib import Path

    folder = Path(__file__).parents[2] / "schemas" / "ogcapi-processes-1.0"
    documents = {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}
    registry = Registry().with_resources(
        (name, Resource.from_contents(document, DRAFT4)) for name, document in documents.items()
    )
    return lambda document, name: Draft4Validator(
        {"$ref": f"{name}.yaml"}, registry=registry, format_checker=Draft4Validator.FORMAT_CHECKER
    ).validate(document)


@pytest.fixture(scope="session")
def ended():
    """Wait until a job has ended; its last statusInfo and every one seen on the way."""

    def wait(client, location):
        seen, deadline = [], time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            seen.append(client.get(location).raise_for_status().json())
            if seen[-1]["status"] not in ("accepted", "running"):
                return seen
            time.sleep(0.05)
        raise TimeoutError(seen[-1])

    return wait
