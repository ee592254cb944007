"""Why a connection failed, in words that quote nothing of it: an error's own text may hold a header, and so a key."""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence

_NOT_TRUSTED = "its certificate is not trusted"

_VERDICTS: Mapping[int, str] = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is not trusted: it vouches for itself",
    19: "its certificate is not trusted: its authority is unknown",
    20: "its certificate is not trusted: its authority is unknown",
    21: "its certificate is not trusted: its authority is unknown",
    62: "its certificate is for another host",
    64: "its certificate is for another host",
}
"""OpenSSL's numbers (X509_V_ERR_…); it has names for them in C alone."""


def _certificate(error: BaseException) -> str:
    return _VERDICTS.get(getattr(error, "verify_code", 0), _NOT_TRUSTED)


def _tls(error: BaseException) -> str:
    reason = str(getattr(error, "reason", None) or "")
    if "CERTIFICATE_REQUIRED" in reason:
        return "it asks for a certificate of ours"
    if "ALERT" in reason or "PROTOCOL" in reason:
        return "no TLS could be agreed on with it"
    return "it does not speak TLS here"


_CAUSES: Sequence[tuple[type[BaseException], str | Callable[[BaseException], str]]] = (
    (socket.gaierror, "the host name was not found"),
    (UnicodeError, "the host name was not found"),
    (ConnectionRefusedError, "the connection was refused"),
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _tls),
    (ConnectionResetError, "the connection was reset"),
    (BrokenPipeError, "the connection was closed"),
)
"""What may lie under an error, most telling first."""

_REFUSED = re.compile(rf"\[Errno {errno.ECONNREFUSED}\]")
"""A host of several addresses that all refuse: asyncio and uvloop tell it in the text of a plain OSError."""


def cause_of(error: BaseException | None, otherwise: str = "no connection could be made") -> str:
    """The cause, looked for in the error, in what it came from, and in the parts of groups on the way."""
    causes = tuple(_under(error))
    for kind, words in _CAUSES:
        for cause in causes:
            if isinstance(cause, kind):
                return words if isinstance(words, str) else words(cause)
    if any(type(cause) is OSError and _REFUSED.search(str(cause)) for cause in causes):
        return "the connection was refused"
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
