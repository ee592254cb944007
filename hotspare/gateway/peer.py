"""Who is at the other end of a unix socket, as the kernel says: the one authentication of the admin surface."""

import pwd
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Protocol

EXTENSION = "hotspare.peer"
"""Under this name a Connection puts the peer into the scope's extensions."""


class _HasOptions(Protocol):
    def getsockopt(self, level: int, option: int, length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, at the time it did. `pid` is 0 where the system does not tell."""

    uid: int
    gid: int
    pid: int

    @property
    def user(self) -> str:
        """The user's name; "uid 1234" where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"


def peer_of(connected: _HasOptions) -> Peer | None:
    """The peer of a connected unix socket; None where the system does not say."""
    try:
        return _peer_on_macos(connected) if sys.platform == "darwin" else _peer_on_linux(connected)
    except (OSError, struct.error):
        return None


def _peer_on_linux(connected: _HasOptions) -> Peer:
    ucred = struct.Struct("=iII")  # pid, uid, gid
    pid, uid, gid = ucred.unpack(connected.getsockopt(socket.SOL_SOCKET, 17, ucred.size))  # 17: SO_PEERCRED
    return Peer(uid, gid, pid)


def _peer_on_macos(connected: _HasOptions) -> Peer:
    xucred = struct.Struct("=IIh2x16I")  # version, uid, number of groups, groups
    _version, uid, _count, gid, *_others = xucred.unpack(connected.getsockopt(0, 1, xucred.size))  # LOCAL_PEERCRED
    (pid,) = struct.unpack("=i", connected.getsockopt(0, 2, 4))  # LOCAL_PEERPID
    return Peer(uid, gid, pid)
