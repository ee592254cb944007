"""The head of a request: all that is known of it before its body."""

from collections.abc import Mapping, Sequence

from hotspare.router.value import value


@value
class Head:
    """What a request line and its headers say."""

    method: str
    path: str
    raw_path: bytes
    """The path as it came."""
    query: bytes
    version: str
    """Of HTTP: "1.0" or "1.1"."""
    lines: Sequence[tuple[bytes, bytes]]
    """The headers as they came."""
    headers: Mapping[str, str]
    """By names in lower case, the last of a name winning."""
    stays: bool
    """The connection is for more requests after this one."""
    expects_100: bool
    """Its caller waits to be told to go on before it sends the body."""
