"""What `ogive serve` does with its own process."""

import os
import subprocess
import sys

PROGRAM = """
import gc
import uvicorn
from fastapi import FastAPI
import service.app
from service.cli.serve import serve

async def tell(server):
    print("left out", gc.get_freeze_count())

uvicorn.Server.main_loop = tell
service.app.create_app = lambda settings: FastAPI()
serve(port=0)
"""


def test_searches_for_garbage_leave_out_what_the_start_made(tmp_path):
    environment = os.environ | {"OGIVE_DATA": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout
    number = int(said.partition("left out ")[2])
    assert number > 10_000
