"""Ask models from Python, with fallbacks: the router, the engine and the providers in the caller's own process."""

import asyncio
import random
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from hotspare.client.config import FallbackConfig
from hotspare.client.exchange import Exchange
from hotspare.client.memory import Memory
from hotspare.client.result import FallbackResult
from hotspare.configuration.compiled import Configuration
from hotspare.configuration.midnight import midnight
from hotspare.dialects import openai_chat
from hotspare.dialects.call import InvalidRequest
from hotspare.engine.engine import Engine, UnknownModel
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.facade import Router

CALLER = "FallbackClient"

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class BadRequest(HotspareError, ValueError):
    """A request that no model could be asked: an unknown name, or parameters that are none."""


class FallbackClient:
    """Answers each request with the best model that is up. Use it in one event loop, with `async with`, or `aclose` it.

    Args:
        config: the models, or a file of them.

    Raises:
        HotspareError: the configuration cannot be run; says what is wrong, where, and what to do.
    """

    def __init__(self, config: FallbackConfig) -> None:
        self.config = config
        self._configuration: Configuration = config.compile()
        self._memory = Memory()
        self._clock = Clock()
        self._carrier = ProviderCarrier(self._configuration.endpoints, clock=self._clock)
        self._router = Router(
            self._configuration.settings, random=random.Random(), midnight=midnight(self._configuration.timezone)
        )
        self._engine = Engine(
            router=self._router, carrier=self._carrier, recorder=self._memory, journal=self._memory, clock=self._clock
        )
        self._started = False

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def generate(
        self,
        prompt: str | None = None,
        *,
        model: str | None = None,
        messages: Sequence[Mapping[str, Any]] | None = None,
        **parameters: Any,
    ) -> FallbackResult:
        """Ask once, and get the whole answer.

        Args:
            prompt: what a user says, where there are no `messages`.
            model: a chain or a model of the configuration; its first chain where there is none.
            messages: a conversation, as OpenAI's chat completions have it.
            **parameters: of the request, likewise: `temperature`, `max_tokens`, `tools`, `response_format` …

        Raises:
            AllModelsFailed: no model could answer.
            BadRequest: nothing could be asked.
        """
        self._start()
        if (prompt is None) == (messages is None):
            raise BadRequest("Give either a prompt or messages.")
        said = messages if messages is not None else [{"role": "user", "content": prompt}]
        chain = model or next(iter(self._configuration.settings.chains))
        try:
            call = openai_chat.read_request(_encode({**parameters, "model": chain, "messages": said}), {})
            ask = self._engine.admit(call, caller=CALLER)
        except (InvalidRequest, UnknownModel) as error:
            raise BadRequest(error.title, error.hint) from None
        except TypeError as error:
            raise BadRequest(f"A parameter cannot be sent: {error}.") from None
        if call.stream:
            raise BadRequest("generate gives whole answers.", "Leave out stream.")
        exchange = Exchange()
        await self._engine.serve(ask, call, exchange, watcher=exchange)
        return exchange.result()

    # ------------------------------------------------------------ how it goes
    def get_health_metrics(self) -> dict[str, Any]:
        """Every model's figures, and those of all requests; rates are fractions of 1."""
        memory = self._memory
        models = self._configuration.settings.models
        rate = memory.answered / memory.requests if memory.requests else 1.0
        return {
            "per_model": memory.health.metrics(models, self._is_healthy),
            "overall": {"total_requests": memory.requests, "overall_success_rate": rate},
        }

    def get_fallback_statistics(self) -> dict[str, Any]:
        """How many requests were answered by another model than the one they were meant for."""
        memory = self._memory
        return {
            "total_requests": memory.requests,
            "fallback_requests": memory.fallbacks,
            "fallback_rate": memory.fallbacks / memory.requests if memory.requests else 0.0,
            "models_used": dict(memory.models_used),
        }

    def _is_healthy(self, model: str) -> bool:
        return self._router.states[model].breaker.state == "closed"

    # ------------------------------------------------------------ from start to end
    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._engine.start()

    async def aclose(self) -> None:
        """Let every connection go."""
        if self._started:
            await self._engine.aclose()
        await self._carrier.aclose()


class SyncFallbackClient:
    """`FallbackClient` without `await`, from any thread: it runs in one of its own. Use `with`, or `close` it."""

    def __init__(self, config: FallbackConfig) -> None:
        self._client = FallbackClient(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hotspare.client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def generate(
        self,
        prompt: str | None = None,
        *,
        model: str | None = None,
        messages: Sequence[Mapping[str, Any]] | None = None,
        **parameters: Any,
    ) -> FallbackResult:
        """See `FallbackClient.generate`."""
        return self._run(self._client.generate(prompt, model=model, messages=messages, **parameters))

    def get_health_metrics(self) -> dict[str, Any]:
        """See `FallbackClient.get_health_metrics`."""
        return self._client.get_health_metrics()

    def get_fallback_statistics(self) -> dict[str, Any]:
        """See `FallbackClient.get_fallback_statistics`."""
        return self._client.get_fallback_statistics()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._thread.is_alive():
            work.close()
            raise RuntimeError("this client is closed")
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Let every connection go, and end the thread. A second time it does nothing."""
        if not self._thread.is_alive():
            return
        self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
