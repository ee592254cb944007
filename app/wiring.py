"""Put one instance together: Configuration → Router, Store, Carrier, Engine, Backend, Gateway. Only wires.

Started in this order and ended in the reverse one; what an earlier run decided, knew and recorded is in force before
the first request can come.
"""

import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from hotspare.app.instance import Claim, Note
from hotspare.app.restoring import records_since
from hotspare.app.settings import Answers
from hotspare.app.version import version
from hotspare.configuration.compiled import Configuration
from hotspare.configuration.midnight import midnight
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway.facade import Gateway
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.snapshot import Instance
from hotspare.store.contents import ContentRules
from hotspare.store.retention import Keeping
from hotspare.store.store import Store

NO_DRAIN_SECONDS = 0.0


def _nobody_there(_text: str, _hint: str) -> None:
    """Nobody looks."""


@dataclass(slots=True)
class Running:
    """One instance that serves.

    Attributes:
        configuration: what it goes by; replaced when a changed file is taken up.
        tell: shows somebody a sentence and what to do, where there is somebody to see it.
        drain_seconds: how long its end waits for what runs; whoever ends it may set it.
    """

    configuration: Configuration
    store: Store
    engine: Engine
    backend: LocalBackend
    gateway: Gateway
    carrier: ProviderCarrier
    tell: Callable[[str, str], None] = _nobody_there
    drain_seconds: float = NO_DRAIN_SECONDS

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know about this start."""
        return (*self.configuration.warnings, *self.store.warnings)

    @property
    def keys_not_in_force(self) -> tuple[str, ...]:
        """Keys of the file that nothing follows yet."""
        return tuple(key.key for key in self.configuration.keys if key.state == "not yet in force")


@asynccontextmanager
async def running(configuration: Configuration, claim: Claim, clock: Clock, *, keeps: bool) -> AsyncIterator[Running]:
    """An instance that serves while the block runs. One that keeps nothing has its log beside its store.

    Raises:
        HotspareError: the port is taken, or the store is a later version's.
    """
    async with AsyncExitStack() as stack:
        path = configuration.store.path
        log_path = None if keeps else path.with_suffix(".log")
        kept = configuration.store
        store = await Store.open(
            path,
            name=configuration.name,
            log_path=log_path,
            clock=clock,
            keeping=Keeping(kept.keep_days, kept.keep_bytes, kept.content_keep_days),
            strict=kept.durability == "strict",
            content=ContentRules(kept.content_keep_days, kept.redact) if kept.content else None,
        )
        stack.push_async_callback(store.close)
        carrier = ProviderCarrier(configuration.endpoints, clock=clock)
        stack.push_async_callback(carrier.aclose)
        engine = await _engine(configuration, store, carrier, clock)
        await stack.enter_async_context(engine)
        instance = _instance(configuration, clock)
        answers = Answers(store, lambda: configuration)
        backend = LocalBackend(engine, history=answers, instance=instance)
        gateway = Gateway(engine, backend, configuration.gateway, socket_path=claim.socket, presence=backend.presence)
        await gateway.start()
        found = Running(configuration, store, engine, backend, gateway, carrier)
        answers.configuration = lambda: found.configuration
        stack.push_async_callback(lambda: gateway.stop(found.drain_seconds))
        backend.instance = replace(instance, listen=gateway.listen)
        claim.write(_note(found, claim))
        yield found


async def _engine(configuration: Configuration, store: Store, carrier: ProviderCarrier, clock: Clock) -> Engine:
    """The engine, with what an earlier run left taken up."""
    day_begins = midnight(configuration.timezone)
    router = Router(configuration.settings, random=random.Random(), midnight=day_begins)
    engine = Engine(
        router=router,
        carrier=carrier,
        recorder=store,
        journal=store,
        clock=clock,
        contents=store if configuration.store.content else None,
    )
    sessions = configuration.settings.budget.session is not None
    past, since = await store.past(records_since(clock.wall(), day_begins), sessions=sessions)
    await engine.restore(await store.standing(), await store.memory(), store.records(since), past)
    engine.recollect(store.answers())
    return engine


def _instance(configuration: Configuration, clock: Clock) -> Instance:
    return Instance(
        name=configuration.name,
        listen="",
        pid=os.getpid(),
        started_at=clock.wall(),
        version=version(),
        demo=configuration.format == "demo",
        environment=configuration.console.environment,
        read_only=configuration.console.read_only,
        config_path=str(configuration.path or ""),
    )


def _note(found: Running, claim: Claim) -> Note:
    return Note(
        name=found.configuration.name,
        pid=os.getpid(),
        listen=found.gateway.listen,
        socket=str(claim.socket),
        store=str(found.store.path),
        log=str(found.store.log_path),
        config=str(found.configuration.path or ""),
        demo=found.configuration.format == "demo",
    )
