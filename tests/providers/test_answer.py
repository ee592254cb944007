"""What becomes of the connection under an answer."""

from types import SimpleNamespace

import pytest

from hotspare.providers.answer import StreamedAnswer
from hotspare.providers.limit import Limit, Watch
from hotspare.router.trigger import AttemptFailed, Trigger


class FakeReply:
    status = 200

    def __init__(self):
        self.diary = []

    async def let_go(self):
        self.diary.append("let go")

    async def aclose(self):
        self.diary.append("closed")


@pytest.mark.parametrize(
    ("ended", "failure", "becomes"),
    [
        (True, None, "let go"),
        (True, AttemptFailed(Trigger.overloaded, "an error event"), "closed"),
        (False, None, "closed"),
    ],
)
async def test_only_after_a_whole_stream_is_its_connection_kept(ended, failure, becomes):
    reply = FakeReply()
    answer = StreamedAnswer(
        reply,
        None,
        SimpleNamespace(ended=ended, failure=failure),
        b"",
        limit=None,
        silence_seconds=1.0,
        monotonic=lambda: 0.0,
        made_presentable=lambda failure: failure,
        dropped=(),
        provider_request_id=None,
        spent_seconds=None,
    )
    await answer.aclose()
    assert reply.diary == [becomes]


class FakeStream:
    """One event a chunk; ends with `last`."""

    failure = None
    complete = False
    said_bytes = 0

    def __init__(self, last):
        self.last, self.events, self.ended = last, 0, False

    def feed(self, chunk):
        self.events += 1
        self.ended = chunk == self.last
        return chunk


class PassingReply(FakeReply):
    """Has chunks at hand that it passes on, until it is told to stop."""

    def __init__(self, *chunks):
        super().__init__()
        self.chunks = list(chunks)

    async def pass_to(self, sink):
        while self.chunks and sink(self.chunks.pop(0)):
            pass


@pytest.mark.parametrize(
    ("taken", "left", "unread"),
    [(9, [], []), (3, [], [b"4"]), (2, [b"3"], [b"4"]), (0, [b"1"], [b"2", b"3", b"4"])],
)
async def test_what_comes_is_handed_on_in_one_go_up_to_the_first_that_is_not_taken(taken, left, unread):
    reply = PassingReply(b"2", b"3", b"4")
    watch = Watch(lambda: 0.0)
    answer = StreamedAnswer(
        reply,
        None,
        FakeStream(b"3" if taken == 3 else b"4"),
        b"1",
        limit=Limit(watch),
        silence_seconds=1.0,
        monotonic=lambda: 0.0,
        made_presentable=lambda failure: failure,
        dropped=(),
        provider_request_id=None,
        spent_seconds=None,
    )
    found = []

    def take(piece):
        if len(found) == taken:
            return False
        found.append(piece)
        return True

    pieces = answer.pieces()
    await pieces.pass_on(take)
    watch.close()
    assert (found, reply.chunks) == ([b"1", b"2", b"3", b"4"][: min(taken, 4)], unread)
    assert [await anext(pieces) for _ in left] == left
