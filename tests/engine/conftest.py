"""A bench for the engine: the real router, virtual time, and a script for whatever the engine calls or is read by.

Everything that happens is written to one diary, in order, so that tests can say what came before what.
"""

import asyncio
import dataclasses
import random
from types import SimpleNamespace

import pytest

from hotspare.dialects import openai_chat
from hotspare.engine.engine import Engine
from hotspare.router.clock import Clock
from hotspare.router.command import JournalEntry
from hotspare.router.facade import Router
from hotspare.router.hedging import HedgeBudget
from hotspare.router.plan import Hedge, Plan
from hotspare.router.settings import BreakerRules, Chain, Limits, Model, Rates, Settings
from hotspare.router.snapshot import StoreView
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

MODELS = ("claude", "gpt", "haiku")


def plenty():
    """A budget that allows a hedge."""
    budget = HedgeBudget(1.0)
    budget.asked()
    return budget


USAGE = Usage(input=10, output=5)


@dataclasses.dataclass
class Play:
    """What one call of a model does: how long it takes, then a failure, an exception, a body or a stream."""

    seconds: float = 0.01
    failure: BaseException | None = None
    body: bytes | None = b'{"choices":[{"message":{"content":"hello"}}]}'
    pieces: tuple = ()
    seconds_between: float = 0.01
    seconds_to_close: float = 0.0
    stubborn: bool = False
    usage: Usage | None = USAGE
    said_bytes: int = 0
    streamed: bytes | None = None
    """The pieces, where all of them are there at once."""
    skipped_events: int = 0


def stream(*pieces, **options):
    return Play(body=None, pieces=pieces, **options)


def failing(trigger, status=None, **options):
    seconds = options.pop("seconds", 0.01)
    return Play(seconds, AttemptFailed(Trigger(trigger), "told so", status=status, **options))


class FakeAnswer:
    """One scripted answer; open until it is closed."""

    status = 200
    content_type = "application/json"
    dropped = ()
    provider_request_id = "provider-1"
    spent_seconds = None
    tail = b"data: [DONE]\n\n"

    def __init__(self, carrier, name, play):
        self.body = play.body
        self.usage, self.said_bytes, self.streamed = play.usage, play.said_bytes, play.streamed
        self.skipped_events = play.skipped_events
        self._carrier, self._name, self._play = carrier, name, play
        self._closed = False

    async def pieces(self):
        for piece in self._play.pieces:
            await asyncio.sleep(self._play.seconds_between)
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    async def aclose(self):
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.sleep(self._play.seconds_to_close)
        finally:  # as a real one must: the socket is closed, however the closing is interrupted
            self._carrier.open.remove(self._name)
            self._carrier.diary.append(f"closed {self._name}")


class FakeCarrier:
    """Plays each model's script, call by call; the last play is repeated. `open` names what was not closed yet."""

    def __init__(self, diary):
        self.diary = diary
        self.script = {}
        self.open = []
        self.calls = []

    async def call(self, attempt, ask, call):
        name = f"{attempt.model}#{attempt.n}"
        plays = self.script.get(attempt.model, [Play()])
        play = plays.pop(0) if len(plays) > 1 else plays[0]
        self.calls.append((attempt.model, asyncio.get_running_loop().time()))
        self.diary.append(f"call {name}")
        self.open.append(name)
        try:
            await self._wait(play)
            if play.failure is not None:
                raise play.failure
        except BaseException as error:
            self.open.remove(name)
            self.diary.append(f"{'stopped' if isinstance(error, asyncio.CancelledError) else 'failed'} {name}")
            await asyncio.sleep(0)
            raise
        return FakeAnswer(self, name, play)

    async def _wait(self, play):
        try:
            await asyncio.sleep(play.seconds)
        except asyncio.CancelledError:
            if not play.stubborn:
                raise


class FakeDelivery:
    """A caller that takes everything, or whose socket dies at the named moment."""

    def __init__(self, diary, dies_at=None, error=ConnectionResetError):
        self.diary = diary
        self.dies_at = dies_at
        self.error_raised = error
        self.told = None
        self.fail = None
        self.text = b""
        self.signs = []

    async def _do(self, what):
        self.diary.append(what)
        await asyncio.sleep(0)
        if self.dies_at == what:
            raise self.error_raised

    async def whole(self, told, answer):
        self.told, self.text = told, answer.body if answer.streamed is None else answer.streamed + answer.tail
        await self._do("whole")

    async def begin(self, told, answer):
        self.told = told
        await self._do("begin")

    async def begin_early(self, request_id):
        self.signs.append(asyncio.get_running_loop().time())
        await self._do("begin early")

    async def keep_alive(self):
        self.signs.append(asyncio.get_running_loop().time())
        await self._do("keep alive")

    async def piece(self, data):
        self.text += data
        await self._do("piece")

    def take(self, data):
        del data
        return False

    async def end(self, tail):
        self.text += tail
        await self._do("end")

    async def broken(self, told, fail):
        self.told, self.fail = told, fail
        await self._do("broken")

    async def error(self, told, fail):
        self.told, self.fail = told, fail
        await self._do("error")


