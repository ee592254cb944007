"""When two requests ask for the same: what they say, without what changes each time; and when they only say it in
other words, in the same place.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.content.nearness import LONGEST_TEXT_CHARACTERS

_SAYS_NOTHING = frozenset({
    "model", "user", "metadata", "service_tier", "store", "prompt_cache_key", "prompt_cache_retention",
    "safety_identifier",
})  # fmt: skip
"""Fields that change no answer."""

_TOOLS = frozenset({"tools", "functions"})

_PASSING = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    rb"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)
"""Stamps of a moment, and ids: they are new in every request. A date alone is not: it may be what is asked about."""

_order = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Wording:
    """What a request asks for in its caller's last words, and all the rest of it."""

    form: bytes
    """The same for two requests that differ in nothing but those words; 20 bytes."""
    text: str


def likeness(chain: str, call: Call) -> bytes:
    """The same for two requests that ask the same chain for the same, in the same form; 20 bytes."""
    return _digest(chain, call, _plain(call))


def wording(chain: str, call: Call) -> Wording | None:
    """A request apart from its last words; None where these are no words of the caller (tools' results, images), where
    it offers tools, whose calls must be what was asked for, or where they are too long to be compared.
    """
    if call.operation != "chat" or any(_has(call.fields.get(name)) for name in _TOOLS):
        return None
    plain = _plain(call)
    messages = plain.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    last = messages[-1]
    if not isinstance(last, dict) or last.get("role") != "user":
        return None
    text = _words(last.get("content"))
    if not 0 < len(text) <= LONGEST_TEXT_CHARACTERS:
        return None
    plain["messages"] = [*messages[:-1], {**last, "content": None}]
    passing = _PASSING.sub(b"", text.encode("utf-8", "replace"))
    return Wording(_digest(chain, call, plain), passing.decode())


def _plain(call: Call) -> dict[str, Any]:
    return {name: msgspec.json.decode(value) for name, value in call.fields.items() if name not in _SAYS_NOTHING}


def _digest(chain: str, call: Call, plain: Mapping[str, Any]) -> bytes:
    form = f"{chain}\0{call.dialect}\0{call.operation}\0{call.wants_usage}\0".encode()
    return hashlib.blake2b(form + _PASSING.sub(b"", _order(plain)), digest_size=20).digest()


def _has(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(raw) not in (b"null", b"[]")


def _words(content: Any) -> str:
    """The text of a message; "" where it holds anything else."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in parts):
        return ""
    return "\n".join(str(part.get("text", "")) for part in parts)
