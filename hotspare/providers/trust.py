"""Whose certificates are trusted: the provider's `ca_file`, else SSL_CERT_FILE, else the bundled authorities.

Reading the bundled ones takes a good part of a second: never on the event loop, and once.
"""

import asyncio
import os
import ssl

import certifi

from hotspare.router.trigger import AttemptFailed, Trigger


class Trust:
    """The contexts of one transport's connections, one for each `ca_file`."""

    __slots__ = ("_contexts",)

    def __init__(self) -> None:
        self._contexts: dict[str | None, asyncio.Future[ssl.SSLContext | None]] = {}

    async def context(self, ca_file: str | None) -> ssl.SSLContext:
        """A context for connections to providers. Whoever stops waiting for it takes it from nobody.

        Raises:
            AttemptFailed: the file cannot be read; it is tried again the next time.
        """
        reading = self._contexts.get(ca_file)
        if reading is None:
            loop = asyncio.get_running_loop()
            reading = self._contexts[ca_file] = loop.run_in_executor(None, _read, _chosen(ca_file))
        context = await asyncio.shield(reading)
        if context is None:
            self._contexts.pop(ca_file, None)
            message = f"its certificate authorities cannot be read: {_chosen(ca_file)}"
            raise AttemptFailed(Trigger.network, message)
        return context


def _chosen(ca_file: str | None) -> str:
    return ca_file or os.environ.get("SSL_CERT_FILE") or certifi.where()


def _read(path: str) -> ssl.SSLContext | None:
    try:
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        return None
    context.set_alpn_protocols(["http/1.1"])
    return context
