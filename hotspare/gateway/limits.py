"""What one connection of a caller may send, and how long it may take over it and over its answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds of a connection; those of a request's content are the configuration's."""

    connections: int = 4_096
    """Of all callers at once: what there is beyond them belongs to the calls upstream and to the store."""
    request_line_bytes: int = 16_384
    header_bytes: int = 65_536
    head_seconds: float = 10.0
    """For request line and headers to arrive; also for the first byte of a new connection."""
    body_seconds: float = 20.0
    """For the whole body to arrive, counted from the end of the headers."""
    wire_bytes: int = 134_217_728
    """Of one body on the wire, framing and what is thrown away after a refusal included."""
    linger_seconds: float = 2.0
    """Time that a refused caller has to read why: closing on unread bytes would take the answer from it."""
    reader_seconds: float = 120.0
    """A caller that takes nothing of its answer for this long has left, whatever its connection says."""
