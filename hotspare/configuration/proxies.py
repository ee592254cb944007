"""Which proxy lies between here and a provider: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say it, or the file.

A proxy's address may hold a user and a password: no error or warning quotes it.
"""

import ipaddress
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from hotspare.configuration.addresses import is_loopback
from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.surroundings import Surroundings

NONE = "none"
"""In place of a proxy's address: reach the provider without one."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_REMEDY = "write it as http://host:port, or name the provider's host in NO_PROXY"


def find_proxy(own: str | None, url: str, around: Surroundings) -> str | None:
    """The proxy through which an address is reached; None: it is reached without.

    Args:
        own: the provider's, as the file gives it: an address, or NONE. It holds for loopback too.
        url: the provider's address.
        around: the environment, asked where the file is silent; never for loopback.

    Raises:
        ConfigurationError: the environment's is none that can be used.
    """
    if own is not None:
        return None if own == NONE else own
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or _is_excepted(host, parts.port or _DEFAULT_PORTS[parts.scheme], around):
        return None
    for name in (f"{parts.scheme.upper()}_PROXY", "ALL_PROXY"):
        told = around.variable(name) or around.variable(name.lower())
        if told:
            return _checked(told, name)
    return None


def _checked(told: str, name: str) -> str:
    """As an address with a scheme; without one, http is meant."""
    url = told if "://" in told else f"http://{told}"
    try:
        parts: SplitResult = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError(f"the environment variable {name} names no HTTP proxy", _REMEDY)
    return url


def without_secrets(proxy: str) -> str:
    """A proxy's host and port."""
    return urlsplit(proxy).netloc.rpartition("@")[2]


# ------------------------------------------------------------------ NO_PROXY
def _is_excepted(host: str, port: int, around: Surroundings) -> bool:
    told = around.variable("NO_PROXY") or around.variable("no_proxy")
    return any(_covers(entry, host.rstrip("."), port) for entry in _entries(told))


def _entries(told: str) -> Iterator[str]:
    return (entry for part in told.split(",") if (entry := part.strip().lower()))


def _covers(entry: str, host: str, port: int) -> bool:
    """`*`; a host or a domain with all below it, either with a port; an address or a network of addresses."""
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and "/" in entry:
        return _in_network(address, entry)
    name, colon, only = entry.rpartition(":")
    if colon and only.isdigit() and (name.count(":") == 0 or name.endswith("]")):
        if int(only) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").lstrip(".")
    return host == entry or (address is None and host.endswith(f".{entry}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
