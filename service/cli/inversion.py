"""The options of an inversion, made from the fields of `VelocityParameters`: one place for all commands."""

from __future__ import annotations

from functools import lru_cache
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from rich.markup import escape
from typer.core import TyperCommand

from service.cli import options

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from workers.velocity.parameters import VelocityParameters

PANEL = "Inversion"


def inversion(*without: str) -> type[TyperCommand]:
    """A class of command with an option for each choice of an inversion; `chosen` tells what they were.

    The options are made when the command parses its words or prints its help, not before: the model behind
    them takes longer to import than the help of all others takes to print.

    Args:
        without: names of choices that play no part in what the command does.
    """

    class Inversion(TyperCommand):
        def get_params(self, ctx: Any) -> list[Any]:
            *own, help_option = super().get_params(ctx)
            return [*own, *_made(without), help_option]

        def invoke(self, ctx: Any) -> Any:
            names = [option.name for option in _made(without)]
            ctx.obj = options.given(**{name: ctx.params.pop(name) for name in names})
            return super().invoke(ctx)

    return Inversion


def chosen(context: typer.Context) -> VelocityParameters:
    """The choices that the user of a command of class `inversion` made.

    Raises:
        InvalidRequest: a choice is out of range; names the option and the rule.
    """
    from pydantic import ValidationError

    from workers.velocity.parameters import VelocityParameters

    try:
        return VelocityParameters(**context.obj)
    except ValidationError as error:
        raise options.wrong(error, options.spelt) from None


@lru_cache
def _made(without: tuple[str, ...]) -> list[Any]:
    from workers.velocity.parameters import VelocityParameters

    def choices() -> None: ...

    fields = VelocityParameters.model_fields.items()
    choices.__signature__ = Signature([_option(*field) for field in fields if field[0] not in without])
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(add_help_option=False)(choices)
    return typer.main.get_command(app).params


def _option(name: str, field: FieldInfo) -> Parameter:
    """One option: words out of a list are checked here, all else is left to the model."""
    kind, told, metavar = field.annotation, field.description or "", None
    words = [options.spelt(name)]
    if kind is bool:
        words = [f"{words[0]}/--no-{words[0].removeprefix('--')}"]
        told += f" Default: {'yes' if field.default else 'no'}."
    elif field.default is not None:
        told += f" Default: {field.default:g}." if kind is float else f" Default: {field.default}."
    if kind is not bool and get_origin(kind) is not Literal:
        number = float in (kind, *get_args(kind))
        metavar, kind = str(field.examples[0]) if field.examples else "NUMBER" if number else "TEXT", str
    option = typer.Option(*words, metavar=metavar, help=escape(told), rich_help_panel=PANEL)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])
