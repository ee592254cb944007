"""What of a request has come in so far: which part of it is being received, and whether that part is within its bounds.

Counts and compares only; the parser tells it what came, and the connection does what follows.
"""

from collections.abc import Sequence
from enum import Enum

from hotspare.gateway.framing import is_ambiguous
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.refusal import (
    BODY_TOO_LARGE,
    HEADERS_TOO_LARGE,
    MALFORMED,
    REQUEST_LINE_TOO_LONG,
    Refused,
)


class Phase(Enum):
    """What of a request is being received."""

    between = "between two requests"
    head = "request line and headers"
    body = "the body"


class StopParsing(Exception):
    """Ends the parsing of a request from within a callback of the parser."""


class Received:
    """One connection's request as it comes in.

    Attributes:
        phase: what is being received.
        moved: after the latest bytes, another part of a request is due than before them.
        refusal: what it means when the parser stops with an error.
    """

    __slots__ = (
        "_body_came",
        "_framing_size",
        "_head_size",
        "_known",
        "_limits",
        "_wire_size",
        "moved",
        "phase",
        "refusal",
    )

    def __init__(self, limits: ConnectionLimits) -> None:
        self.phase = Phase.between
        self.moved = False
        self.refusal = MALFORMED
        self._limits = limits
        self._known: Phase | None = None
        """The phase that the latest bytes ended in; None when a request began in the ones that come."""
        self._head_size = 0
        self._wire_size = 0
        self._framing_size = 0
        self._body_came = False

    # ------------------------------------------------------------------ as the parser tells it
    def begin(self) -> None:
        """A request begins."""
        self.phase = Phase.head
        self._known = None
        self._head_size = self._wire_size = self._framing_size = 0

    def address(self, size: int) -> None:
        """The request's address is `size` bytes long so far."""
        if size > self._limits.request_line_bytes:
            self._refuse(REQUEST_LINE_TOO_LONG)

    def header(self, size: int) -> None:
        """One more header."""
        self._head_size += size
        if self._head_size > self._limits.header_bytes:
            self._refuse(HEADERS_TOO_LARGE)

    def framed(self, headers: Sequence[tuple[bytes, bytes]], http_version: str) -> None:
        """The headers are complete: they must say where the request ends."""
        if is_ambiguous(headers, http_version):
            self._refuse(MALFORMED)

    def head_ended(self) -> None:
        """The headers made sense; the body is due."""
        self.phase = Phase.body

    def body(self) -> None:
        """A piece of the body has come."""
        self._body_came = True

    def ended(self) -> None:
        """The request is complete."""
        self.phase = Phase.between

    def _refuse(self, refusal: Refused) -> None:
        self.refusal = refusal
        raise StopParsing

    # ------------------------------------------------------------------ as the socket gives it
    def starts(self) -> None:
        """Bytes have come and are about to be parsed."""
        self._body_came = False

    def took(self, size: int) -> Refused | None:
        """`size` bytes came and made sense: hold the sizes that no callback of the parser sees."""
        refusal = self._excess(size)
        self.moved = self.phase is not self._known or self.phase is Phase.between
        self._known = self.phase
        return refusal

    def _excess(self, size: int) -> Refused | None:
        limits = self._limits
        if self.phase is Phase.head and self._known is Phase.head:
            # One long header is told when it is whole: until then only what came in counts.
            self._wire_size += size
            return HEADERS_TOO_LARGE if self._wire_size > limits.request_line_bytes + limits.header_bytes else None
        if self.phase is Phase.body:
            self._wire_size += size
            self._framing_size += 0 if self._body_came else size
            if self._wire_size > limits.wire_bytes or self._framing_size > limits.header_bytes:
                return BODY_TOO_LARGE
        return None
