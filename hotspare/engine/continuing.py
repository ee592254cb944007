"""What a caller has of a stream that broke off, as far as another model can go on with it."""

import asyncio
from collections.abc import Sequence

import msgspec

from hotspare.dialects.begun import Begun
from hotspare.dialects.call import Call
from hotspare.dialects.continuing import BEGINNINGS, NEVER_CONTINUED
from hotspare.dialects.sse import EventTooLarge

CONTINUED_BYTES = 4 * 1024 * 1024
"""Of a stream that went out: some 15,000 tokens. A longer one is not gone on with."""
_AT_ONCE = 64 * 1024
"""Bytes read between two looks at the rest of the program."""
_UNREADABLE = (ValueError, msgspec.DecodeError, RecursionError, EventTooLarge)


def may_be_continued(call: Call) -> bool:
    """Whether a stream that answers this request may be gone on with, as far as the request tells."""
    return call.stream and call.operation == "chat" and not call.needs & NEVER_CONTINUED


async def begun_of(call: Call, sent: Sequence[bytes]) -> Begun | None:
    """What the caller has of the answer; None where no other model can go on with that."""
    if sum(map(len, sent)) > CONTINUED_BYTES:
        return None
    beginning, read = BEGINNINGS[call.dialect](), 0
    try:
        for piece in sent:
            beginning.feed(piece)
            read += len(piece)
            if read > _AT_ONCE:
                read = 0
                await asyncio.sleep(0)
        return beginning.begun()
    except _UNREADABLE:
        return None
