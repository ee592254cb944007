"""The engine: admits requests, has each carried out, keeps its Record, and carries out what operators order.

It decides nothing: the router does. It owns one task of its own (`start` … `aclose`); requests run in their callers'
tasks. Every change of a decision goes through one lock: durable first, then in force, then acknowledged.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Self, TypeVar

from hotspare.dialects.call import Call
from hotspare.dialects.kept import KeptAnswer
from hotspare.engine import admission, resembling
from hotspare.engine.admission import UnknownModel
from hotspare.engine.attempt import LOG
from hotspare.engine.events import Events
from hotspare.engine.identity import NOISE_BITS, RequestIds
from hotspare.engine.manner import Manner
from hotspare.engine.overhearing import Overhearing
from hotspare.engine.passage import Passage, Watcher
from hotspare.engine.protocols import Carrier, ContentKeeper, Delivery, Journal, Recorder
from hotspare.engine.recollection import Recollection
from hotspare.engine.resembling import Resembling
from hotspare.router.arrears import Arrears
from hotspare.router.clock import Clock
from hotspare.router.command import Command, Decision, JournalEntry, Outcome, Refusal, Slot, Undo
from hotspare.router.facade import Router
from hotspare.router.live import Past
from hotspare.router.record import Ask, Record, RequestKind
from hotspare.router.settings import Settings
from hotspare.router.totals import Totals, fold_totals

__all__ = ["Engine", "UnknownModel"]

TICK_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 5.0
"""Between two signs of life to a caller whose stream is held back."""
RESTORED_AT_ONCE = 256
"""Records folded at the start between two looks at the rest of the program."""

Result = TypeVar("Result")


class Engine:
    """See the module.

    Attributes:
        router: decides.
        recorder: keeps Records.
        clock: the two clocks, for whoever looks through the engine.
        events: what happens, for those who watch.
        in_flight: requests being served.
        draining: set it to have the gateway refuse new ones.
        loop_lag_ms: how late the event loop was at the last tick; None before the first.
    """

    def __init__(
        self,
        *,
        router: Router,
        carrier: Carrier,
        recorder: Recorder,
        journal: Journal,
        clock: Clock,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
        contents: ContentKeeper | None = None,
    ) -> None:
        self.router = router
        self.recorder = recorder
        self.clock = clock
        self.events = Events()
        self.in_flight = 0
        self.draining = False
        self.loop_lag_ms: float | None = None
        self._totals = Totals()
        self._uncounted = Arrears(partial(fold_totals, self._totals))
        self._carrier = carrier
        self._journal = journal
        self._keep_alive_seconds = keep_alive_seconds
        self._contents = contents
        self._manners: dict[str, Manner] = {}
        self._ids = RequestIds(clock.wall(), secrets.randbits(NOISE_BITS))
        self._epoch = router.epoch
        self._recollection = Recollection(contents)
        self._resembling = Resembling(self._recollection, clock, self._ask_for_vectors)
        self._idle = asyncio.Event()
        self._deciding = asyncio.Lock()
        self._acts: set[asyncio.Task[Any]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._recollecting: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ requests
    @property
    def run(self) -> str:
        """The mark that our requests carry on their way up: one that comes in with it has come back to us."""
        return self._ids.run

    def admit(
        self,
        call: Call,
        *,
        caller: str,
        kind: RequestKind = "traffic",
        only: str | None = None,
        chains: frozenset[str] | None = None,
    ) -> Ask:
        """Let a request in: its chain, its id, its deadline.

        Args:
            call: the request as it was read.
            caller: who asks.
            kind: traffic, or what else it is.
            only: a model that must answer, or none.
            chains: those that the caller may use; None: all.

        Raises:
            UnknownModel: nothing answers for the name that it asks for.
            NotAllowed: what answers for it is not for this caller.
            WrongOperation: what answers for it does something else.
            InvalidRequest: its preferred fallback is no model of the chain.
        """
        return admission.admit(
            self.router,
            call,
            self._ids.next(),
            self._ids.run,
            self.clock,
            caller,
            kind,
            only,
            chains,
        )

    def has_capable(self, ask: Ask) -> bool:
        """Whether any model of the chain could serve the request at all, now or later."""
        settings = self.router.settings
        return any(not ask.needs & settings.models[name].lacks for name in settings.chains[ask.chain].reachable)

    async def serve(self, ask: Ask, call: Call, delivery: Delivery, *, watcher: Watcher | None = None) -> None:
        """Carry a request out; one Record is kept, whatever happens. Cancel this when the caller leaves.

        A delivery that raises an OSError has lost its caller, which ends the request as a departure and nothing more.
        """
        self.in_flight += 1
        heard = None if self._contents is None else Overhearing(delivery)
        try:
            manner = self._manner_of(ask.chain)
            recalls = manner.recalls(ask)
            passage = Passage(
                self.router.open(ask, self.clock.monotonic()),
                ask,
                call,
                heard or delivery,
                self._carrier,
                manner.rules,
                self.clock,
                watcher,
                self._keep_alive_seconds if manner.holds(ask) else None,
                self._recollection if recalls else None,
                partial(self._resembling.find, chain=manner.similar) if recalls and manner.similar else None,
                continues=manner.continues(call),
            )
            await passage.run(self._keep)
        except OSError:
            pass  # the delivery has lost its caller, and the Record says so
        finally:
            if heard is not None and self._contents is not None:
                heard.tell(self._contents, ask, call)
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()

    async def _ask_for_vectors(self, call: Call, delivery: Delivery) -> None:
        await self.serve(self.admit(call, caller=resembling.CALLER, kind="probe"), call, delivery)

    def _manner_of(self, name: str) -> Manner:
        """Worked out once for each chain, as long as it is the same."""
        chain = self.router.settings.chains[name]
        manner = self._manners.get(name)
        if manner is None or manner.chain is not chain:
            manner = self._manners[name] = Manner(chain)
        return manner

    def _keep(self, record: Record) -> Awaitable[None] | None:
        kept = self.recorder.append(record)
        self.router.fold(record)
        self._uncounted.add(record)
        self.events.request(record)
        self._remember()
        return kept

    @property
    def totals(self) -> Totals:
        """Sums over the Records that were kept here; what was restored is not in them."""
        self._uncounted.settle()
        return self._totals

    def _remember(self) -> None:
        """Have the router's memory kept, if it is another than last time."""
        if self._epoch != self.router.epoch:
            self._epoch = self.router.epoch
            self.recorder.remember(self.router.memory(now=self.clock.monotonic(), wall=self.clock.wall()))

    async def drained(self, timeout_seconds: float) -> bool:
        """Wait until no request is in flight; False when the time is over before."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self.in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True

    # ------------------------------------------------------------ decisions
    async def apply(self, command: Command, *, who: str, why: str, confirmed: bool) -> Outcome:
        """Carry out a command. Once begun it is carried through, also when the one who asked has gone."""
        return await self._carry_through(self._apply(command, who, why, confirmed=confirmed))

    async def _apply(self, command: Command, who: str, why: str, *, confirmed: bool) -> Outcome:
        async with self._deciding:
            latest = await self._journal.latest() if isinstance(command, Undo) else None
            change = self.router.change(
                command,
                who=who,
                why=why,
                now=self.clock.monotonic(),
                wall=self.clock.wall(),
                latest=latest,
                confirmed=confirmed,
            )
            if isinstance(change, Refusal):
                return change
            entry = await self._journal.write(change)
            self.router.commit(change, now=self.clock.monotonic(), wall=self.clock.wall())
            self._acted(entry)
            return entry

    def _acted(self, entry: JournalEntry) -> None:
        self._remember()
        self.events.act(entry)

    async def reload(
        self, settings: Settings, *, file: str, renewed: Collection[str], midnight: Callable[[float], float]
    ) -> None:
        """Go by other settings from the next request on (`Router.reload`). The carrier knows their models already."""
        await self._carry_through(self._reload(settings, file, renewed, midnight))

    async def _reload(
        self, settings: Settings, file: str, renewed: Collection[str], midnight: Callable[[float], float]
    ) -> None:
        async with self._deciding:
            now, wall = self.clock.monotonic(), self.clock.wall()
            changes = self.router.reload(settings, file=file, renewed=renewed, midnight=midnight, now=now, wall=wall)
            for change in changes:
                self._acted(await self._journal.write(change))

    async def reprice(self, settings: Settings) -> None:
        """Go by other prices from the next call on (`Router.reprice`)."""
        async with self._deciding:
            self.router.reprice(settings)

    async def _carry_through(self, act: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.get_running_loop().create_task(act, name="hotspare.engine.act")
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)
        return await asyncio.shield(task)

    # ------------------------------------------------------------ from start to end
    async def restore(
        self,
        decisions: Mapping[Slot, Decision],
        memory: Mapping[str, Any],
        records: AsyncIterator[Record],
        past: Iterable[Past] = (),
    ) -> None:
        """Take up what an earlier run decided, knew and recorded, before the first request.

        Args:
            decisions: what stands.
            memory: of cooldowns, breakers and refused keys.
            records: the latest, oldest first.
            past: what those before them came to.
        """
        now, wall = self.clock.monotonic(), self.clock.wall()
        for lifted in self.router.restore(decisions=decisions, memory=memory, now=now, wall=wall):
            self._acted(await self._journal.write(lifted))
        for each in past:
            self.router.take_up(each)
        folded = 0
        async for record in records:
            self.router.fold(record)
            folded += 1
            if folded % RESTORED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def recollect(self, answers: AsyncGenerator[KeptAnswer, None]) -> None:
        """Take up what an earlier run kept for when all models fail, beside the requests; newest first."""
        chains = frozenset(name for name, chain in self.router.settings.chains.items() if chain.emergency_cache)
        work = self._recollection.take_up(answers, chains)
        self._recollecting = asyncio.get_running_loop().create_task(work, name="hotspare.engine.recollect")

    def start(self) -> None:
        """Begin to let time pass: decisions expire, the loop's lag is measured."""
        self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="hotspare.engine.tick")

    async def aclose(self) -> None:
        """Stop the tick, see acts through that have begun, end the watchers' iterations."""
        for task in (self._ticking, self._recollecting):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._ticking = self._recollecting = None
        while self._acts:
            await asyncio.wait(self._acts)
        self._remember()
        self.events.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _tick(self) -> None:
        while True:
            due = self.clock.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.loop_lag_ms = max(0.0, (self.clock.monotonic() - due) * 1000)
            try:
                await self._carry_through(self._expire())
            except Exception:  # noqa: BLE001  the top of a task: the next tick may go well
                LOG.exception("the engine's tick went wrong")

    async def _expire(self) -> None:
        async with self._deciding:
            for change in self.router.tick(self.clock.monotonic(), self.clock.wall()):
                self._acted(await self._journal.write(change))
            self._remember()
