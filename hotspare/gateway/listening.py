"""The sockets that the gateway listens on: bound here, so that their options, modes and failures are ours to say.

The admin socket is made under umask 077 inside a folder of mode 0700: its permissions are its authentication.
"""

import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hotspare.gateway.port_holder import holder_of
from hotspare.router.error import HotspareError

BACKLOG = 2048
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
_TRIES_FOR_A_PORT = 8


class CannotListen(HotspareError):
    """An address that cannot be bound, with who holds it and what changes it."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind_tcp(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for a host and port. With 127.0.0.1 comes ::1, since `localhost` may mean either.

    Port 0 takes a free one, the same for both.

    Raises:
        CannotListen: the port is taken, or the host is not this machine's.
    """
    hosts = ("127.0.0.1", "::1") if host in {"127.0.0.1", "localhost"} else (host,)
    for left in reversed(range(_TRIES_FOR_A_PORT if port == 0 else 1)):
        try:
            return _bind_all(hosts, port)
        except OSError as error:
            if left == 0 or error.errno != errno.EADDRINUSE:
                raise _cannot_listen(error, host, port) from None
    raise AssertionError  # the loop ends by one of the two


def port_of(sockets: Sequence[socket.socket]) -> int:
    """The port that was bound."""
    port: int = sockets[0].getsockname()[1]
    return port


def bind_unix(path: Path) -> socket.socket:
    """A listening unix socket, 0600 in a folder of 0700. A file that nobody answers on is replaced.

    Raises:
        CannotListen: an instance answers there, or the place cannot be used.
    """
    try:
        _make_private_folder(path.parent)
        _remove_stale(path)
        return _bind_private(path)
    except OSError as error:
        why, hint = (error.strerror or "").lower(), "Check the folder's owner and permissions."
        if error.errno is None:  # Python says so itself, and gives no number
            why, hint = "its path is too long for a socket", "Set TMPDIR to a folder near the root."
        raise CannotListen(f"The instance socket {path} cannot be made: {why}.", hint) from None


def remove_unix(path: Path, bound: tuple[int, int]) -> None:
    """Remove the socket's file, if it is still the one that was bound (device and inode)."""
    with suppress(OSError):
        if identity_of(path) == bound:
            path.unlink()


def identity_of(path: Path) -> tuple[int, int]:
    """Device and inode of a file."""
    found = path.lstat()
    return found.st_dev, found.st_ino


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            try:
                sockets.append(_bind_one(host, port_of(sockets) if sockets else port))
            except OSError as error:
                if not sockets or error.errno not in _ABSENT:
                    raise
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _bind_one(host: str, port: int) -> socket.socket:
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _cannot_listen(error: OSError, host: str, port: int) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        by = f" by {holder}" if holder else ""
        return CannotListen(f"Port {port} is in use{by}.", "Choose another with --port, or stop what listens there.")
    if error.errno == errno.EACCES:
        return CannotListen(f"Port {port} needs rights that this user has not.", "Choose one over 1023 with --port.")
    reason = (error.strerror or str(error)).lower()
    return CannotListen(f"{host}:{port} cannot be listened on: {reason}.", "Check `host` under [gateway].")


def _make_private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise CannotListen(f"The folder {folder} belongs to another user.", "Remove it, or set XDG_RUNTIME_DIR.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"{path} is in the way and is no socket.", "Remove it.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(1.0)
        try:
            asked.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass  # somebody listens and does not answer
    raise CannotListen(f"An instance answers on {path} already.", "Attach to it, or stop it first.")


def _bind_private(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o077)
    try:
        bound.bind(str(path))
        bound.setblocking(False)
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    path.chmod(0o600)
    return bound
