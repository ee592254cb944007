"""Read a request's body, bounded. How long it may take is the connection's affair."""

from hotspare.gateway.cycle import Cycle
from hotspare.gateway.refusal import Refused


async def read_body(cycle: Cycle, limit_bytes: int) -> bytes | None:
    """The whole body; None if the caller left before its end.

    Raises:
        Refused: 413, as soon as it is known that the body is too large.
    """
    announced = cycle.head.headers.get("content-length")
    if announced is not None and int(announced) > limit_bytes:  # the parser has seen to it that it is a number
        raise too_large(limit_bytes)
    pieces: list[bytes] = []
    size = 0
    while True:
        piece = await cycle.read()
        if piece is None:
            return None
        size += len(piece)
        if size > limit_bytes:
            raise too_large(limit_bytes)
        pieces.append(piece)
        if not cycle.more_body:
            return b"".join(pieces)


def too_large(limit_bytes: int) -> Refused:
    """What a body is answered with that is over the limit."""
    return Refused(
        413,
        "body_too_large",
        f"The body is over {limit_bytes} bytes, the limit of this gateway (max_body_bytes under [gateway]).",
    )
