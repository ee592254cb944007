"""Put a chat completion request as one provider takes it: fields renamed or left out, messages changed where need be.

Messages are decoded only where a mark in their bytes says that they hold what has to change.
"""

import hashlib
import re
from typing import Any

import msgspec

from hotspare.dialects.adaptation import Adaptation

_CALL_ID = re.compile(r"[A-Za-z0-9]{9}")
_MARK = re.compile(rb'"(?:developer|name|tool_call_id|tool_calls)"')
_encode = msgspec.json.Encoder().encode


def adapt(fields: dict[str, Any], adaptation: Adaptation) -> tuple[str, ...]:
    """Change the fields, raw or plain, in place; the names of those that were left out."""
    for name, theirs in adaptation.renames.items():
        if name in fields:
            told = fields.pop(name)
            fields.setdefault(theirs, told)
    dropped = [name for name in fields if name in adaptation.refuses]
    if adaptation.takes is not None:
        dropped += [name for name in fields if name not in adaptation.takes and name not in dropped]
    said = tuple(name for name in dropped if not _says_nothing(fields.pop(name)))
    if adaptation.changes_messages:
        said += _adapt_messages(fields, adaptation)
    return said


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, msgspec.Raw) and bytes(value) == b"null")


def _adapt_messages(fields: dict[str, Any], adaptation: Adaptation) -> tuple[str, ...]:
    told = fields["messages"]
    raw = isinstance(told, msgspec.Raw)
    if raw and not _MARK.search(bytes(told)):
        return ()
    try:
        messages = msgspec.json.decode(told) if raw else told
    except (msgspec.DecodeError, RecursionError):
        return ()
    changes = [_adapt_message(message, adaptation) for message in messages if isinstance(message, dict)]
    if raw and any(changes):
        fields["messages"] = msgspec.Raw(_encode(messages))
    return ("messages.name",) if "name" in changes else ()


def _adapt_message(message: dict[str, Any], adaptation: Adaptation) -> str:
    """Change it in place; what was changed, most telling first, or "" for nothing."""
    changed = ""
    if not adaptation.developer and message.get("role") == "developer":
        message["role"], changed = "system", "role"
    if adaptation.short_call_ids and _shorten_call_ids(message):
        changed = "ids"
    if not adaptation.names and message.get("role") != "tool" and message.pop("name", None) is not None:
        changed = "name"
    return changed


def _shorten_call_ids(message: dict[str, Any]) -> bool:
    told = message.get("tool_calls")
    calls = [call for call in told if isinstance(call, dict)] if isinstance(told, list) else []
    places = [(message, "tool_call_id"), *((call, "id") for call in calls)]
    changed = False
    for place, key in places:
        call_id = place.get(key)
        if isinstance(call_id, str) and not _CALL_ID.fullmatch(call_id):
            place[key], changed = _short(call_id), True
    return changed


def _short(call_id: str) -> str:
    """The same nine characters for the same id: a call and its result still find each other."""
    return hashlib.blake2b(call_id.encode(), digest_size=8).hexdigest()[:9]
