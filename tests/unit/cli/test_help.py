"""Help worth reading: quick, with examples that work and defaults that are true."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import typer
from rich.markup import escape

from service.cli import app
from service.cli.synth import synth
from service.settings import Settings
from workers.synthetic import SCENARIOS, SyntheticCube
from workers.velocity.parameters import VelocityParameters

HEAVY = ["dask", "distributed", "fastapi", "httpx", "numba", "numpy", "scipy", "uvicorn", "xarray", "zarr"]


def commands(command, path=("ogive",)):
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


COMMANDS = {" ".join(path): command for path, command in commands(typer.main.get_command(app))}
LEAVES = {name: command for name, command in COMMANDS.items() if not hasattr(command, "commands")}
EXAMPLES = sorted(
    {
        line.strip()
        for command in COMMANDS.values()
        for line in (command.help or "").splitlines()
        if re.match(r"\s+([A-Z_]+=\S+ )?ogive ", line)
    }
)


def test_the_commands_are_those_of_the_house():
    assert {name.split()[1] for name in LEAVES} == {
        "demo",
        "serve",
        "series",
        "flowline",
        "run",
        "keys",
        "synth",
        "score",
    }


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom service.cli import exit_code\nassert exit_code(['--help']) == 0\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(ogive, name):
    ran = ogive(*name.split()[1:], "--help")
    assert ran.code == 0
    assert f"Usage: {name}" in ran.out
    assert COMMANDS[name].help


def options(name):
    """The options of a command by name."""
    command = LEAVES[name]
    return {
        option.name: option
        for option in command.get_params(command.make_context(name, [], resilient_parsing=True))
    }


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_has_a_help_text(name):
    assert [option for option, made in options(name).items() if not getattr(made, "help", None)] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_in_the_help_are_valid(example):
    words = shlex.split(re.sub(r"^([A-Z_]+=\S+ )*ogive ", "", example))
    command, path = COMMANDS["ogive"], "ogive"
    while hasattr(command, "commands"):
        path += f" {words.pop(0)}"
        command = COMMANDS[path]
    command.make_context(path, words)


def defaults(name: str) -> dict[str, str]:
    """What the help of a command says about defaults, by option."""
    told = {name: re.search(r"Default: (.*)\.$", made.help or "") for name, made in options(name).items()}
    return {option: match[1] for option, match in told.items() if match}


@pytest.mark.parametrize("name", ["ogive series", "ogive run velocity-cube"])
def test_every_choice_of_an_inversion_is_an_option_as_its_model_describes_it(ogive, name):
    made = options(name)
    for choice, field in VelocityParameters.model_fields.items():
        assert made[choice].help.startswith(escape(field.description))
        assert made[choice].opts == [f"--{choice.replace('_', '-')}"]
        if get_origin(field.annotation) is Literal:
            ran = ogive(*name.split()[1:], made[choice].opts[0], "nonsense")
            assert all(repr(word) in ran.err for word in get_args(field.annotation))
        if field.default not in (None, True, False):
            told = re.search(r"Default: (.*)\.$", made[choice].help)[1]
            assert type(field.default)(told) == field.default


def test_choices_that_play_no_part_are_no_options():
    assert {"datetime", "interval"} & set(options("ogive score holdout")) == set()
    assert "pairs_datetime" in options("ogive score holdout")


def test_defaults_of_a_synthetic_cube_are_those_of_its_class():
    told = defaults("ogive synth")
    fields = {field.name: field.default for field in dataclasses.fields(SyntheticCube)}
    assert len(told) >= 12
    assert told == {option: str(fields[option]) for option in told}


def test_defaults_of_the_service_are_those_of_its_settings():
    told = defaults("ogive serve")
    assert told["port"] == str(Settings.model_fields["port"].default)
    assert told["host"] == Settings.model_fields["host"].default


def test_the_choices_of_a_scenario_are_those_there_are():
    option, _ = get_args(get_type_hints(synth)["scenario"])
    assert set(get_args(option)) == set(SCENARIOS)
