"""Take out of prompts and answers what must not be kept: keys and tokens always, and what the configuration names."""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"

_ALWAYS = (
    r"\bsk-[A-Za-z0-9_-]{16,}",
    r"\b(?:ghp|gho|ghs|github_pat|xox[abprs])[_-][A-Za-z0-9_-]{16,}",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{30,}",
    r"(?i:\bbearer\s+)[A-Za-z0-9._~+/-]{16,}=*",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)
"""What the keys of the usual providers look like."""


class Redaction:
    """The patterns, put together once."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """Raises re.error where a pattern is none."""
        self._patterns = [re.compile(pattern) for pattern in (*_ALWAYS, *patterns)]

    def __call__(self, text: str) -> str:
        """The text without them."""
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text
