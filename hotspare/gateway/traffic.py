"""The surface for applications: one function, its paths in a table, looked up by the path as it came.

Nothing of a request but its headers is read before Host, Origin and token are accepted. The path is never taken from a
URL that was put together with the Host header.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import msgspec

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects import anthropic_messages, openai_chat, openai_embeddings
from hotspare.dialects.call import VIA_HEADER, Call, InvalidRequest
from hotspare.dialects.endpoint import DialectName
from hotspare.engine.admission import NotAllowed, UnknownModel, WrongOperation
from hotspare.engine.backend import Backend
from hotspare.engine.protocols import Delivery
from hotspare.gateway import health, metrics
from hotspare.gateway.body import read_body, too_large
from hotspare.gateway.caller import CallerNames
from hotspare.gateway.counting import CountDelivery
from hotspare.gateway.cycle import Cycle
from hotspare.gateway.delivery import HttpDelivery
from hotspare.gateway.guard import Guard, check_host, check_json, check_loop
from hotspare.gateway.holder import Holder
from hotspare.gateway.lines import JSON_TYPE, Headers, header_lines
from hotspare.gateway.peer import Peer
from hotspare.gateway.refusal import Refused, dialect_of, retry_after, send_refusal
from hotspare.gateway.state import State
from hotspare.router.error import HotspareError
from hotspare.router.record import Ask, RequestKind
from hotspare.router.snapshot import Snapshot

DRAINING_RETRY_SECONDS = 5.0
LIVE_PATH = "/health/live"
MODELS_PATH = "/v1/models"
_READ = ("GET", "HEAD")
_SHOWN_PATH = 120
_ANTHROPIC_MARK = "anthropic-version"
_METRICS_TYPE = header_lines([(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")])

_encode = msgspec.json.Encoder().encode


class Engine(metrics.Engine, Protocol):
    """What traffic needs of the engine: to be served, and the figures that the metrics show."""

    @property
    def draining(self) -> bool: ...
    @property
    def run(self) -> str: ...
    def admit(
        self, call: Call, *, caller: str, kind: RequestKind = "traffic", chains: frozenset[str] | None = None
    ) -> Ask: ...
    def has_capable(self, ask: Ask) -> bool: ...
    async def serve(self, ask: Ask, call: Call, delivery: Delivery) -> None: ...


Reader: TypeAlias = Callable[[bytes, Mapping[str, str]], Call]
"""Reads a request of one dialect and operation."""

Handler: TypeAlias = Callable[[Cycle, Holder], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """What is done at a path."""

    methods: tuple[str, ...]
    handler: Handler


class Traffic:
    """The application (`connection.Application`)."""

    def __init__(self, engine: Engine, backend: Backend, settings: GatewaySettings, state: State) -> None:
        self._engine = engine
        self._backend = backend
        self.obey(settings)
        self._state = state
        self._figures = metrics.Metrics(engine, backend, state)
        self._one_model = Route(_READ, self._model)
        self._routes: Mapping[str, Route] = {
            "/v1/chat/completions": self._calling(openai_chat.read_request),
            "/v1/embeddings": self._calling(openai_embeddings.read_request),
            "/v1/messages": self._calling(anthropic_messages.read_request),
            "/v1/messages/count_tokens": Route(("POST",), self._count),
            MODELS_PATH: Route(_READ, self._models),
            "/health": Route(_READ, self._health),
            LIVE_PATH: Route(_READ, self._live),
            "/health/ready": Route(_READ, self._ready),
            "/health/models": Route(_READ, self._models_health),
            "/metrics": Route(_READ, self._metrics),
        }

    def obey(self, settings: GatewaySettings) -> None:
        """Go by these settings from the next request on."""
        self._guard = Guard(settings)
        self._max_body_bytes = settings.max_body_bytes
        self._callers = CallerNames(taken=(caller.name for caller in settings.callers))

    async def __call__(self, cycle: Cycle, _peer: Peer | None) -> None:
        try:
            route, holder = self._admitted(cycle)
            await route.handler(cycle, holder)
        except Refused as refusal:
            self._state.refused[refusal.code] += 1
            await send_refusal(cycle, refusal, _dialect(cycle))

    def _admitted(self, cycle: Cycle) -> tuple[Route, Holder]:
        head = cycle.head
        check_host(head)
        holder = self._guard.check(head.headers, open_to_all=head.path == LIVE_PATH)
        route = self._routes.get(head.path)
        if route is None:
            if not head.path.startswith(MODELS_PATH + "/"):
                raise self._not_found(head.path)
            route = self._one_model
        if head.method not in route.methods:
            raise _wrong_method(route)
        return route, holder

    # ------------------------------------------------------------------ model calls
    def _calling(self, read: Reader) -> Route:
        async def call(cycle: Cycle, holder: Holder) -> None:
            call = await self._read(cycle, read)
            if call is not None:
                ask = self._admit(call, holder)
                await self._engine.serve(ask, call, HttpDelivery(cycle, call.dialect))

        return Route(("POST",), call)

    async def _count(self, cycle: Cycle, holder: Holder) -> None:
        """Not a request of traffic: nothing is generated, and where nobody can count, a guess is an answer too."""
        call = await self._read(cycle, anthropic_messages.read_count_request)
        if call is None:
            return
        ask = self._admit(call, holder, kind="probe")
        delivery = CountDelivery(cycle, call)
        if self._engine.has_capable(ask):
            await self._engine.serve(ask, call, delivery)
        else:
            await delivery.estimated(b"")

    async def _read(self, cycle: Cycle, read: Reader) -> Call | None:
        """What is asked; None if the caller left before it was said."""
        headers = cycle.head.headers
        if self._engine.draining:
            raise Refused(
                503,
                "draining",
                "The gateway is about to stop and takes no new requests.",
                retry_after_seconds=DRAINING_RETRY_SECONDS,
            )
        via = check_loop(headers, self._engine.run) if VIA_HEADER in headers else ""
        check_json(headers)
        body = cycle.at_hand()
        if body is None:
            body = await read_body(cycle, self._max_body_bytes)
            if body is None:
                return None
        elif len(body) > self._max_body_bytes:
            raise too_large(self._max_body_bytes)
        try:
            call = read(body, headers)
        except InvalidRequest as error:
            raise _invalid(error) from None
        call.via = via
        return call

    def _admit(self, call: Call, holder: Holder, *, kind: RequestKind = "traffic") -> Ask:
        caller = holder.name or self._callers.name(call.headers)
        try:
            return self._engine.admit(call, caller=caller, kind=kind, chains=holder.chains)
        except InvalidRequest as error:
            raise _invalid(error) from None
        except WrongOperation as error:
            raise Refused(400, "wrong_operation", _sentences(error), parameter="model") from None
        except NotAllowed as error:
            raise Refused(403, "model_not_allowed", _sentences(error), parameter="model") from None
        except UnknownModel as error:
            raise Refused(404, "model_not_found", _sentences(error), parameter="model") from None

    # ------------------------------------------------------------------ looking
    async def _models(self, cycle: Cycle, holder: Holder) -> None:
        await _send_json(cycle, 200, health.page_of_models(health.models_list(await self._seen(holder))))

    async def _model(self, cycle: Cycle, holder: Holder) -> None:
        name = cycle.head.path.removeprefix(MODELS_PATH + "/")
        for listed in health.models_list(await self._seen(holder)):
            if listed["id"] == name:
                await _send_json(cycle, 200, listed)
                return
        raise Refused(
            404, "model_not_found", f"There is no chain or model named {_shown(name)} here; GET /v1/models lists them."
        )

    async def _health(self, cycle: Cycle, holder: Holder) -> None:
        snapshot = await self._seen(holder)
        await _send_json(cycle, 200, health.health(snapshot, draining=self._engine.draining))

    async def _live(self, cycle: Cycle, _holder: Holder) -> None:
        await cycle.whole(204, b"", b"")

    async def _ready(self, cycle: Cycle, holder: Holder) -> None:
        snapshot = await self._seen(holder)
        status, body, seconds = health.readiness(snapshot, draining=self._engine.draining)
        await _send_json(cycle, status, body, seconds)

    async def _models_health(self, cycle: Cycle, holder: Holder) -> None:
        await _send_json(cycle, 200, health.models_health(await self._seen(holder)))

    async def _metrics(self, cycle: Cycle, holder: Holder) -> None:
        if holder.chains is not None:
            raise Refused(
                403,
                "metrics_not_allowed",
                "The metrics tell of every chain, and this token is for some; use the gateway's own, or a caller's "
                "without `chains`.",
            )
        text = await self._figures.text()
        await cycle.whole(200, _METRICS_TYPE, text)

    async def _seen(self, holder: Holder) -> Snapshot:
        """How things are, as far as it is the caller's to know."""
        snapshot = await self._backend.snapshot()
        chains = holder.chains
        return snapshot if chains is None else health.of_chains(snapshot, chains)

    # ------------------------------------------------------------------ refusing
    def _not_found(self, path: str) -> Refused:
        served = ", ".join(f"{route.methods[0]} {path}" for path, route in self._routes.items())
        return Refused(404, "not_found", f"Nothing is served at {_shown(path)}. Served are: {served}.")


