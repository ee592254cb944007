"""Take secrets out of what providers say: they quote keys back, whole or in part, in errors that people read and keep.

Every text from a provider that leaves this room passes here first.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed

HIDDEN = "[key hidden]"

_SHORTEST_SECRET = 4
_TELLING_PREFIX = 10
"""A secret's first characters that give it away when a provider masks the rest."""

_LOOKS_SECRET = re.compile(
    r"(?:\b(?:sk|pk|rk|gsk|xai)[-_][\w*.…-]{8,}|\bAIza[\w-]{20,}|\b(?i:bearer)\s+[\w.~+/*-]{16,}=*)"
)
_SECRET_HEADER = re.compile("authorization|key|token|secret|cookie", re.IGNORECASE)


class Redactor:
    """Knows all secrets of the configured endpoints, and what keys of the known providers look like."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        known = {secret for endpoint in endpoints for secret in _secrets(endpoint)}
        secrets = sorted((secret for secret in known if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True)
        long = [secret for secret in secrets if len(secret) >= 2 * _TELLING_PREFIX]
        patterns = [re.escape(secret) for secret in secrets]
        patterns += [re.escape(secret[:_TELLING_PREFIX]) + r"[\w*.…-]*" for secret in long]
        self._known = re.compile("|".join(patterns)) if patterns else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _LOOKS_SECRET.sub(HIDDEN, text)

    def body(self, body: bytes) -> bytes:
        """A JSON body without secrets, in whatever way they are escaped in it; unchanged where there are none."""
        value = msgspec.json.decode(body)
        cleaned = self._value(value)
        return body if cleaned == value else msgspec.json.encode(cleaned)

    def failure(self, failure: AttemptFailed) -> AttemptFailed:
        """The failure, its words without secrets."""
        failure.message = self.text(failure.message)
        failure.args = (failure.message,)
        return failure

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self._value(item) for name, item in value.items()}
        return value


def _secrets(endpoint: Endpoint) -> Iterable[str]:
    yield from (key.secret for key in endpoint.keys)
    password = urlsplit(endpoint.proxy or "").password
    if password:
        yield password
        yield unquote(password)
    for name, value in endpoint.headers.items():
        if _SECRET_HEADER.search(name):
            yield value
            yield from value.split()[1:]
