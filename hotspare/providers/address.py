"""Where one model is reached with one key: its URL and headers, built once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hotspare.dialects.call import Call, Operation
from hotspare.dialects.endpoint import ApiKey, DialectName, Endpoint
from hotspare.dialects.exchange import EXCHANGES, Exchange
from hotspare.router.trigger import AttemptFailed, Trigger

ANTHROPIC_VERSION = "2023-06-01"

Headers = tuple[tuple[str, str], ...]

_PATHS: Mapping[tuple[DialectName, Operation], str] = {
    ("openai", "chat"): "/chat/completions",
    ("anthropic", "chat"): "/v1/messages",
}

_COMMON: Mapping[str, str] = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "hotspare",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One model, one key, one operation."""

    endpoint: Endpoint
    url: str
    headers: Headers = field(repr=False)
    """With lower-case names; the key is among them."""

    def headers_for(self, call: Call) -> Headers:
        """With what the caller may pass on, which a provider of its own dialect alone gets."""
        if not call.passed_headers or call.dialect != self.endpoint.dialect:
            return self.headers
        return tuple((dict(self.headers) | dict(call.passed_headers)).items())

    def exchange_for(self, call: Call) -> Exchange:
        """How the caller's dialect and the model's meet.

        Raises:
            AttemptFailed: they do not; another model may serve.
        """
        exchange = EXCHANGES.get((call.dialect, self.endpoint.dialect))
        if exchange is None:
            message = f"{self.endpoint.dialect} models do not serve {call.dialect} callers"
            raise AttemptFailed(Trigger.unclassified, message)
        return exchange


def addresses_of(endpoint: Endpoint) -> Iterable[tuple[str, Address]]:
    """The endpoint's address under each of its keys' aliases, and under "" where it has none."""
    for key in endpoint.keys or (None,):
        headers = {**_COMMON, **_authentication(endpoint.dialect, key)}
        headers |= {name.lower(): value for name, value in endpoint.headers.items()}
        yield (key.alias if key else ""), Address(endpoint, _url(endpoint, "chat"), tuple(headers.items()))


def _url(endpoint: Endpoint, operation: Operation) -> str:
    base, path = endpoint.base_url.rstrip("/"), _PATHS[endpoint.dialect, operation]
    if path.startswith("/v1/") and base.endswith("/v1"):
        base = base.removesuffix("/v1")
    return base + path


def _authentication(dialect: DialectName, key: ApiKey | None) -> Mapping[str, str]:
    if dialect == "anthropic":
        version = {"anthropic-version": ANTHROPIC_VERSION}
        return version | {"x-api-key": key.secret} if key else version
    return {"authorization": f"Bearer {key.secret}"} if key else {}
