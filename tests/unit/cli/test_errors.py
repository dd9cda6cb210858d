"""Errors of the command line: one line on stderr, an exit code that tells whose fault it is, no traceback."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import series
from workers.errors import SourceUnavailable, StoreNotWritable

PLACE = ("--lon", "-49.46", "--lat", "69.11")


def one_line(ran) -> str:
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("ogive: ")
    return line.removeprefix("ogive: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("foo",), r"No such command 'foo'\. See: ogive --help"),
        (("series", "--lat", "69.11"), r"Missing option '--lon'\. See: ogive series --help"),
        (("series", "--lon", "west", "--lat", "69.11"), r"'--lon'.*number"),
        (("series", *PLACE, "--lenght", "3"), r"No such option: --lenght"),
        (
            ("series", *PLACE, "--regularization", "tikhonov"),
            r"'tikhonov' is not one of 'accel', 'zero', 'model'",
        ),
        (("series", *PLACE, "--step", "0"), r"--step: step '0' is not understood; .*P30D"),
        (
            ("series", *PLACE, "--coefficient", "-1"),
            r"--coefficient: .* above 0 and at most 1e6, or one of auto, vvc, lcurve; '-1' is not\.",
        ),
        (
            ("series", *PLACE, "--coefficient", "much"),
            r"--coefficient: coefficient is a number .*; 'much' is not",
        ),
        (("run", "velocity-cube", "--bbox", "1,2,3,4", "--step", "P1D"), r"--step: step 'P1D' is 1 days"),
        (("score", "holdout", "--cube", "x", "--interval", "scaled"), r"No such option: --interval"),
        (("series", *PLACE, "--datetime", "2020-01-01/2015-01-01"), r"--datetime: .*ends before it starts"),
        (("series", *PLACE, "--pairs-datetime", "spring"), r"--pairs-datetime: .*'spring' is not RFC 3339"),
        (("run",), r"Missing command\. See: ogive run --help"),
        (
            ("run", "velocity-cube", "--bbox", "-139.1,60.6"),
            r"--bbox: '-139\.1,60\.6' is no box; .*degrees",
        ),
        (("synth", "x.zarr", "--height", "0"), r"height is 0; it must lie from 1"),
        (("synth", "x.zarr", "--start", "2015-13-01"), r"--start: '2015-13-01' is no date"),
        (("serve", "--port", "70000"), r"--port: Input should be less than or equal to 65535"),
    ],
)
def test_a_wrong_request_is_told_in_one_line(ogive, arguments, told):
    ran = ogive(*arguments)
    assert ran.code == 2
    assert re.search(told, one_line(ran))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("OGIVE_PORT", "many", "OGIVE_PORT: Input should be a valid integer"),
        ("OGIVE_PRODUKTS", "/tmp", "OGIVE_PRODUKTS is no setting of Ogive; did you mean OGIVE_PRODUCTS?"),
    ],
)
def test_a_wrong_setting_is_named_as_it_was_written(ogive, monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    ran = ogive("serve")
    assert ran.code == 2
    assert told in one_line(ran)


@pytest.mark.parametrize(
    "error", [SourceUnavailable("The catalog did not answer.", "stac"), StoreNotWritable("No room\n at all.")]
)
def test_a_failure_is_another_code_than_a_wrong_request(ogive, monkeypatch, error):
    def fail(_):
        raise error

    monkeypatch.setattr(series, "chosen", fail)
    ran = ogive("series", *PLACE)
    assert ran.code == 1
    assert one_line(ran) == error.message.replace("\n ", " ")


def test_an_error_of_our_own_leaves_its_traceback_in_a_file(ogive, monkeypatch, tmp_path):
    def fail(_):
        raise KeyError("v_low")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(series, "chosen", fail)
    ran = ogive("series", *PLACE)
    line = one_line(ran)
    assert ran.code == 1
    assert "KeyError: 'v_low'" in line
    (kept,) = tmp_path.iterdir()
    assert str(kept) in line
    assert "Traceback (most recent call last)" in kept.read_text()


def test_ctrl_c_has_the_code_that_shells_expect(ogive, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(series, "chosen", interrupt)
    assert ogive("series", *PLACE) == (130, "", "")


def test_a_reader_that_leaves_early_is_no_error_of_ours():
    program = (
        "import os\nfrom service.cli import exit_code\n"
        "read, write = os.pipe()\nos.close(read)\nos.dup2(write, 1)\n"
        "raise SystemExit(exit_code(['--version']))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "")


def test_a_port_in_use_is_told_before_anything_starts(ogive):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = ogive("serve", "--port", str(port))
    assert ran.code == 1
    assert (
        one_line(ran)
        == f"port {port} of 127.0.0.1 is in use; choose another with --port, or 0 for a free one."
    )


def test_an_address_that_is_not_ours_is_told(ogive):
    ran = ogive("serve", "--host", "192.0.2.1", "--port", "0")
    assert ran.code == 1
    assert "192.0.2.1 cannot be listened on" in one_line(ran)


def test_a_cube_is_never_written_over(ogive, tmp_path):
    (tmp_path / "x.zarr").mkdir()
    ran = ogive("synth", str(tmp_path / "x.zarr"), "--height", "4", "--width", "4", "--pairs", "20")
    assert ran.code == 2
    assert "exists already" in ran.err.splitlines()[-1]
    assert list((tmp_path / "x.zarr").iterdir()) == []


def test_version_is_that_of_the_package(ogive):
    from importlib.metadata import version

    assert ogive("--version") == (0, f"ogive {version('ogive')}\n", "")


def test_without_a_command_the_help_is_shown(ogive):
    ran = ogive()
    assert ran.code == 0
    assert "Usage: ogive" in ran.out


def test_main_ends_with_the_code(capsys):
    from service.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["foo"])
    assert ended.value.code == 2


def test_the_package_runs_as_a_module():
    ran = subprocess.run([sys.executable, "-m", "service.cli", "--version"], capture_output=True, text=True)
    assert ran.stdout.startswith("ogive ")
    assert Path(series.__file__).parent.joinpath("__main__.py").exists()
