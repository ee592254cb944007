"""Where one model is reached with one key: its URL and headers, built once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from hotspare.dialects.anthropic_messages.request import ANTHROPIC_VERSION, VERSION_HEADER
from hotspare.dialects.body import TRACING_HEADERS
from hotspare.dialects.call import VIA_HEADER, Call, Operation
from hotspare.dialects.endpoint import ApiKey, DialectName, Endpoint
from hotspare.dialects.exchange import EXCHANGES, Exchange
from hotspare.providers.wire import Place
from hotspare.router.trigger import AttemptFailed, Trigger

Headers = tuple[tuple[str, str], ...]

_PLACES = 64
"""So many are remembered of each address: callers' own headers make more than one."""

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
    _places: dict[tuple[Operation, Headers, str], Place] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def place_for(self, call: Call, via: str) -> Place:
        """Where a call goes, with what the caller may pass on and the marks of the gateways it has come through."""
        key = (call.operation, call.passed_headers, via)
        known = self._places.get(key)
        if known is None:
            if len(self._places) >= _PLACES:
                self._places.clear()
            headers = self.headers_for(call)
            headers = (*headers, (VIA_HEADER, via)) if via else headers
            endpoint = self.endpoint
            known = Place(self.urls[call.operation], headers, endpoint.ca_file, endpoint.proxy)
            self._places[key] = known
        return known

    def headers_for(self, call: Call) -> Headers:
        """With what the caller may pass on: most of it to the provider alone that it was written for."""
        passed = call.passed_headers
        if passed and (call.dialect != self.endpoint.dialect or self.endpoint.guest):
            passed = tuple((name, value) for name, value in passed if name in TRACING_HEADERS)
        elif passed and self.endpoint.adaptation.own_version:
            passed = tuple((name, value) for name, value in passed if name != VERSION_HEADER)
        return tuple((dict(self.headers) | dict(passed)).items()) if passed else self.headers

    def for_guest(self) -> "Address":
        """The same, for requests that were written for another provider."""
        return replace(self, endpoint=replace(self.endpoint, guest=True))

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
        headers = {**_COMMON, **_authentication(endpoint, key)}
        headers |= {name.lower(): value for name, value in endpoint.headers.items()}
        yield (key.alias if key else ""), Address(endpoint, _urls(endpoint), tuple(headers.items()))


def _urls(endpoint: Endpoint) -> Mapping[Operation, str]:
    paths = ((operation, path) for (dialect, operation), path in _PATHS.items() if dialect == endpoint.dialect)
    return {operation: _url(endpoint, path) for operation, path in paths}


def _url(endpoint: Endpoint, path: str) -> str:
    base = endpoint.base_url.rstrip("/")
    if path.startswith("/v1/") and base.endswith("/v1"):
        base = base.removesuffix("/v1")
    return base + path if endpoint.api_version is None else _versioned(base, path, endpoint)


def _versioned(base: str, path: str, endpoint: Endpoint) -> str:
    """With the version asked for; by the name of its deployment, unless the address has it, or needs none."""
    if "/deployments/" not in base and not base.endswith("/v1"):
        base = f"{base}/deployments/{quote(endpoint.model_id, safe='')}"
    return f"{base}{path}?api-version={quote(endpoint.api_version or '', safe='')}"


def _authentication(endpoint: Endpoint, key: ApiKey | None) -> Mapping[str, str]:
    version = {VERSION_HEADER: ANTHROPIC_VERSION} if endpoint.dialect == "anthropic" else {}
    if key is None:
        return version
    shown = endpoint.authentication or ("x-api-key" if endpoint.dialect == "anthropic" else "bearer")
    return version | ({"authorization": f"Bearer {key.secret}"} if shown == "bearer" else {shown: key.secret})
