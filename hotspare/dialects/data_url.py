"""Data URLs: how one dialect writes what another writes as a type and base64."""

import re

_DATA_URL = re.compile(r"data:([A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+)(?:;[^;,]*)*?;base64,")


def inline_data(url: str) -> tuple[str, str] | None:
    """Media type and base64; None where it is none that can be carried."""
    head = _DATA_URL.match(url)
    return None if head is None else (head[1], url[head.end() :])
