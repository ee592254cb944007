"""Guess how many tokens a request has, where nobody who knows can be asked. A guess is always shown as one."""

from collections.abc import Iterator

from hotspare.dialects.call import Call
from hotspare.router.candidate import UNMEASURED

_COUNTED = ("system", "messages", "tools")
_BYTES_PER_TOKEN = 4
_ATTACHED_BYTES = 1600 * _BYTES_PER_TOKEN
"""As how much text a picture counts: it costs 1,600 tokens at most, whatever its size in bytes."""

_ATTACHED_FROM = 256
_ATTACHED = (b";base64,", b'"data":"', b'"data": "')
"""What stands before a picture, a file or a sound."""


def estimate_tokens(call: Call) -> int:
    """Tokens of a request's input."""
    fields = [bytes(call.fields.get(name) or b"") for name in _COUNTED]
    return max(1, sum(len(field) + _too_long(field) for field in fields) // _BYTES_PER_TOKEN)


def text_size(call: Call) -> int:
    """The bytes of a request's body; what is attached to it counts as a text of some length."""
    if not call.needs & UNMEASURED:
        return call.size_bytes
    return max(0, call.size_bytes + sum(_too_long(bytes(field)) for field in call.fields.values()))


def _too_long(field: bytes) -> int:
    """What attachments make of a text's length, to be added to it."""
    return sum(_ATTACHED_BYTES - size for size in _attached(field))


def _attached(body: bytes) -> Iterator[int]:
    """The size of each thing that is attached. Looked for, not parsed: bodies of several MB come by."""
    for mark in _ATTACHED:
        at = body.find(mark)
        while at >= 0:
            begin = at + len(mark)
            end = body.find(b'"', begin)
            if end - begin >= _ATTACHED_FROM:
                yield end - begin
            at = body.find(mark, max(begin, end))
