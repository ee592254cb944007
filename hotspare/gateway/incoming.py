"""Read the requests of one connection from its bytes, and hold each part of them to its bounds.

It parses, counts and compares; what follows from that is the connection's to do.
"""

from enum import Enum
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

import httptools

from hotspare.gateway.framing import is_ambiguous
from hotspare.gateway.head import Head
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.refusal import (
    BODY_TOO_LARGE,
    HEADERS_TOO_LARGE,
    MALFORMED,
    REQUEST_LINE_TOO_LONG,
    Refused,
)

_LINE_BYTES = 4
"""Of a header's line beside its name and value."""
_UPGRADE_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Phase(Enum):
    """What of a request is being received."""

    between = "between two requests"
    head = "request line and headers"
    body = "the body"


_BETWEEN, _HEAD, _BODY = Phase


class _StopParsing(Exception):
    """Ends the parsing of a request from within a callback of the parser."""


class Taker(Protocol):
    """Who is told of the requests, part by part."""

    def head_came(self, head: Head) -> None: ...
    def body_came(self, piece: bytes) -> None: ...
    def body_ended(self) -> None: ...


class Incoming:
    """See the module. The `on_…` methods are httptools' names.

    Attributes:
        phase: what is being received.
        moved: after the latest bytes, another part of a request is due than before them.
    """

    __slots__ = (
        "_body_came", "_framing_size", "_head_size", "_known", "_limits", "_lines", "_parser", "_refusal", "_taker",
        "_url", "_wire_size", "moved", "phase",
    )  # fmt: skip

    def __init__(self, taker: Taker, limits: ConnectionLimits) -> None:
        self.phase = _BETWEEN
        self.moved = False
        self._taker = taker
        self._limits = limits
        self._parser = self._new_parser()
        self._refusal = MALFORMED
        self._known: Phase | None = None
        """The phase that the latest bytes ended in; None when a request began in the ones that come."""
        self._url = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._head_size = self._wire_size = self._framing_size = 0
        self._body_came = False

    def feed(self, data: bytes) -> Refused | None:
        """Take what came; what to answer where it makes no sense or is too much."""
        self._body_came = False
        try:
            self._parse(data)
        except httptools.HttpParserError:
            return self._refusal
        refusal = None if self.phase is _BETWEEN else self._excess(len(data))
        self.moved = self.phase is not self._known or self.phase is _BETWEEN
        self._known = self.phase
        return refusal

    def _new_parser(self) -> Any:
        """One that reads on after a request that was said to be the last: what comes then is for us to refuse."""
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _parse(self, data: bytes) -> None:
        """Feed the parser. A request that wishes for another protocol (Java's client does) is read again without the
        wish, which a server may ignore: the parser would take its body for that protocol.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            offset: int = wish.args[0]
            head = self._head_without_upgrade()
            self._parser = self._new_parser()
            self._parser.feed_data(head + data[offset:])

    def _head_without_upgrade(self) -> bytes:
        lines = [self._parser.get_method() + b" " + self._url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self._lines if name.lower() not in _UPGRADE_HEADERS]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _excess(self, size: int) -> Refused | None:
        """The sizes that no callback of the parser sees."""
        limits = self._limits
        if self.phase is _HEAD and self._known is _HEAD:
            # One long header is told when it is whole: until then only what came in counts.
            self._wire_size += size
            return HEADERS_TOO_LARGE if self._wire_size > limits.request_line_bytes + limits.header_bytes else None
        if self.phase is _BODY:
            self._wire_size += size
            self._framing_size += 0 if self._body_came else size
            if self._wire_size > limits.wire_bytes or self._framing_size > limits.header_bytes:
                return BODY_TOO_LARGE
        return None

    def _refuse(self, refusal: Refused) -> None:
        self._refusal = refusal
        raise _StopParsing

    # ------------------------------------------------------------------ the parser speaks
    def on_message_begin(self) -> None:
        self.phase = _HEAD
        self._known = None
        self._url = b""
        self._lines = []
        self._head_size = self._wire_size = self._framing_size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > self._limits.request_line_bytes:
            self._refuse(REQUEST_LINE_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase is not _HEAD:
            return  # a trailer: it comes after the checks of the headers, so it must not become one
        self._head_size += len(name) + len(value) + _LINE_BYTES
        if self._head_size > self._limits.header_bytes:
            self._refuse(HEADERS_TOO_LARGE)
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        parser, lines = self._parser, self._lines
        if parser.should_upgrade() and parser.get_method() != b"CONNECT":
            return  # it wishes for another protocol
        version = parser.get_http_version()
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in lines}
        if is_ambiguous(headers, lines, version):
            self._refuse(MALFORMED)
        path, raw_path, query = _place(self._url)
        expects_100 = headers.get("expect", "").lower() == "100-continue"
        # After an early refusal nobody knows whether the body will still come, so nothing may follow it.
        stays = version != "1.0" and parser.should_keep_alive() and not expects_100
        method = parser.get_method().decode("ascii")
        self._taker.head_came(Head(method, path, raw_path, query, version, lines, headers, stays, expects_100))
        self.phase = _BODY

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        self._taker.body_came(body)

    def on_message_complete(self) -> None:
        if self.phase is _HEAD:
            return  # a wish for another protocol: the parser takes its headers for the whole request
        self.phase = _BETWEEN
        self._taker.body_ended()


@lru_cache(256)
def _place(url: bytes) -> tuple[str, bytes, bytes]:
    """The path of an address, as it reads and as it came, and its query; callers ask at few."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return (unquote(path) if "%" in path else path), parsed.path, parsed.query or b""
