"""Say whether a whole answer ended at a limit that was not its caller's own."""

from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.reading import READINGS, Reading
from hotspare.router.trigger import Usage

_LIMITS = ("max_completion_tokens", "max_tokens")
_LIMIT = msgspec.json.Decoder(int)


def is_shortened(call: Call, body: bytes, usage: Usage | None) -> bool:
    """Whether the model's own limit ended it. One that the caller named is taken for what ended it, unless the answer
    is known to be shorter than that.
    """
    if call.operation != "chat" or not _ended_at_a_limit(READINGS[call.dialect], body):
        return False
    named = [limit for name in _LIMITS if (limit := _limit(call, name)) is not None]
    return not named or (usage is not None and usage.output < min(named))


def _ended_at_a_limit(reading: Reading, body: bytes) -> bool:
    if not reading.may_be_limited(body):
        return False
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(told, dict) and any(statement.stop == "length" for statement in reading.statements(told))


def _limit(call: Call, name: str) -> int | None:
    try:
        return _LIMIT.decode(call.fields[name]) if name in call.fields else None
    except msgspec.DecodeError:
        return None
