"""Pieces that may be passed on: what goes out, what is remembered of it, and who is waited for."""

from hotspare.engine.handover import Handover
from hotspare.engine.overhearing import Overhearing
from hotspare.router.trigger import AttemptFailed, Trigger


class Walk:
    delivered_model, fallback, waited, slow, attempts_made = "m1", False, False, False, 1


class Ask:
    id = "r1"


class Pieces:
    """Passes on what it has, as far as it is taken; a failure comes after all of it."""

    def __init__(self, pieces, failure=None):
        self.left, self.failure, self.fetched = list(pieces), failure, []

    async def pass_on(self, take):
        while self.left and take(self.left[0]):
            self.left.pop(0)

    async def __anext__(self):
        if self.left:
            self.fetched.append(self.left[0])
            return self.left.pop(0)
        if self.failure is not None:
            raise self.failure
        raise StopAsyncIteration


class Answer:
    body, dropped, usage = None, (), None

    def __init__(self, pieces, streamed=None):
        self._pieces, self.streamed, self.closed = pieces, streamed, False

    def pieces(self):
        return self._pieces

    async def aclose(self):
        self.closed = True


class Caller:
    """Takes what it can; what it cannot take now, it takes when it is waited for."""

    def __init__(self, *refused):
        self.got, self.waited, self._refused = [], [], set(refused)

    async def begin(self, told, answer):
        """Nothing to say."""

    def take(self, data):
        if data in self._refused:
            return False
        self.got.append(data)
        return True

    async def piece(self, data):
        self.got.append(data)
        self.waited.append(data)

    async def whole(self, told, answer):
        self.got.append(answer.streamed)


async def handed(pieces, caller, *, remembers=False, heard=False):
    answer = Answer(pieces)
    delivery = Overhearing(caller) if heard else caller
    handover = Handover(Walk(), Ask(), None, delivery, remembers=remembers)
    failure = await handover.give(answer)
    assert answer.closed
    return failure, handover, delivery


PIECES = b"one", b"two", b"three"


async def test_what_can_be_taken_is_never_fetched():
    pieces, caller = Pieces(PIECES), Caller()
    failure, handover, _ = await handed(pieces, caller)
    assert (failure, caller.got, caller.waited, pieces.fetched) == (None, list(PIECES), [], [])
    assert handover.sent == []


async def test_a_piece_that_has_to_wait_is_fetched_and_the_rest_passed_on():
    pieces, caller = Pieces(PIECES), Caller(b"two")
    await handed(pieces, caller)
    assert (caller.got, caller.waited) == (list(PIECES), [b"two"])


async def test_how_it_broke_off_is_told_after_what_came():
    broken = AttemptFailed(Trigger.stream_cut, "cut")
    caller = Caller(b"three")
    failure, _, _ = await handed(Pieces(PIECES, broken), caller)
    assert (failure, caller.got) == (broken, list(PIECES))


async def test_each_piece_is_remembered_once_whichever_way_it_went():
    _, handover, _ = await handed(Pieces(PIECES), Caller(b"two"), remembers=True)
    assert handover.sent == list(PIECES)


async def test_each_piece_is_heard_once_whichever_way_it_went():
    _, _, delivery = await handed(Pieces(PIECES), Caller(b"one", b"three"), heard=True)
    assert delivery._pieces == list(PIECES)


async def test_a_stream_that_is_all_there_is_remembered_and_heard_once():
    caller, answer = Caller(), Answer(Pieces(PIECES), b"onetwothree")
    delivery = Overhearing(caller)
    handover = Handover(Walk(), Ask(), None, delivery, remembers=True)
    assert await handover.give(answer) is None
    assert (caller.got, handover.sent, answer.closed) == ([], [b"onetwothree"], True)
    await delivery.whole(None, answer)
    assert (caller.got, delivery._pieces) == ([b"onetwothree"], [b"onetwothree"])


async def test_what_is_all_there_follows_what_has_gone_out_as_its_pieces():
    broken = AttemptFailed(Trigger.stream_cut, "cut")
    caller = Caller()
    handover = Handover(Walk(), Ask(), None, caller, remembers=True)
    assert await handover.give(Answer(Pieces([b"one"], broken))) is broken
    assert await handover.give(Answer(Pieces([b"two"]), b"two")) is None
    assert caller.got == handover.sent == [b"one", b"two"]
