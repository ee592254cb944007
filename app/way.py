"""How an instance's socket is reached: straight on this machine, or through `ssh.py` on another."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Writer(Protocol):
    """What a call is written to."""

    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...


class Way(Protocol):
    """Opens one connection a call."""

    @property
    def host(self) -> str:
        """The machine, where it is not this one; else ""."""

    @property
    def where(self) -> str:
        """The instance's place, for a sentence."""

    async def connect(self) -> tuple[asyncio.StreamReader, Writer]:
        """A new connection to the instance's socket.

        Raises:
            OSError: there is no way now.
        """


@dataclass(frozen=True, slots=True)
class SocketWay:
    """The socket at `path` on this machine."""

    path: Path
    host: str = ""

    @property
    def where(self) -> str:
        return str(self.path)

    async def connect(self) -> tuple[asyncio.StreamReader, Writer]:
        try:
            return await asyncio.open_unix_connection(self.path)
        except (FileNotFoundError, ConnectionRefusedError):
            raise ConnectionRefusedError("it does not run") from None
