"""Whether one connection is read from now, and whether more may be written to it."""

import asyncio


class Flow:
    """Of one transport.

    Attributes:
        read_paused: nothing is read from it, so that its sender waits.
        write_paused: it has more to send than it should hold.
    """

    __slots__ = ("_transport", "_writable", "read_paused", "write_paused")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.read_paused = False
        self.write_paused = False
        self._transport = transport
        self._writable = asyncio.Event()

    def pause_reading(self) -> None:
        """Read no more for now."""
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        self.write_paused = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """Enough of it has been taken, or there is nobody left to take it."""
        self.write_paused = False
        self._writable.set()

    async def writable(self) -> None:
        """Return when more may be written."""
        while self.write_paused:
            await self._writable.wait()
