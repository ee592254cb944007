"""Say in one sentence what is wrong with a command line: the word as it was typed, and what may stand there."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

_VALUE = re.compile(r"(?P<value>'.*?'|\S+) is not ", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra arguments? \((?P<words>.*)\)", re.DOTALL)
_NUMBERS = ((click.types.IntParamType, "a whole number"), (click.types.FloatParamType, "a number"))


def sentence(error: click.UsageError) -> str:
    """What is wrong; an error that was raised with a sentence of its own keeps it."""
    return _WORDS.get(type(error), _other)(error)


def _no_option(error: click.NoSuchOption) -> str:
    if error.ctx is not None and error.option_name in _options(error.ctx.find_root()):
        program, command = error.ctx.command_path.split(" ", 1)
        return f"{error.option_name} stands before the command, as in: {program} {error.option_name} … {command}"
    return f"there is no option {error.option_name}{meant(error.option_name, _options(error.ctx))}"


def _no_command(error: click.exceptions.NoSuchCommand) -> str:
    return f"there is no command named {error.command_name}{meant(error.command_name, _commands(error.ctx))}"


def _bare(error: click.exceptions.NoArgsIsHelpError) -> str:
    return f"{error.ctx.info_name} needs one of: {', '.join(_commands(error.ctx))}"


def _wrong_value(error: click.BadParameter) -> str:
    if error.param is None:
        return error.format_message()
    name, fitting = _name(error.param, error.ctx), _fitting(error.param.type)
    return f"{name} must be {fitting}{_given(error)}" if fitting else f"{name}: {error.message}"


def _missing(error: click.MissingParameter) -> str:
    return f"{_name(error.param, error.ctx)} is missing" if error.param else error.format_message()


def _wrong_option(error: click.BadOptionUsage) -> str:
    return f"{error.option_name} {'takes no value' if 'does not take' in error.message else 'needs a value'}"


def _other(error: click.UsageError) -> str:
    extra = _EXTRA.match(error.message)
    return f"this is too much: {extra['words']}" if extra else error.format_message()


_WORDS: Mapping[type[click.UsageError], Callable[[Any], str]] = {
    click.NoSuchOption: _no_option,
    click.exceptions.NoSuchCommand: _no_command,
    click.exceptions.NoArgsIsHelpError: _bare,
    click.BadParameter: _wrong_value,
    click.MissingParameter: _missing,
    click.BadOptionUsage: _wrong_option,
}


def meant(name: str, known: Iterable[str]) -> str:
    """As "; did you mean force?", for the end of a sentence; "" where nothing is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistyped name

    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _options(context: click.Context | None) -> Iterable[str]:
    parameters = context.command.get_params(context) if context else ()
    return (name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts))


def _commands(context: click.Context | None) -> Iterable[str]:
    group = context.command if context else None
    return group.list_commands(context) if context and isinstance(group, click.Group) else ()


def _name(parameter: click.Parameter, context: click.Context | None) -> str:
    """The option as it is typed, or the argument as the help calls it."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.make_metavar(context or click.Context(click.Command("")))


def _fitting(kind: click.ParamType[Any]) -> str:
    """What may stand there; "" of a kind of ours, whose own sentence says it."""
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    what = next((words for number, words in _NUMBERS if isinstance(kind, number)), "")
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    if low is None or not what:
        return what
    if high is None:
        return f"{what}, {'more than' if getattr(kind, 'min_open', False) else 'at least'} {low:g}"
    return f"{what} from {low:g} to {high:g}"


def _given(error: click.BadParameter) -> str:
    found = _VALUE.match(error.message)
    return f", is {found['value']}" if found else ""
