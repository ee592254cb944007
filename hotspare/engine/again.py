"""A request of the past, to be sent once more as it was: from what the store kept of it, or why that cannot be done."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hotspare.dialects import anthropic_messages, openai_chat, openai_embeddings
from hotspare.dialects.call import Call
from hotspare.router.error import HotspareError
from hotspare.router.settings import Kind

ELSE = "a prompt of your own: hotspare prompt, or the playground"

_READERS: Mapping[tuple[str, Kind], Callable[[bytes, Mapping[str, str]], Call]] = {
    ("openai", "chat"): openai_chat.read_request,
    ("openai", "embeddings"): openai_embeddings.read_request,
    ("anthropic", "chat"): anthropic_messages.read_request,
}


class NotKept(HotspareError):
    """What would have to be sent is not there."""

    exit_code = 1


def kept_request(rows: Sequence[Mapping[str, Any]], request_id: str) -> Mapping[str, Any]:
    """The request that can be sent again.

    Args:
        rows: what the view `kept` gives.
        request_id: as it was asked for.

    Raises:
        NotKept: there is no such request, or what was sent was not kept as it was.
    """
    if not rows:
        raise NotKept(f"there is no request {request_id}", "look at: hotspare requests")
    [row] = rows
    if not row["content"]:
        hint = f"content = true under [store] keeps those to come; {ELSE}"
        raise NotKept(f"what {row['id']} asked is not kept", hint)
    if not row["request"]:
        raise NotKept(f"what {row['id']} asked is too long to be kept whole", ELSE)
    if row["redacted"]:
        raise NotKept(f"a key or the like was taken out of what {row['id']} asked before it was kept", ELSE)
    return row


def call_of(row: Mapping[str, Any], kind: Kind) -> Call:
    """The request, read as its caller's was; the caller's headers are not kept, and so it has no wishes.

    Args:
        row: as `kept_request` gives it.
        kind: what the chain is for that took it.

    Raises:
        NotKept: it is no request that could be sent today.
    """
    read = _READERS.get((row["dialect"], kind))
    if read is None:
        raise NotKept(f"{row['id']} is no request that could be sent from here", ELSE)
    try:
        return read(row["request"].encode(), {})
    except HotspareError as error:
        raise NotKept(f"what is kept of {row['id']} cannot be read: {error.title}", ELSE) from None