def _dialect(cycle: Cycle) -> DialectName:
    """Whose error shape a caller expects: the path's; where both kinds of client ask, a header tells."""
    head = cycle.head
    if head.path.startswith(MODELS_PATH) and _ANTHROPIC_MARK in head.headers:
        return "anthropic"
    return dialect_of(head.path)


def _invalid(error: InvalidRequest) -> Refused:
    return Refused(400, "invalid_request", _sentences(error), parameter=error.parameter)


def _wrong_method(route: Route) -> Refused:
    allowed = ", ".join(route.methods)
    return Refused(
        405, "method_not_allowed", f"This path takes {allowed} only.", headers=((b"allow", allowed.encode()),)
    )


def _shown(text: str) -> str:
    """What the caller sent, short and quoted."""
    return repr(text if len(text) <= _SHOWN_PATH else text[:_SHOWN_PATH] + "…")


def _sentences(error: HotspareError) -> str:
    return f"{error.title} {error.hint}".rstrip()


async def _send_json(cycle: Cycle, status: int, value: Any, retry_seconds: float | None = None) -> None:
    headers: Headers = [JSON_TYPE, (b"cache-control", b"no-store")]
    if retry_seconds is not None:
        headers.append(retry_after(retry_seconds))
    await cycle.whole(status, header_lines(headers), _encode(value))
