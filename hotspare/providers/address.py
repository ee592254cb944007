"""Where one model is reached with one key: its URL and headers, built once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hotspare.dialects.body import TRACING_HEADERS
from hotspare.dialects.call import Call, Operation
from hotspare.dialects.endpoint import ApiKey, DialectName, Endpoint
from hotspare.dialects.exchange import EXCHANGES, Exchange
from hotspare.router.trigger import AttemptFailed, Trigger

ANTHROPIC_VERSION = "2023-06-01"

Headers = tuple[tuple[str, str], ...]

_PATHS: Mapping[tuple[DialectName, Operation], str] = {
    ("openai", "chat"): "/chat/completions",
    ("openai", "embeddings"): "/embeddings",
    ("anthropic", "chat"): "/v1/messages",
    ("anthropic", "count_tokens"): "/v1/messages/count_tokens",
}

_COMMON: Mapping[str, str] = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "hotspare",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One model, one key."""

    endpoint: Endpoint
    urls: Mapping[Operation, str]
    headers: Headers = field(repr=False)
    """With lower-case names; the key is among them."""

    def headers_for(self, call: Call) -> Headers:
        """With what the caller may pass on: most of it to a provider of its own dialect alone."""
        passed = call.passed_headers
        if passed and call.dialect != self.endpoint.dialect:
            passed = tuple((name, value) for name, value in passed if name in TRACING_HEADERS)
        return tuple((dict(self.headers) | dict(passed)).items()) if passed else self.headers

    def exchange_for(self, call: Call) -> Exchange:
        """How the caller's dialect and the model's meet.

        Raises:
            AttemptFailed: they do not; another model may serve.
        """
        exchange = EXCHANGES.get((call.operation, call.dialect, self.endpoint.dialect))
        if exchange is None:
            message = f"{self.endpoint.dialect} models serve no {call.operation} of {call.dialect} callers"
            raise AttemptFailed(Trigger.unclassified, message)
        return exchange


def addresses_of(endpoint: Endpoint) -> Iterable[tuple[str, Address]]:
    """The endpoint's address under each of its keys' aliases, and under "" where it has none."""
    for key in endpoint.keys or (None,):
        headers = {**_COMMON, **_authentication(endpoint.dialect, key)}
        headers |= {name.lower(): value for name, value in endpoint.headers.items()}
        yield (key.alias if key else ""), Address(endpoint, _urls(endpoint), tuple(headers.items()))


def _urls(endpoint: Endpoint) -> Mapping[Operation, str]:
    paths = ((operation, path) for (dialect, operation), path in _PATHS.items() if dialect == endpoint.dialect)
    return {operation: _url(endpoint, path) for operation, path in paths}


def _url(endpoint: Endpoint, path: str) -> str:
    base = endpoint.base_url.rstrip("/")
    if path.startswith("/v1/") and base.endswith("/v1"):
        base = base.removesuffix("/v1")
    return base + path


def _authentication(dialect: DialectName, key: ApiKey | None) -> Mapping[str, str]:
    if dialect == "anthropic":
        version = {"anthropic-version": ANTHROPIC_VERSION}
        return version | {"x-api-key": key.secret} if key else version
    return {"authorization": f"Bearer {key.secret}"} if key else {}