class FakeRecorder:
    def __init__(self, diary):
        self.diary = diary
        self.records = []
        self.memories = []
        self.kept = None

    def append(self, record):
        self.records.append(record)
        self.diary.append("record")
        return self.kept

    def remember(self, memory):
        self.memories.append(memory)
        self.diary.append("remember")

    def view(self):
        return StoreView(path="somewhere.db")


class FakeJournal:
    """Takes `seconds` to make a change durable."""

    def __init__(self, diary, seconds=0.5):
        self.diary = diary
        self.seconds = seconds
        self.entries = []

    async def write(self, change):
        self.diary.append(f"writing {change.act}")
        await asyncio.sleep(self.seconds)
        entry = JournalEntry(len(self.entries) + 1, change)
        self.entries.append(entry)
        self.diary.append(f"written {change.act}")
        return entry

    async def latest(self):
        return self.entries[-1] if self.entries else None


class Bench:
    """An engine with everything around it."""

    def __init__(self, *, limits=None, chain=None, models=None, beside=(), contents=None, **options):
        self.diary = []
        self.carrier = FakeCarrier(self.diary)
        self.recorder = FakeRecorder(self.diary)
        self.journal = FakeJournal(self.diary)
        limits = limits or Limits(retries=0)
        rules = BreakerRules(consecutive_failures=3)
        built = {
            name: Model(name, name, needs_key=False, rates=Rates(1_000_000, 5_000_000), breaker=rules)
            for name in MODELS
        }
        built |= {model.name: model for model in models or ()}
        chain = chain or Chain("main", MODELS, dict.fromkeys(MODELS, limits), answers=("claude-*",), **options)
        self.settings = Settings(built, {each.name: each for each in (chain, *beside)})
        self.router = Router(self.settings, random=random.Random(7), midnight=lambda wall: wall - wall % 86_400)
        self.clock = Clock(self._time, lambda: 1_700_000_000.0 + self._time())
        self.engine = Engine(
            router=self.router,
            carrier=self.carrier,
            recorder=self.recorder,
            journal=self.journal,
            clock=self.clock,
            contents=contents,
        )

    @staticmethod
    def _time():
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    def script(self, **plays):
        self.carrier.script = {
            model: list(play) if isinstance(play, tuple | list) else [play] for model, play in plays.items()
        }

    def plan(self, *, lanes=1, hedge_seconds=None):
        """Serve what follows by a race or a hedge over the whole chain."""
        order = tuple(self.router.states[name] for name in MODELS)

        def opened(ask, now):
            hedge = None if hedge_seconds is None else Hedge(hedge_seconds, plenty())
            limits = self.settings.chains["main"].limits
            return self.router.walk(ask, Plan(order, MODELS[0], limits, lanes=lanes, hedge=hedge))

        self.router.open = opened

    def ask(self, model="main", *, streamed=False, headers=None, **options):
        body = openai_chat.simple_request(model, "hi", max_tokens=5, stream=streamed)
        call = openai_chat.read_request(body, headers or {})
        return self.engine.admit(call, caller="shop", **options), call

    def delivery(self, dies_at=None, error=ConnectionResetError):
        return FakeDelivery(self.diary, dies_at, error)

    async def serve(self, model="main", *, streamed=False, delivery=None, **options):
        """Serve one request; its delivery."""
        delivery = delivery or self.delivery()
        ask, call = self.ask(model, streamed=streamed, **options)
        await self.engine.serve(ask, call, delivery)
        return delivery

    @property
    def record(self):
        [record] = self.recorder.records
        return record

    def nothing_is_held(self):
        """No request in flight, no call open, no permit taken, no task left."""
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        return (
            self.engine.in_flight == 0
            and not self.carrier.open
            and all(state.in_flight == 0 for state in self.router.states.values())
            and not any(state.line.kept or len(state.line) for state in self.router.states.values())
            and not [task for task in others if (task.get_name() or "").startswith("hotspare.")]
        )


@pytest.fixture
def plays():
    """The words that scripts are written in."""
    return SimpleNamespace(Play=Play, stream=stream, failing=failing)


@pytest.fixture
def make_bench():
    """Benches with settings of one's own; called inside the test's event loop."""
    return Bench


@pytest.fixture
def bench():
    return Bench()
