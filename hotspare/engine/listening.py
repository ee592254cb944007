"""The caller's side of a request of our own, or of a program that holds the engine: no connection, and no stream."""

from hotspare.engine.protocols import Answer, Told
from hotspare.router.step import Fail


class Listener:
    """A Delivery that keeps what it is told. Whoever asks with it asks for no stream.

    Attributes:
        body: of the answer; empty where there is none.
        fail: why there is none.
    """

    __slots__ = ("body", "fail")

    def __init__(self) -> None:
        self.body = b""
        self.fail: Fail | None = None

    async def whole(self, told: Told, answer: Answer) -> None:
        """The answer."""
        del told
        self.body = answer.body or b""

    async def error(self, told: Told, fail: Fail) -> None:
        """No answer."""
        del told
        self.fail = fail

    async def begin(self, told: Told, answer: Answer) -> None:
        """No stream is ever asked for."""

    async def begin_early(self, request_id: str) -> None:
        """Likewise."""

    async def keep_alive(self) -> None:
        """Likewise."""

    async def piece(self, data: bytes) -> None:
        """Likewise."""

    def take(self, data: bytes) -> bool:
        """Likewise."""
        del data
        return False

    async def end(self, tail: bytes) -> None:
        """Likewise."""

    async def broken(self, told: Told, fail: Fail) -> None:
        """Likewise."""
