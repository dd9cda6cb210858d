"""A real S3 server: Ceph's gateway over a monitor and a store in memory, which forgets all when it ends."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path

from infra.local.process import PartFailed, Process

INSTALL = "apt-get install --no-install-recommends radosgw ceph-mon ceph-osd"
PROGRAMS = ("monmaptool", "ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin")
BYTES = 8 << 30
"""That the store in memory may hold"""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The three daemons, in the order of their start."""

    monitor: Process
    store: Process
    gateway: Process

    @property
    def processes(self) -> tuple[Process, Process, Process]:
        """All three."""
        return self.monitor, self.store, self.gateway


def installed() -> bool:
    """Whether there is a server to start."""
    return all(map(shutil.which, PROGRAMS))


def object_store(folder: Path, port: int, monitor_ports: tuple[int, int]) -> ObjectStore:
    """The server at a port of loopback, its configuration made on first use.

    Raises:
        PartFailed: Ceph is not installed.
    """
    if not installed():
        raise PartFailed(f"Ceph is not installed; on Debian: {INSTALL}")
    home = folder / "ceph"
    configuration = home / "ceph.conf"
    if not configuration.exists():
        for name in ("mon", "osd", "rgw", "run", "crash"):
            (home / name).mkdir(parents=True, exist_ok=True)
        configuration.write_text(_configuration(home, port, monitor_ports))
    options = ("-c", str(configuration), "-f")
    return ObjectStore(
        Process("objects-monitor", ["ceph-mon", "-i", "a", *options], folder, lambda: _ok(home, "mon stat")),
        Process("objects-store", ["ceph-osd", "-i", "0", *options], folder, lambda: _up(home)),
        Process("objects", ["radosgw", "-n", "client.rgw.a", *options], folder, lambda: _serves(port)),
    )


def start(server: ObjectStore, folder: Path, access_key: str, secret_key: str) -> None:
    """Start the daemons and make the one user.

    Raises:
        PartFailed: a daemon does not come up.
    """
    home = folder / "ceph"
    monitor, store, gateway = server.processes
    if store.pid is None:  # what was in memory is gone with it: begin anew
        monitor.stop()
        gateway.stop()
        _prepare_monitor(home)
    monitor.start()
    monitor.wait()
    if store.pid is None:
        number = str(uuid.uuid4())
        _ceph(home, "osd", "new", number, "0")
        _run("ceph-osd", "-c", str(home / "ceph.conf"), "-i", "0", "--mkfs", "--osd-uuid", number)
    store.start()
    store.wait()
    gateway.start()
    gateway.wait()
    user = ("user", "create", "--uid=ogive", "--display-name=ogive")
    keys = (f"--access-key={access_key}", f"--secret-key={secret_key}")
    _run("radosgw-admin", "-c", str(home / "ceph.conf"), *user, *keys, again="exists")


def _prepare_monitor(home: Path) -> None:
    for name in ("mon", "osd"):
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).mkdir()
    configuration = (home / "ceph.conf").read_text()
    identity = next(line.split("=")[1].strip() for line in configuration.splitlines() if "fsid" in line)
    address = next(line.split("=")[1].strip() for line in configuration.splitlines() if "mon host" in line)
    monmap = str(home / "monmap")
    _run("monmaptool", "--create", "--clobber", "--fsid", identity, "--addv", "a", address, monmap)
    _run("ceph-mon", "-c", str(home / "ceph.conf"), "--mkfs", "-i", "a", "--monmap", monmap)


def _configuration(home: Path, port: int, monitor_ports: tuple[int, int]) -> str:
    v2, v1 = monitor_ports
    return f"""[global]
fsid = {uuid.uuid4()}
mon host = [v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]
mon initial members = a
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = {BYTES}
run dir = {home}/run
crash dir = {home}/crash
admin socket = {home}/run/$name.asok
log to file = false
log to stderr = true
[mon.a]
mon data = {home}/mon
mon cluster log to file = false
[osd.0]
osd data = {home}/osd
cluster addr = 127.0.0.1
[client.rgw.a]
rgw data = {home}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable usage log = false
"""


def _run(*command: str, again: str | None = None) -> str:
    """Run a program of Ceph; `again` marks the complaint that what it should make is there already."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode and not (again and again in done.stderr):
        raise PartFailed(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _ceph(home: Path, *words: str) -> str:
    return _run("ceph", "-c", str(home / "ceph.conf"), "--connect-timeout", "5", *words)


def _ok(home: Path, question: str) -> bool:
    try:
        _ceph(home, *question.split())
    except (PartFailed, subprocess.TimeoutExpired):
        return False
    return True


def _up(home: Path) -> bool:
    try:
        if "1 up" in _ceph(home, "osd", "stat"):
            return True
        _ceph(home, "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=here")
        _ceph(home, "osd", "in", "0")
    except (PartFailed, subprocess.TimeoutExpired):
        pass
    return False


def _serves(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
