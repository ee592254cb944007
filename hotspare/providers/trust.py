"""Whose certificates are trusted: the provider's `ca_file`, else SSL_CERT_FILE, else the bundled authorities."""

import os
import ssl

import certifi

from hotspare.router.trigger import AttemptFailed, Trigger


def trust(ca_file: str | None) -> ssl.SSLContext:
    """A context for connections to providers.

    Raises:
        AttemptFailed: the file cannot be read.
    """
    chosen = ca_file or os.environ.get("SSL_CERT_FILE") or certifi.where()
    try:
        context = ssl.create_default_context(cafile=chosen)
    except (OSError, ssl.SSLError):
        raise AttemptFailed(Trigger.network, f"its certificate authorities cannot be read: {chosen}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
