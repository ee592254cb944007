"""An attempt that failed leaves no connection open: the provider hears at once that nobody waits for the rest."""

import asyncio
import subprocess
import sys

import pytest

from hotspare.providers.carrier import ANSWER_BYTES
from hotspare.router.trigger import AttemptFailed, Trigger

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n"
ERROR = b'data: {"error": {"message": "Overloaded", "code": 503}}\n\n'
BIG = b"x" * (1 << 20)


def chunk(piece):
    return b"%x\r\n%b\r\n" % (len(piece), piece)


FAILURES = {
    "an error first": (True, (STREAM, chunk(ERROR)), Trigger.overloaded, 503),
    "too large": (False, (JSON, *[BIG] * (1 + (ANSWER_BYTES >> 20))), Trigger.malformed, 200),
    "an encoding nobody asked for": (
        False, (JSON.replace(b"\r\n\r\n", b"\r\ncontent-encoding: br\r\n\r\n"),), Trigger.malformed, 200
    ),
    "too large a head": (
        False, (JSON.replace(b"\r\n\r\n", b"\r\nx-a: " + b"x" * 70_000 + b"\r\n\r\n"),), Trigger.malformed, None
    ),
    "half an error": (False, (b"HTTP/1.1 503 X\r\ncontent-length: 99\r\n\r\n{",), Trigger.overloaded, 503),
}  # fmt: skip

WAITS = {
    "nothing": (True, ()),
    "a head": (True, (STREAM,)),
    "half a body": (False, (JSON, b"{")),
    "a body in place of events": (True, (JSON, b"{")),
}


@pytest.fixture
def play(provider):
    """Have the provider send these parts and wait; when it has, and when its connection is gone."""

    def play(*parts):
        sent, closed = asyncio.Event(), asyncio.Event()

        async def serve(x):
            try:
                await x.send(*parts)
                sent.set()
                await x.until_closed()
            finally:
                closed.set()

        provider.does(serve)
        return sent, closed

    return play


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failed_attempt_ends_its_connection(play, carry, name):
    stream, parts, trigger, status = FAILURES[name]
    _, closed = play(*parts)
    with pytest.raises(AttemptFailed) as found:
        await carry(stream=stream, deadline_seconds=30.0, first_content_seconds=30.0, attempt_seconds=30.0)
    assert (found.value.trigger, found.value.status) == (trigger, status)
    await asyncio.wait_for(closed.wait(), 10)


@pytest.mark.parametrize("name", WAITS)
async def test_so_does_one_that_nobody_waits_for_any_more(play, carry, name):
    stream, parts = WAITS[name]
    sent, closed = play(*parts)
    limits = {"deadline_seconds": 30.0, "first_content_seconds": 30.0, "attempt_seconds": 30.0}
    calling = asyncio.create_task(carry(stream=stream, **limits))
    await asyncio.wait_for(sent.wait(), 10)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.wait_for(closed.wait(), 10)


def test_no_request_waits_for_the_library_that_reaches_its_model():
    script = """
import sys
from hotspare.dialects.endpoint import Endpoint
from hotspare.providers.carrier import ProviderCarrier
places = [Endpoint("m", "p", "openai", "http://x/v1", "id", (), transport=name) for name in ("auto", "httpx")]
carrier = ProviderCarrier({"m": places[0]})
assert "httpx" not in sys.modules
carrier.reload({"m": places[1]})
assert "httpx" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=50)
