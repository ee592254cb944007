"""Stop when asked to: the first signal lets what runs finish, the second ends it at once.

Owns the process's signals while its block is entered, and gives them back after it.
"""

import asyncio
import signal
from collections.abc import Iterable
from types import TracebackType
from typing import Self

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """`async with Stopping() as stopping:` hears the signals.

    Attributes:
        asked: to stop once what runs has finished.
        at_once: not to wait for that.
    """

    def __init__(self, signals: Iterable[signal.Signals] = STOPPING) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self._signals = tuple(signals)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.add_signal_handler(number, self.ask)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.remove_signal_handler(number)

    def ask(self) -> None:
        """Ask to stop; asked again, at once."""
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()


async def happens(event: asyncio.Event, within_seconds: float | None) -> bool:
    """Whether the event comes in time; None waits without end."""
    try:
        async with asyncio.timeout(within_seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def one_happens(events: Iterable[asyncio.Event], within_seconds: float | None) -> bool:
    """Whether one of the events comes in time; None waits without end."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)
