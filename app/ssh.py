"""The way to an instance on another machine: one `ssh` that runs `hotspare relay` there, and a channel of it a call.

Nothing listens on either side, and nothing has to be allowed on the other one but running a command. It is begun once
before the screen is drawn, when ssh may still ask for a password; what it loses later it begins anew by itself.
"""

import asyncio
import json
import shlex
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from hotspare.app.relay import DATA, END, GREETING, HEAD, PIECE_BYTES, PROTOCOL, frame
from hotspare.app.way import Writer
from hotspare.router.error import HotspareError

QUIET = ("-o", "BatchMode=yes")
OPTIONS = (
    "-T", "-x", "-a", "-C",
    "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=3",
    "-o", "ClearAllForwardings=yes",
    "-o", "RemoteCommand=none",
    "-o", "ControlMaster=no",  # a master in the background would hold our pipes open
)  # fmt: skip
AGAIN_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Between tries to begin anew; the last one stays."""
GREETING_SECONDS = 30.0
END_SECONDS = 2.0
MOST_LINES_BEFORE = 200
"""Of a shell that speaks when it is begun."""
MOST_PIECE_BYTES = 2 * PIECE_BYTES
NOT_FOUND = 127
NOT_REACHED = 255


class NotAttached(HotspareError):
    """There is no way to an instance on that machine."""

    exit_code = 3
    words = ""
    """The last ones of ssh, or of Hotspare there."""


@dataclass(frozen=True, slots=True)
class Far:
    """What is to be reached: the machine as ssh knows it, the instance ("" for the only one), and how Hotspare is
    called there, as the shell there reads it.
    """

    host: str
    instance: str = ""
    program: str = "hotspare"

    def command(self, options: Sequence[str] = ()) -> list[str]:
        """The ssh to run."""
        instance = f" --instance {shlex.quote(self.instance)}" if self.instance else ""
        return ["ssh", *OPTIONS, *options, "--", self.host, f"{self.program} relay{instance}"]


class _Channel:
    """One call's connection."""

    def __init__(self, number: int, send: Callable[[bytes], None], closed: Callable[[int], None]) -> None:
        self._number = number
        self._send = send
        self._closed = closed
        self.reader = asyncio.StreamReader()

    def write(self, data: bytes) -> None:
        self._send(frame(self._number, DATA, data))

    def close(self) -> None:
        self._send(frame(self._number, END))
        self._closed(self._number)


