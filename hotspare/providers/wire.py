"""What a transport is asked and what it gives, whichever library or client of ours is below it."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hotspare.router.value import value

HEADER_BYTES = 64 * 1024
"""The bound of an answer's headers."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where requests go, and what all that go there have in common. The same object stands for the same place: what a
    transport works out for it is worked out once.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names in lower case; `host` and `content-length` are added."""
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)


@value
class Outgoing:
    """One POST."""

    place: Place
    body: bytes = field(repr=False)
    connect_seconds: float


class Reply(Protocol):
    """An answer whose head has come."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def whole(self) -> bool:
        """All of it has come: the connection is none of its any more."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, any content encoding undone. To be read once.

        Raises:
            AttemptFailed: it broke off, or is not what its headers say.
        """

    def at_hand(self) -> bytes | None:
        """The whole body where all of it has come as it is, in place of `chunks`; else None."""

    async def pass_to(self, sink: Callable[[bytes], bool]) -> None:
        """Hand the sink what comes of the body the moment it comes, until the body ends or the sink returns False; what
        follows is for `chunks`. Where that cannot be, all of it is.

        Raises:
            AttemptFailed: it broke off.
        """

    async def let_go(self) -> None:
        """All that counts has been read: the connection may be kept if the answer's end comes at once. Idempotent."""

    async def aclose(self) -> None:
        """Close the connection, unless the answer was whole. Idempotent."""


class Transport(Protocol):
    """Reaches providers. Cancelling any wait closes the connection."""

    async def send(self, outgoing: Outgoing) -> Reply:
        """Send a request and await the head of its answer.

        Raises:
            AttemptFailed: there is none.
        """

    async def aclose(self) -> None:
        """Close all connections."""
