"""When two requests ask for the same: what they say, without what changes each time."""

import hashlib
import re

import msgspec

from hotspare.dialects.call import Call

_SAYS_NOTHING = frozenset({
    "model", "user", "metadata", "service_tier", "store", "prompt_cache_key", "prompt_cache_retention",
    "safety_identifier",
})  # fmt: skip
"""Fields that change no answer."""

_PASSING = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    rb"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)
"""Stamps of a moment, and ids: they are new in every request. A date alone is not: it may be what is asked about."""

_order = msgspec.json.Encoder(order="sorted").encode


def likeness(chain: str, call: Call) -> bytes:
    """The same for two requests that ask the same chain for the same, in the same form; 20 bytes."""
    said = {name: value for name, value in call.fields.items() if name not in _SAYS_NOTHING}
    plain = {name: msgspec.json.decode(value) for name, value in said.items()}
    form = f"{chain}\0{call.dialect}\0{call.operation}\0{call.wants_usage}\0".encode()
    return hashlib.blake2b(form + _PASSING.sub(b"", _order(plain)), digest_size=20).digest()
