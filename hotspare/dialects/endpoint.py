"""Where one model is reached, and in which dialect: configuration resolves it, providers call it. Holds the secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from hotspare.dialects.adaptation import AS_IT_IS, Adaptation

DialectName = Literal["openai", "anthropic"]
Authentication = Literal["bearer", "api-key", "x-api-key"]
"""How a key is shown: `Authorization: Bearer KEY`, or in the header of that name."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and the name it is spoken of by: its environment variable, or "…1234". The secret is never shown."""

    alias: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model's place on the network."""

    model: str
    """The configured name, as the router knows it."""
    provider: str
    dialect: DialectName
    base_url: str
    """With the version part where the dialect has one: "https://api.openai.com/v1", "https://api.anthropic.com"."""
    model_id: str
    """The provider's name for it."""
    keys: tuple[ApiKey, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)
    """May hold a secret."""
    parameters: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """Values for fields that a request leaves out."""
    stream_usage: bool = True
    """Ask OpenAI streams for usage; off where a server rejects `stream_options`."""
    vectors_like: tuple[str, ...] = ()
    """Models that stand before this one in a chain of embeddings: its vectors must be as long as theirs."""
    vector_length: int | None = None
    """How long its own are where no length is asked for; None: that shows when it answers."""
    authentication: Authentication | None = None
    """None: as the dialect has it."""
    api_version: str | None = None
    """Of servers that want one in the query, and the model's id in the path."""
    adaptation: Adaptation = AS_IT_IS
    guest_in: frozenset[str] = frozenset()
    """Chains in which callers of its dialect write for another provider, whose model stands before it."""
    guest: bool = False
    """This request was written for another provider: what only that one understands is left out."""
    ca_file: str | None = None
    transport: Literal["auto", "httpx"] = "auto"
    proxy: str | None = field(default=None, repr=False)
    """The address of the HTTP proxy that it is reached through; may hold a user and a password."""
