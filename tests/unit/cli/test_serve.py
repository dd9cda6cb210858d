"""What `ogive serve` does with its own process."""

import os
import re
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, gc, sys, threading
import uvicorn
from fastapi import FastAPI
import service.app
from service.cli.serve import serve

def told():
    libc, stop = ctypes.CDLL(None), threading.Barrier(9)
    libc.fopen.restype = ctypes.c_void_p
    kept = []

    def work():
        kept.append(bytes(100_000))
        stop.wait()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    file = libc.fopen(b"heaps", b"w")
    if sys.platform == "linux":
        libc.malloc_info(0, ctypes.c_void_p(file))
        libc.fclose(ctypes.c_void_p(file))
    stop.wait()
    print("left out", gc.get_freeze_count())

async def tell(server):
    told()

uvicorn.Server.main_loop = tell
service.app.create_app = lambda settings: FastAPI()
serve(port=0)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """What a service says that tells of its memory and ends, and the heaps that eight threads have had."""
    folder = tmp_path_factory.mktemp("served")
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env=os.environ | {"OGIVE_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout, (folder / "heaps").read_text()


def test_searches_for_garbage_leave_out_what_the_start_made(served):
    assert int(served[0].partition("left out ")[2]) > 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has heaps for threads")
def test_threads_share_two_heaps(served):
    assert 1 <= len(re.findall("<heap nr=", served[1])) <= 2