class Tunnel:
    """One running ssh with the relay at its far end.

    Attributes:
        greeting: what the relay said of itself.
        heard: is told every line of its standard error; None: nobody is.
    """

    def __init__(self, host: str, process: asyncio.subprocess.Process, heard: Callable[[str], None] | None) -> None:
        self._host = host
        self._process = process
        self.heard = heard
        self._channels: dict[int, _Channel] = {}
        self._last = 0
        self.greeting: dict[str, Any] = {}
        self._last_words = ""
        self._listening = asyncio.create_task(self._listen(), name="ssh's words")

    def open(self) -> tuple[asyncio.StreamReader, Writer]:
        """A channel to the instance's socket."""
        self._last += 1
        channel = _Channel(self._last, self._send, self._forget)
        self._channels[self._last] = channel
        return channel.reader, channel

    async def greeted(self) -> None:
        """Wait for the relay's first line; a login shell may have said something before it.

        Raises:
            NotAttached: it ended, or something else is at the other end.
        """
        assert self._process.stdout is not None  # noqa: S101 - begun with pipes
        for _ in range(MOST_LINES_BEFORE):
            with suppress(ValueError):  # a line without end
                line = await self._process.stdout.readline()
                if not line:
                    raise await self._why_ended()
                if told := _greeting_in(line):
                    self.greeting = told
                    return
        raise NotAttached(f"what answers at {self._host} is no Hotspare", "see what runs when you log in there")

    async def run(self) -> None:
        """Hand what comes to its channel, until the tunnel ends; then every channel has."""
        assert self._process.stdout is not None  # noqa: S101 - begun with pipes
        try:
            while True:
                channel, kind, length = HEAD.unpack(await self._process.stdout.readexactly(HEAD.size))
                if length > MOST_PIECE_BYTES:
                    return
                self._take(channel, kind, await self._process.stdout.readexactly(length))
        except (asyncio.IncompleteReadError, OSError, struct.error):
            return
        finally:
            for number in list(self._channels):
                self._take(number, END, b"the connection was lost")

    async def aclose(self) -> None:
        """End ssh: it leaves when its input ends, and is made to if not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        ending = asyncio.create_task(self._ended(), name="ssh's end")
        if not (await asyncio.wait((ending,), timeout=END_SECONDS))[0]:
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait((ending,), timeout=END_SECONDS)
        for task in (ending, self._listening):
            task.cancel()
        await asyncio.wait((ending, self._listening))

    async def _ended(self) -> None:
        """Wait for its end; asyncio sees that only once all of its output is read."""
        assert self._process.stdout is not None  # noqa: S101 - begun with pipes
        with suppress(OSError, ValueError):
            while await self._process.stdout.read(PIECE_BYTES):
                pass
        await self._process.wait()

    def _take(self, number: int, kind: int, data: bytes) -> None:
        channel = self._channels.get(number)
        if channel is None:
            return
        if kind == DATA:
            channel.reader.feed_data(data)
            return
        if data:
            channel.reader.set_exception(ConnectionResetError(data.decode(errors="replace")))
        else:
            channel.reader.feed_eof()
        self._forget(number)

    def _send(self, data: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(data)

    def _forget(self, number: int) -> None:
        self._channels.pop(number, None)

    async def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - begun with pipes
        with suppress(OSError, ValueError):
            while line := await self._process.stderr.readline():
                if words := line.decode(errors="replace").strip():
                    self._last_words = words
                    if self.heard is not None:
                        self.heard(words)

    async def _why_ended(self) -> NotAttached:
        """What is to be told of an ssh that ended before the relay greeted; its own words were told as they came."""
        await asyncio.wait((self._listening,), timeout=END_SECONDS)
        code = await self._process.wait()
        if code == NOT_FOUND:
            error = NotAttached(f"hotspare was not found at {self._host}", "say how it is called there: --program PATH")
        elif code == NOT_REACHED:
            error = NotAttached(f"ssh did not get to {self._host}", f"try it alone: ssh {self._host} true")
        else:
            error = NotAttached(f"there is nothing to attach to at {self._host}")
            error.exit_code = code if code > 0 else NotAttached.exit_code
        error.words = self._last_words
        return error


class SshWay:
    """See `way.Way`: a tunnel that is begun anew whenever it was lost."""

    def __init__(self, far: Far, tunnel: Tunnel) -> None:
        self._far = far
        self._tunnel: Tunnel | None = tunnel
        self._why = ""
        self.instance = str(tunnel.greeting["instance"])

    @property
    def host(self) -> str:
        return self._far.host

    @property
    def where(self) -> str:
        return self._far.host

    async def connect(self) -> tuple[asyncio.StreamReader, Writer]:
        if self._tunnel is None:
            raise ConnectionResetError(self._why or "the connection was lost")
        return self._tunnel.open()

    async def keep(self) -> None:
        """Hold the way open, until cancelled."""
        tries = 0
        while True:
            if self._tunnel is not None:
                await self._tunnel.run()
                await self._lose()
                tries = 0
            await asyncio.sleep(AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)])
            tries += 1
            try:
                self._tunnel = await _begin(self._far, QUIET, alone=True, seconds=GREETING_SECONDS)
            except (NotAttached, OSError) as error:
                self._why = (error.words if isinstance(error, NotAttached) else "") or str(error)

    async def aclose(self) -> None:
        """End ssh."""
        await self._lose()

    async def _lose(self) -> None:
        tunnel, self._tunnel = self._tunnel, None
        self._why = ""
        if tunnel is not None:
            await tunnel.aclose()


@asynccontextmanager
async def reached(far: Far, *, heard: Callable[[str], None]) -> AsyncIterator[SshWay]:
    """The way there, while the block runs.

    Args:
        far: what is to be reached.
        heard: is told what ssh says until the relay has greeted.

    Raises:
        NotAttached: ssh or the relay ended before there was a way.
    """
    tunnel = await _begin(far, (), alone=False, seconds=None, heard=heard)
    # afterwards every call goes to the instance that was found first, also when another one is started there
    way = SshWay(Far(far.host, str(tunnel.greeting["instance"]), far.program), tunnel)
    keeping = asyncio.create_task(way.keep(), name="ssh")
    try:
        yield way
    finally:
        keeping.cancel()
        await asyncio.wait((keeping,))
        await way.aclose()


async def _begin(
    far: Far, options: Sequence[str], *, alone: bool, seconds: float | None, heard: Callable[[str], None] | None = None
) -> Tunnel:
    """Start ssh and wait for the greeting. `alone`: without the terminal, on which the screen is."""
    try:
        process = await asyncio.create_subprocess_exec(
            *far.command(options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=alone,
        )
    except FileNotFoundError:
        raise NotAttached("there is no ssh on this machine", "install OpenSSH's client") from None
    tunnel = Tunnel(far.host, process, heard)
    try:
        async with asyncio.timeout(seconds):
            await tunnel.greeted()
    except BaseException as error:
        await tunnel.aclose()
        if isinstance(error, TimeoutError):
            raise NotAttached(f"no greeting within {seconds:g} s") from None
        raise
    tunnel.heard = None
    return tunnel


def _greeting_in(line: bytes) -> dict[str, Any]:
    """The greeting, if the line is one.

    Raises:
        NotAttached: it is one of another version.
    """
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(told, dict) or GREETING not in told:
        return {}
    if told[GREETING] != PROTOCOL or not isinstance(told.get("instance"), str):
        raise NotAttached(f"there is Hotspare {told.get('version')} there, which speaks another way", "use one version")
    return told
