"""An attempt that failed leaves no connection open: the provider hears at once that nobody waits for the rest."""

import asyncio

import pytest

from hotspare.providers.carrier import ANSWER_BYTES
from hotspare.router.trigger import AttemptFailed, Trigger

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n"
ERROR = b'data: {"error": {"message": "Overloaded", "code": 503}}\n\n'
BIG = b"x" * (1 << 20)


def chunk(piece):
    return b"%x\r\n%b\r\n" % (len(piece), piece)


ENDS = {
    "says nothing": (True, (), Trigger.timeout, None),
    "head only": (True, (STREAM,), Trigger.timeout, 200),
    "an error first": (True, (STREAM, chunk(ERROR)), Trigger.overloaded, 503),
    "half a body": (False, (JSON, b"{"), Trigger.timeout, 200),
    "a body in place of events": (True, (JSON, b"{"), Trigger.timeout, 200),
    "too large": (False, (JSON, *[BIG] * (1 + (ANSWER_BYTES >> 20))), Trigger.malformed, 200),
    "an encoding nobody asked for": (
        False, (JSON.replace(b"\r\n\r\n", b"\r\ncontent-encoding: br\r\n\r\n"),), Trigger.malformed, 200
    ),
    "half an error": (False, (b"HTTP/1.1 503 X\r\ncontent-length: 99\r\n\r\n{",), Trigger.overloaded, 503),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
async def test_a_failed_attempt_ends_its_connection(provider, carry, name):
    stream, parts, trigger, status = ENDS[name]
    closed = asyncio.Event()

    async def serve(x):
        try:
            await x.send(*parts)
            await x.until_closed()
        finally:
            closed.set()

    provider.does(serve)
    with pytest.raises(AttemptFailed) as found:
        await carry(stream=stream, first_content_seconds=0.3, attempt_seconds=9.0 if name == "too large" else 0.3)
    assert (found.value.trigger, found.value.status) == (trigger, status)
    await asyncio.wait_for(closed.wait(), 5)
