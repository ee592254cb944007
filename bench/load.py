"""The applications of this bench: a closed loop of requests over some connections, as cheap as Python allows.

Reads one job a line from standard input, answers each with one line of JSON; ends with its input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import bodies
import uvloop

_GOOD = b"HTTP/1.1 200"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_STREAM_END = b"\r\n0\r\n\r\n"
_STAMP_MARK = b'"system_fingerprint":"'
LONGEST_SECONDS = 60.0


@dataclass(slots=True)
class Job:
    """What is to be asked: `requests` in all, `connections` at a time, begun `stagger_seconds` apart in all."""

    url: str
    chain: str
    requests: int
    connections: int
    stream: bool = False
    large: bool = False
    stagger_seconds: float = 0.0


@dataclass(slots=True)
class Result:
    """What came of it, in milliseconds: requests, and (of stamped streams) how long each event was on its way."""

    requests: int = 0
    bad: int = 0
    seconds: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    event_p50_ms: float = 0.0
    event_p99_ms: float = 0.0
    took: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)


class Application(asyncio.Protocol):
    """One connection: asks again as long as there is something to ask."""

    def __init__(self, data: bytes, *, stream: bool, asks: Callable[[], bool], result: Result) -> None:
        self._data = data
        self._stream = stream
        self._asks = asks
        self._result = result
        self._got = b""
        self._good = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        del error
        if not self.done.done():
            self._result.bad += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        if not self._asks():
            self.done.set_result(None)
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(self._data)

    def data_received(self, data: bytes) -> None:
        if self._stream:
            self._note_events(data)
            self._got = self._got[-16:] + data if self._got else data
            if not self._got.endswith(_STREAM_END):
                return
            good = self._good
        else:
            self._got += data
            end = self._got.find(_HEAD_END)
            if end < 0:
                return
            begin = self._got.index(_LENGTH) + len(_LENGTH)
            length = int(self._got[begin : self._got.index(b"\r", begin)])
            if len(self._got) < end + len(_HEAD_END) + length:
                return
            good = self._got.startswith(_GOOD)
        self._got = b""
        self._result.took.append(time.perf_counter() - self._began)
        self._result.bad += not good
        self._ask()

    def _note_events(self, data: bytes) -> None:
        if not self._got:
            self._good = data.startswith(_GOOD)
        now, at = time.monotonic_ns(), 0
        while (at := data.find(_STAMP_MARK, at)) >= 0:
            at += len(_STAMP_MARK)
            stamp = data[at : at + len(bodies.STAMP)]
            if len(stamp) == len(bodies.STAMP):
                self._result.events.append((now - int(stamp)) / 1e6)


def percentile(values: list[float], share: float) -> float:
    """Of a sorted list."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def carry_out(job: Job) -> Result:
    """One job."""
    place = urlsplit(job.url)
    body = bodies.request(job.chain, stream=job.stream, large=job.large)
    head = f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\nauthorization: Bearer sk-bench\r\n"
    head += f"content-type: application/json\r\nuser-agent: bench/1\r\ncontent-length: {len(body)}\r\n\r\n"
    left, result = iter(range(job.requests)), Result()
    loop = asyncio.get_running_loop()

    async def connection(number: int) -> None:
        await asyncio.sleep(job.stagger_seconds * number / job.connections)
        _, application = await loop.create_connection(
            lambda: Application(
                head.encode() + body, stream=job.stream, asks=lambda: next(left, None) is not None, result=result
            ),
            place.hostname or "",
            place.port or 80,
        )
        await application.done

    began = time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS + job.stagger_seconds):
        await asyncio.gather(*map(connection, range(job.connections)))
    result.seconds = time.perf_counter() - began
    return result


def summed_up(result: Result) -> dict[str, float]:
    """Without the single values."""
    took, events = sorted(result.took), sorted(result.events)
    result.requests = len(took)
    result.p50_ms, result.p99_ms = percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000
    result.event_p50_ms, result.event_p99_ms = percentile(events, 0.5), percentile(events, 0.99)
    result.took, result.events = [], []
    return asdict(result)


async def main() -> None:
    """Job after job."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        result = await carry_out(Job(**json.loads(line)))
        print(json.dumps(summed_up(result)), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
