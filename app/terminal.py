"""What the terminal is to this process: whether a screen can be drawn on it, and what is done when it hangs up."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def has_terminal() -> bool:
    """Whether a screen can be drawn and answered: Textual reads standard input and draws on standard error."""
    return os.environ.get("TERM", "") not in {"", "dumb"} and all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)
    )


def is_on_terminal() -> bool:
    """Whether a terminal could hang up on this process, and nobody (nohup) has said that this is to be nothing."""
    tty = any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return tty and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN


def let_go() -> None:
    """Write nothing to a terminal that is gone any more, and read nothing from it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def hang_up(lost: Callable[[], None]) -> Iterator[None]:
    """Call `lost` when the terminal hangs up, instead of dying of it."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lost)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
