"""Watch whether a caller takes what it is sent. One that takes nothing for a time is said to have left.

Costs nothing while callers keep up: it looks only while something waits to be sent, a few times in the time it gives.
What the system still holds counts as not taken, or a large socket buffer would pass for a caller that stands still.
Looks are counted and not seconds: where the whole process stood still, nobody could take anything.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from typing import Protocol

_LOOKS = 4
"""How often it looks in its time: the caller is given up after that time, or a quarter more."""


class Connected(Protocol):
    """Of a socket, what is needed to ask how much of what was sent has not been taken."""

    def fileno(self) -> int: ...
    def getsockopt(self, level: int, option: int, /) -> int: ...


class ReaderWatch:
    """One connection's watch.

    Args:
        transport: what is written to.
        seconds: how long a caller may take nothing.
        give_up: called once, when it has.
    """

    __slots__ = ("_give_up", "_left", "_loop", "_seconds", "_still", "_timer", "_transport")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.WriteTransport,
        seconds: float,
        give_up: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._seconds = seconds
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._still = 0
        """How many looks in a row have found nothing taken."""

    def begin(self) -> None:
        """Something waits to be sent."""
        if self._timer is None:
            self._left, self._still = self._untaken(), 0
            self._look_later()

    def progressed(self) -> None:
        """The caller has taken some of it, however much waits again by now."""
        self._still = -1  # it may have been just after a look

    def stop(self) -> None:
        """There is nobody left to send it to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(self._seconds / _LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return  # all of it is on its way
        left = self._untaken()
        self._still = self._still + 1 if left == self._left else 0
        self._left = left
        if self._still >= _LOOKS:
            self._give_up()
            return
        self._look_later()

    def _untaken(self) -> int:
        return self._transport.get_write_buffer_size() + _held_by_system(self._transport.get_extra_info("socket"))


def _held_by_system(connected: Connected) -> int:
    """Bytes that were handed over for sending and that the other side has not acknowledged; 0 where nobody says."""
    try:
        if sys.platform == "darwin":
            return connected.getsockopt(socket.SOL_SOCKET, 0x1024)  # SO_NWRITE
        answer = fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, bytes(4))
        size: int = struct.unpack("i", answer)[0]
    except OSError:
        return 0
    return size
