"""Where a network cuts an answer into packets changes nothing of it."""

import gzip
import itertools
import json
from collections.abc import Coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.providers.http1 import Http1Reply
from hotspare.providers.http1_exchange import Exchange
from hotspare.router.trigger import AttemptFailed

TEXT = json.dumps({"id": "c1", "choices": [{"message": {"content": "grüße \U0001f44b\r\n0\r\n\r\n"}}]}).encode()
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\n"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunked(*pieces: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + last


def sized(body: bytes, head: bytes = OK) -> bytes:
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


OPENAI = [
    b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n',
    b'data: {"choices":[{"delta":{"content":"h\xc3\xa9"}}]}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
    b"data: [DONE]\n\n",
]
ANTHROPIC = [
    b'event: message_start\r\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3}}}\r\n\r\n',
    b'event: ping\r\ndata: {"type": "ping"}\r\n\r\n',
    b'event: content_block_delta\r\ndata: {"type":"content_block_delta","delta":{"text":"hi"}}\r\n\r\n',
    b'event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n',
]

RECORDED = {
    "sized": sized(TEXT),
    "sized, kept by HTTP/1.0": sized(TEXT, b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"),
    "empty": sized(b"", b"HTTP/1.1 500 Internal Server Error\r\nRetry-After: 3 \r\n"),
    "chunked": OK + b"transfer-encoding: chunked\r\n\r\n" + chunked(TEXT[:7], TEXT[7:]),
    "chunked with extensions and trailers": OK
    + b'transfer-encoding: chunked\r\n\r\n5;a="b;c"\r\nhello\r\n0\r\nx-late: 1\r\ncontent-type: x/y\r\n\r\n',
    "gzip": sized(gzip.compress(TEXT), OK + b"content-encoding: gzip\r\n"),
    "gzip, chunked": OK
    + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    + chunked(gzip.compress(TEXT)[:9], gzip.compress(TEXT)[9:]),
    "until the end": OK + b"\r\n" + TEXT,
    "until the end, HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + TEXT,
    "OpenAI's stream": STREAM + chunked(*OPENAI),
    "OpenAI's stream, otherwise chunked": STREAM + chunked(b"".join(OPENAI)[:50], b"".join(OPENAI)[50:]),
    "Anthropic's stream": STREAM + chunked(*ANTHROPIC),
    "Anthropic's stream, until the end": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    + b"".join(ANTHROPIC),
    "after interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n" + sized(TEXT),
    "no content": b"HTTP/1.1 204 No Content\r\nx-a: 1\r\nX-A: 2\r\n\r\n",
    "surplus": sized(TEXT) + sized(b"STALE", b"HTTP/1.1 500 Stale\r\ncontent-type: text/stale\r\n"),
    "surplus of garbage": sized(TEXT) + b"garbage",
    "surplus behind chunks": STREAM + chunked(*OPENAI) + sized(b"STALE"),
    "short": OK + b"content-length: 50\r\n\r\nshort",
    "short chunks": STREAM + chunked(*OPENAI, last=b""),
    "short head": OK + b"content-len",
    "wrong chunks": STREAM + chunked(*OPENAI, last=b"zz\r\n"),
    "wrong gzip": sized(b"\x1f\x8b\x08nonsense" * 4, OK + b"content-encoding: gzip\r\n"),
    "short gzip": sized(gzip.compress(TEXT)[:-9], OK + b"content-encoding: gzip\r\n"),
    "two lengths": OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\nhi",
    "length and chunks": OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded": OK + b"x-f: a\r\n b\r\ncontent-length: 2\r\n\r\nhi",
    "an upgrade": b"HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz",
    "no HTTP": b"220 mail.test ESMTP\r\n",
    "many headers": OK + b"".join(b"x-%d:\r\n" % number for number in range(2000)) + b"content-length: 0\r\n\r\n",
}


def at_once(coroutine: Coroutine[None, None, bytes]) -> bytes | None:
    """What it gives without ever waiting; None at the end of an iteration."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    except StopAsyncIteration:
        return None
    raise AssertionError("it waits")


def read(packets: list[bytes], connection) -> tuple:
    """Status, headers, body and failure of an answer that comes in these packets, and whether it may be used again."""
    exchange = Exchange(connection)
    for packet in packets:
        if not exchange.over:
            exchange.feed(packet)
        elif packet:
            exchange.reusable = False  # as its connection has it
    if not exchange.over:
        exchange.lost(None)
    body, failure = b"", None
    try:
        at_once(exchange.head())
        chunks = Http1Reply(exchange).chunks()
        while (piece := at_once(anext(chunks))) is not None:
            body += piece
    except AttemptFailed as caught:
        failure = (caught.trigger, caught.message)
    return exchange.status, exchange.headers if exchange.status else {}, body, failure, exchange.reusable


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(places), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("name", RECORDED)
def test_an_answer_in_bytes_is_the_answer_in_one_packet(name, fake_connection):
    raw = RECORDED[name]
    assert read([raw[at : at + 1] for at in range(len(raw))], fake_connection) == read([raw], fake_connection)


@pytest.mark.parametrize("name", RECORDED)
def test_an_answer_in_two_packets_is_the_answer_in_one(name, fake_connection):
    raw = RECORDED[name]
    whole = read([raw], fake_connection)
    step = 1 + len(raw) // 200
    assert all(read([raw[:at], raw[at:]], fake_connection) == whole for at in range(1, len(raw), step))


@given(name=st.sampled_from(sorted(RECORDED)), data=st.data())
def test_an_answer_cut_anywhere_is_the_answer_in_one_packet(name, data, fake_connection):
    raw = RECORDED[name]
    places = data.draw(st.lists(st.integers(1, len(raw) - 1), max_size=12))
    assert read(cut(raw, places), fake_connection) == read([raw], fake_connection)


@pytest.mark.parametrize(
    ("name", "body"),
    [(name, TEXT) for name in RECORDED if name.partition(",")[0] in {"sized", "chunked", "gzip", "until the end"}]
    + [(name, b"".join(OPENAI)) for name in RECORDED if name.startswith("OpenAI")]
    + [(name, b"".join(ANTHROPIC)) for name in RECORDED if name.startswith("Anthropic")]
    + [("chunked with extensions and trailers", b"hello"), ("surplus", TEXT), ("after interim answers", TEXT)],
)
def test_what_the_answers_are(name, body, fake_connection):
    status, _, read_body, failure, _ = read([RECORDED[name]], fake_connection)
    assert (status, read_body, failure) == (200, body, None)


@given(garbage=st.binary(max_size=400), places=st.lists(st.integers(1, 399), max_size=6))
def test_garbage_never_raises_anything_but_a_failed_attempt(garbage, places, fake_connection):
    for head in (b"", OK, STREAM, OK + b"content-encoding: gzip\r\n\r\n"):
        read(cut(head + garbage, [place for place in places if place < len(head + garbage)]), fake_connection)
