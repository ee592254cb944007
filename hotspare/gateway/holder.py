"""Whose token a request carries, and which chains it opens.

Every token is compared with what was given, whichever fits: the time that it takes says nothing about any of them.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from hotspare.configuration.compiled import GatewaySettings


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a token. `name`: "" lets it say itself who it is; `chains`: those that it may use, None for all."""

    name: str = ""
    chains: frozenset[str] | None = None


ANYONE = Holder()


class Tokens:
    """The tokens of one gateway, and their holders.

    Attributes:
        needed: nobody may ask without one.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self.needed = settings.asks_for_a_token
        own = () if settings.token is None else ((settings.token.encode(), ANYONE),)
        named = ((c.token.encode(), Holder(c.name, _set(c.chains))) for c in settings.callers)
        self._holders = (*own, *named)

    def holder(self, headers: Mapping[str, str]) -> Holder | None:
        """Who has the token that `Authorization: Bearer` or `x-api-key` gives; None: nobody."""
        found = None
        for given in (headers.get("x-api-key", ""), _bearer(headers.get("authorization", ""))):
            value = given.encode("latin-1")
            for token, holder in self._holders if value else ():
                if hmac.compare_digest(value, token):
                    found = holder
        return found


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _set(chains: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if chains is None else frozenset(chains)
