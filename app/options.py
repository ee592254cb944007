"""The options that several commands share, and what the user chose with them."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Chosen:
    """What stood before the command's name."""

    config: Path | None = None
    port: int | None = None


class FiniteRange(click.FloatRange):
    """A range of numbers, in which "nan" and "inf" are none."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        number = float(super().convert(value, parameter, context))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", parameter, context)
        return number


config_option = click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration; else the first one found."
)
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", help="The gateway's port, over the file's (0: any free one)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_option = click.option("--as", "who", default="", metavar="NAME", help="Who you are, where the user does not tell.")
instance_option = click.option("--instance", metavar="NAME", help="Which instance, where several run.")


class Moment(click.ParamType[float]):
    """`2h` ago, `14:10`, `2026-11-21 14:10`: UTC epoch seconds."""

    name = "moment"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """The moment itself."""
        from hotspare.app.moment import parse_moment  # noqa: PLC0415 - only where one was given

        try:
            return value if isinstance(value, float) else parse_moment(str(value), time.time())
        except ValueError as error:
            self.fail(str(error), parameter, context)


def ranged(function: Function) -> Function:
    """The options of a command that looks at a range of time."""
    since = "From when on: 2h (ago), 14:10, or '2026-11-21 14:10' (UTC)."
    until = "Up to when, written likewise; else now."
    return click.option("--since", type=Moment(), metavar="WHEN", help=since)(
        click.option("--until", type=Moment(), metavar="WHEN", help=until)(function)
    )


def looking(function: Function) -> Function:
    """The options of a command that looks."""
    return json_option(instance_option(function))


def acting(function: Function) -> Function:
    """The options of a command that changes what happens."""
    return json_option(
        instance_option(
            click.option("--yes", is_flag=True, help="Do it, though it reaches wide.")(
                click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")(
                    as_option(function)
                )
            )
        )
    )
