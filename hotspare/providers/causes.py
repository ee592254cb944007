"""Why a connection failed, in words that quote nothing of it: an error's own text may hold a header, and so a key."""

import socket
import ssl
from collections.abc import Iterator, Sequence

_CAUSES: Sequence[tuple[type[BaseException], str]] = (
    (socket.gaierror, "the host name was not found"),
    (UnicodeError, "the host name was not found"),
    (ConnectionRefusedError, "the connection was refused"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "it does not speak TLS here"),
    (ConnectionResetError, "the connection was reset"),
    (BrokenPipeError, "the connection was closed"),
)
"""What may lie under an error, most telling first."""


def cause_of(error: BaseException, otherwise: str = "no connection could be made") -> str:
    """The cause, looked for in the error, in what it came from, and in the parts of groups on the way."""
    causes = tuple(_under(error))
    for kind, words in _CAUSES:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return otherwise


def _under(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _under(one)
        error = error.__cause__ or error.__context__
