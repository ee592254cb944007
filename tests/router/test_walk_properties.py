"""Whatever comes in whatever order: a request ends exactly once, gives all back, and keeps to its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancel,
    Cancelled,
    ContentHeld,
    Deliver,
    Due,
    Ended,
    Fail,
    Failed,
    Finish,
    FirstContent,
    Try,
    Wait,
)
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

MODELS = ("claude", "gpt", "haiku")
RETRIES = 2


class Chance:
    """Performs a walk's steps as chance has it, and checks what must hold at each."""

    def __init__(self, main, walk, data):
        self.main, self.walk, self.data = main, walk, data
        self.running, self.spoken, self.held, self.stopping = {}, set(), set(), set()
        self.wait = None
        self.ends = self.delivered = self.delivered_n = 0
        self.per_model = dict.fromkeys(MODELS, 0)

    def take(self, steps):
        for step in steps:
            match step:
                case Try(n, model):
                    assert n not in self.running
                    self.running[n] = model
                    self.per_model[model] += 1
                case Deliver(n):
                    assert n in self.running
                    self.delivered += 1
                    self.delivered_n = n
                case Cancel(n):
                    assert n in self.running
                    assert n not in self.stopping, "asked to stop twice"
                    self.stopping.add(n)
                case Wait(until):
                    self.wait = until
                case Finish(n):
                    assert n == self.delivered_n, "finished by another attempt than the one delivered"
                    self.end()
                case Fail():
                    self.end()

    def end(self):
        assert not self.running, "ended while something ran"
        self.ends += 1

    def event(self):
        choices = []
        for n in self.running:
            if n in self.stopping:
                choices.append(Cancelled(n))
            if n in self.spoken:
                choices.append(Ended(n, Usage(10, 5)))
                choices.append(Ended(n, failure=AttemptFailed(Trigger.stream_cut, "cut")))
            else:
                choices.append(FirstContent(n))
                if n not in self.held:
                    choices.append(ContentHeld(n))
                choices += [Failed(n, AttemptFailed(trigger, "x", status=500)) for trigger in TRIGGERS]
        if self.wait is not None:
            choices.append(Due())
        choices.append(CallerLeft())
        return self.data.draw(st.sampled_from(choices))

    def perform(self, event):
        self.main.now += self.data.draw(st.sampled_from([0.0, 0.1, 30.0]))
        match event:
            case Due():
                self.main.now = max(self.main.now, self.wait)
                self.wait = None
            case ContentHeld(n):
                self.held.add(n)
            case FirstContent(n):
                self.spoken.add(n)
            case Failed(n) | Ended(n) | Cancelled(n):
                del self.running[n]
        self.take(self.walk.next(event, self.main.now))


TRIGGERS = (Trigger.overloaded, Trigger.timeout, Trigger.rate_limit, Trigger.bad_request, Trigger.auth)


@given(st.data())
def test_a_request_ends_exactly_once_and_gives_everything_back(world, data):
    main = world(
        limits=Limits(retries=RETRIES),
        breaker=BreakerRules(consecutive_failures=data.draw(st.integers(1, 4)), cooldown_seconds=20.0),
        models={"claude": {"keys": ("A", "B")}},
    )
    lanes = data.draw(st.sampled_from([1, 1, 2, 3]))
    hedge = data.draw(st.sampled_from([None, None, 1.0]))
    walk = main.race(lanes, hedge)
    chance = Chance(main, walk, data)
    chance.take(walk.next(Begin(), main.now))
    left = False
    while not walk.over:
        event = chance.event()
        if isinstance(event, CallerLeft):
            if left or data.draw(st.integers(0, 9)):
                event = next((Cancelled(n) for n in chance.running if n in chance.stopping), None)
                if event is None:
                    continue
            else:
                left = True
        chance.perform(event)
        assert sum(state.in_flight for state in main.router.states.values()) == len(chance.running)
    assert all(state.in_flight == 0 for state in main.router.states.values())
    assert chance.delivered <= 1
    assert chance.ends == (0 if left else 1)
    record = walk.record(main.now)
    assert len(record.attempts) == walk.attempts_made == sum(chance.per_model.values())
    assert all(count <= 2 * (1 + RETRIES) for count in chance.per_model.values())
    assert record.verdict == ("caller_left" if left else record.verdict)
    assert (record.model is None) == (record.verdict != "answered")
    assert record.cost_pico_usd >= 0
    assert len({candidate.model for candidate in record.candidates}) == len(MODELS)
