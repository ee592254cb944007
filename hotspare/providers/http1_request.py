"""How the head of a request is written: the line and host of a URL, and header lines, with nothing smuggled into them.

No error quotes a URL or a header's value: either may hold a key.
"""

import re
from urllib.parse import SplitResult, urlsplit

from hotspare.router.trigger import AttemptFailed, Trigger

_URL = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_OURS = frozenset({"host", "content-length", "transfer-encoding"})
"""Said once, by us: a second one would let two servers read two different requests."""


class Target:
    """Where a URL points to, worked out once.

    Raises:
        AttemptFailed: it is no http or https URL.
    """

    __slots__ = ("head", "host", "port", "secure")

    def __init__(self, url: str) -> None:
        parts = _parts(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise AttemptFailed(Trigger.unclassified, "its address is not an http or https URL")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port if parts.port is not None else (443 if self.secure else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        authority = parts.netloc.rpartition("@")[2]
        self.head = f"POST {path} HTTP/1.1\r\nhost: {authority}\r\n".encode("ascii")


def header_line(name: str, value: str) -> bytes:
    """One header line.

    Raises:
        AttemptFailed: it cannot be sent.
    """
    if not _NAME.fullmatch(name):
        raise AttemptFailed(Trigger.unclassified, "the name of one of its headers cannot be sent over HTTP")
    if not _VALUE.fullmatch(value):
        raise AttemptFailed(Trigger.unclassified, f"its header {name} cannot be sent over HTTP")
    if name.lower() in _OURS:
        raise AttemptFailed(Trigger.unclassified, f"its header {name} is not for a configuration to set")
    return f"{name}: {value}\r\n".encode("latin-1")


def _parts(url: str) -> SplitResult | None:
    if not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
