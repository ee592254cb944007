"""Guess how many tokens a request has, where nobody who knows can be asked. A guess is always shown as one."""

import re
from collections.abc import Mapping

import msgspec

from hotspare.dialects.call import Call

_COUNTED = ("system", "messages", "tools")
_BYTES_PER_TOKEN = 4
_IMAGE_TOKENS = 1600
"""What a picture costs at most, whatever its size in bytes."""

_BASE64 = re.compile(rb'"data"\s*:\s*"[A-Za-z0-9+/=]{256,}"')


def estimate_tokens(call: Call) -> int:
    """Tokens of a request's input."""
    return max(1, sum(_estimate(call.fields, name) for name in _COUNTED))


def _estimate(fields: Mapping[str, msgspec.Raw], name: str) -> int:
    text, pictures = _BASE64.subn(b"", bytes(fields.get(name) or b""))
    return len(text) // _BYTES_PER_TOKEN + pictures * _IMAGE_TOKENS
