"""What becomes of the connection under an answer."""

from types import SimpleNamespace

import pytest

from hotspare.providers.answer import StreamedAnswer
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
