"""How a command ends when it does not end well: one sentence, a hint, and the exit code of the contract.

0 done, 1 the answer is no, 2 usage or configuration, 3 no running instance, 4 refused.
"""

import os
import sys
import traceback
from pathlib import Path

import click

from hotspare.app.misuse import sentence
from hotspare.router.error import HotspareError

INTERRUPTED = 130
PIPE_CLOSED = 141
OUR_FAULT = 70


def say(text: str, hint: str = "") -> None:
    """One sentence of narration on standard error, and below it what to do."""
    click.echo(f"hotspare: {text}", err=True)
    if hint:
        click.echo(f"  {hint}", err=True)


def tell(error: BaseException) -> int:
    """Say on standard error what went wrong, and give the exit code for it."""
    code = _unsaid(error)
    if code is None:
        text, hint, code = _said(error)
        say(text, hint)
    return code


def _unsaid(error: BaseException) -> int | None:
    """The exit code of an ending that needs no words."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case BrokenPipeError():
            return _pipe_closed()
    return None


def _said(error: BaseException) -> tuple[str, str, int]:
    """Sentence, hint and exit code."""
    match error:
        case HotspareError():
            return error.title, error.hint, error.exit_code
        case click.UsageError():
            return sentence(error), f"see: {error.ctx.command_path} --help" if error.ctx else "", error.exit_code
        case click.ClickException():
            return error.format_message(), "", error.exit_code
        case OSError():
            what = error.strerror or str(error)
            return f"{error.filename}: {what}" if error.filename else what, "", 2
    kept = _keep(error)
    what = f"something went wrong that should not have: {type(error).__name__}: {error}"
    return what, f"details: {kept}" if kept else "", OUR_FAULT


def _pipe_closed() -> int:
    """The reader of our output has gone: nothing is to be said, and nothing may be flushed at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return PIPE_CLOSED


def _keep(error: BaseException) -> Path | None:
    """The details, for whoever mends it; they are no text for a user."""
    from hotspare.store.folders import open_private, state_folder  # noqa: PLC0415 - only for what should not happen

    try:
        path = state_folder() / "last-error.txt"
        with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write("".join(traceback.format_exception(error)))
    except (OSError, HotspareError):
        return None
    return path
