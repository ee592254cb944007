"""What a caller is told goes to it untouched, and to the store that was told to keep it."""

from types import SimpleNamespace

import pytest

from hotspare.engine.overhearing import HEARD_BYTES, Overhearing

ASK = SimpleNamespace(id="r1", at=7.0)
CALL = object()
TOLD, FAIL = object(), object()


class FakeKeeper:
    def __init__(self):
        self.kept = []

    def content(self, *what):
        self.kept.append(what)


class FakeDelivery:
    """Notes what it is told, and takes pieces while `takes`."""

    def __init__(self):
        self.diary = []
        self.takes = True

    def take(self, data):
        self.diary.append(("take", data))
        return self.takes

    def __getattr__(self, name):
        async def told(*what):
            self.diary.append((name, *what))

        return told


@pytest.fixture
def delivery():
    return FakeDelivery()


@pytest.fixture
def heard(delivery):
    return Overhearing(delivery)


@pytest.fixture
def kept(heard):
    """The body and the pieces that a keeper is told of."""

    def kept():
        keeper = FakeKeeper()
        heard.tell(keeper, ASK, CALL)
        [(request_id, at, call, body, pieces)] = keeper.kept
        assert (request_id, at, call) == ("r1", 7.0, CALL)
        return body, pieces

    return kept


def whole(body=None, streamed=None):
    return SimpleNamespace(body=body, streamed=streamed)


async def test_everything_goes_to_the_caller_as_it_came(heard, delivery):
    answer = whole(b"{}")
    await heard.whole(TOLD, answer)
    await heard.begin(TOLD, answer)
    await heard.begin_early("r1")
    await heard.keep_alive()
    await heard.piece(b"a")
    assert heard.take(b"b")
    await heard.end(b"tail")
    await heard.broken(TOLD, FAIL)
    await heard.error(TOLD, FAIL)
    assert delivery.diary == [
        ("whole", TOLD, answer),
        ("begin", TOLD, answer),
        ("begin_early", "r1"),
        ("keep_alive",),
        ("piece", b"a"),
        ("take", b"b"),
        ("end", b"tail"),
        ("broken", TOLD, FAIL),
        ("error", TOLD, FAIL),
    ]


async def test_a_body_is_kept_up_to_a_bound(heard, kept):
    await heard.whole(TOLD, whole(b"x" * HEARD_BYTES))
    assert kept() == (b"x" * HEARD_BYTES, ())
    await heard.whole(TOLD, whole(b"x" * (HEARD_BYTES + 1)))
    assert kept() == (b"", ())


async def test_a_stream_is_kept_as_its_pieces(heard, delivery, kept):
    await heard.piece(b"one")
    heard.take(b" two")
    delivery.takes = False
    heard.take(b" nobody took this")
    await heard.end(b"data: [DONE]\n\n")
    assert kept() == (None, (b"one", b" two"))


async def test_a_stream_that_goes_out_whole_is_kept_as_one_piece(heard, kept):
    await heard.whole(TOLD, whole(streamed=b"all of it"))
    assert kept() == (None, (b"all of it",))


async def test_of_a_long_stream_no_more_than_the_bound_is_kept(heard, kept):
    half = b"x" * (HEARD_BYTES // 2)
    for _ in range(4):
        await heard.piece(half)
    assert kept() == (None, (half, half))


async def test_of_a_request_without_an_answer_nothing_is_kept_but_what_was_asked(heard, kept):
    await heard.error(TOLD, FAIL)
    assert kept() == (None, ())
