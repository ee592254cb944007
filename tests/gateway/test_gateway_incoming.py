"""The bounds of what one connection may send, to the byte, however its bytes are cut."""

import pytest

from hotspare.gateway.incoming import Incoming
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.refusal import BODY_TOO_LARGE, HEADERS_TOO_LARGE, REQUEST_LINE_TOO_LONG

LIMITS = ConnectionLimits(request_line_bytes=50, header_bytes=100, wire_bytes=303)
START = b"POST /x HTTP/1.1\r\n"
CHUNKED = START + b"transfer-encoding: chunked\r\n\r\n"


class Kept:
    """Who is told, and keeps it."""

    def __init__(self):
        self.heads, self.body, self.ended = [], b"", 0

    def head_came(self, head):
        self.heads.append(head)

    def body_came(self, piece):
        self.body += piece

    def body_ended(self):
        self.ended += 1


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def incoming(kept):
    return Incoming(kept, LIMITS)


def fed(incoming, *pieces):
    """What the first of these pieces is refused with that is refused."""
    return next((refusal for piece in pieces if (refusal := incoming.feed(piece)) is not None), None)


def bytewise(data):
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize(("path", "refused"), [(b"/" + b"p" * 49, None), (b"/" + b"p" * 50, REQUEST_LINE_TOO_LONG)])
def test_an_address_may_be_as_long_as_its_bound(incoming, path, refused):
    assert fed(incoming, b"GET " + path + b" HTTP/1.1\r\n\r\n") == refused


@pytest.mark.parametrize(("length", "refused"), [(91, None), (92, HEADERS_TOO_LARGE)])
def test_headers_may_be_as_large_as_their_bound_with_what_is_between_them(incoming, length, refused):
    name, between = b"x-big", 4
    assert len(name) + 91 + between == LIMITS.header_bytes
    assert fed(incoming, START + name + b": " + b"v" * length + b"\r\n\r\n") == refused


def test_one_header_that_never_ends_is_refused_however_slowly_it_comes(incoming, kept):
    pieces = [START + b"x: ", *[b"v"] * 200]
    assert fed(incoming, *pieces[:151]) is None
    assert fed(incoming, *pieces[151:]) == HEADERS_TOO_LARGE
    assert not kept.heads


def test_headers_under_their_bound_are_taken_byte_by_byte(incoming, kept):
    assert fed(incoming, *bytewise(START + b"x-big: " + b"v" * 91 + b"\r\n\r\n")) is None
    assert len(kept.heads) == 1


def test_a_request_behind_another_has_all_the_room_for_itself(incoming, kept):
    one = START + b"content-length: 2\r\nx-big: " + b"v" * 60 + b"\r\n\r\nhi"
    assert fed(incoming, *bytewise(one * 3)) is None
    assert (len(kept.heads), kept.body, kept.ended) == (3, b"hi" * 3, 3)


def test_chunks_that_are_nothing_but_framing_are_refused_at_the_bound_of_headers(incoming, kept):
    assert fed(incoming, CHUNKED, b"1;" + b"e" * (LIMITS.header_bytes - len(CHUNKED) - 2)) is None
    assert fed(incoming, b"e") == BODY_TOO_LARGE
    assert kept.body == b""


def test_a_body_is_refused_at_the_bound_of_the_wire(incoming, kept):
    chunk = b"a\r\n0123456789\r\n"
    assert len(CHUNKED) + len(chunk) * 17 == LIMITS.wire_bytes
    assert fed(incoming, CHUNKED, *[chunk] * 17) is None
    assert kept.body == b"0123456789" * 17
    assert fed(incoming, b"1") == BODY_TOO_LARGE


@pytest.mark.parametrize("cut", [bytewise, lambda data: [data]])
def test_a_trailer_is_in_no_list_of_headers(incoming, kept, cut):
    for piece in cut(CHUNKED + b"1\r\nx\r\n0\r\nhost: evil\r\n\r\n"):
        assert incoming.feed(piece) is None
    [head] = kept.heads
    assert list(head.headers) == ["transfer-encoding"]
    assert head.lines == [(b"transfer-encoding", b"chunked")]
    assert (kept.body, kept.ended) == (b"x", 1)


@pytest.mark.parametrize(
    ("version", "header", "stays"),
    [
        (b"1.1", b"x: 1", True),
        (b"1.1", b"connection: close", False),
        (b"1.1", b"expect: 100-continue", False),
        (b"1.0", b"x: 1", False),
        (b"1.0", b"connection: keep-alive", False),
    ],
)
def test_a_connection_stays_where_both_sides_know_where_the_next_request_begins(incoming, kept, version, header, stays):
    assert fed(incoming, b"GET / HTTP/" + version + b"\r\n" + header + b"\r\n\r\n") is None
    [head] = kept.heads
    assert head.stays is stays


@pytest.mark.parametrize("cut", [bytewise, lambda data: [data]])
def test_a_wish_for_another_protocol_is_one_request_with_its_body(incoming, kept, cut):
    wish = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: x\r\n"
    assert fed(incoming, *cut(START + wish + b"content-length: 2\r\n\r\nhi")) is None
    [head] = kept.heads
    assert head.headers == {"content-length": "2"}
    assert (kept.body, kept.ended) == (b"hi", 1)


def test_an_address_reads_as_it_was_meant_and_is_kept_as_it_came(incoming, kept):
    assert fed(incoming, b"GET /a%20b?c=%20 HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n") is None
    assert [(head.path, head.raw_path, head.query) for head in kept.heads] == [
        ("/a b", b"/a%20b", b"c=%20"),
        ("/a", b"/a", b""),
    ]
