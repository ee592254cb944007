"""The far end of `hotspare attach HOST`: runs there, behind ssh, and hands the instance's socket on over standard input
and output. Many calls share the one pipe, each on a channel of its own.

On the pipe: one line of JSON that greets, then frames: channel, kind and length, and so many bytes. Quick to load: it
knows no screen, no server and no loop.
"""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from hotspare.app.version import version

PROTOCOL = 1
GREETING = "hotspare-relay"

HEAD = struct.Struct(">IBI")
DATA = 0
END = 1
"""The channel is over; what the frame holds is the reason, if there is one."""
PIECE_BYTES = 65_536


def greeting(name: str) -> bytes:
    """The first line: which instance is at this end."""
    told = {GREETING: PROTOCOL, "version": version(), "instance": name}
    return json.dumps(told).encode() + b"\n"


def frame(channel: int, kind: int, data: bytes = b"") -> bytes:
    """One frame as it stands on the pipe."""
    return HEAD.pack(channel, kind, len(data)) + data


@dataclass(slots=True)
class Relay:
    """Hands frames on between the pipe and the socket, until the pipe ends."""

    path: Path
    source: IO[bytes]
    target: int
    """The descriptor that is written to."""
    _channels: dict[int, socket.socket] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Until the other side leaves."""
        try:
            while head := self.source.read(HEAD.size):
                channel, kind, length = HEAD.unpack(head)
                self._take(channel, kind, self.source.read(length))
        except (OSError, struct.error):
            return  # the pipe broke: there is nobody to tell

    def _take(self, channel: int, kind: int, data: bytes) -> None:
        opened = self._channels.get(channel) or (self._open(channel) if kind == DATA else None)
        if opened is None:
            return
        try:
            if kind == END:
                opened.shutdown(socket.SHUT_RDWR)
            else:
                opened.sendall(data)
        except OSError:
            return  # the instance has left; the channel's reader says so

    def _open(self, channel: int) -> socket.socket | None:
        """Connect; the instance's side is read by a thread, so that a slow answer holds up nobody else's."""
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.connect(str(self.path))
        except OSError as error:
            opened.close()
            gone = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            self._send(channel, END, b"it does not run" if gone else (error.strerror or str(error)).encode())
            return None
        self._channels[channel] = opened
        threading.Thread(target=self._read, args=(channel, opened), name=f"channel {channel}", daemon=True).start()
        return opened

    def _read(self, channel: int, opened: socket.socket) -> None:
        try:
            while data := opened.recv(PIECE_BYTES):
                self._send(channel, DATA, data)
        except OSError:
            pass
        self._channels.pop(channel, None)
        opened.close()
        self._send(channel, END)

    def _send(self, channel: int, kind: int, data: bytes = b"") -> None:
        with self._turn, suppress(OSError):  # the pipe broke: the end of its input ends us
            write_all(self.target, frame(channel, kind, data))


def write_all(descriptor: int, data: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
    """Write all of it: a pipe takes what it has room for."""
    while data:
        data = data[write(descriptor, data) :]
