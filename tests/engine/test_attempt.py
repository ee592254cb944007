"""How an answer is stopped, and what is told of that, and to whom."""

import logging

import pytest

from hotspare.engine.attempt import LOG, close


class FakeAnswer:
    """Tells when it is closed, and when its stream is."""

    def __init__(self, error=None):
        self.diary = []
        self.error = error

    async def pieces(self):
        try:
            yield b"one"
            yield b"two"
        finally:
            self.diary.append("stream ended")

    async def aclose(self):
        self.diary.append("closed")
        if self.error is not None:
            raise self.error


class Bare:
    """A stream that is nothing but iterated."""

    def __aiter__(self):
        return self

    async def __anext__(self):
        return b"one"


async def test_a_stream_that_was_left_half_way_ends_before_its_answer_is_closed():
    answer = FakeAnswer()
    pieces = answer.pieces()
    await anext(pieces)
    await close(answer, pieces)
    assert answer.diary == ["stream ended", "closed"]


@pytest.mark.parametrize("pieces", [None, Bare()])
async def test_a_stream_that_needs_no_end_gets_none(pieces, caplog):
    answer = FakeAnswer()
    await close(answer, pieces)
    assert answer.diary == ["closed"]
    assert not caplog.records


async def test_what_goes_wrong_in_closing_is_the_log_s_without_its_words(caplog):
    answer = FakeAnswer(RuntimeError("sk-secret"))
    await close(answer)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("hotspare.engine", logging.ERROR)
    assert "closing an answer: unexpected RuntimeError" in record.getMessage()
    assert "sk-secret" not in record.getMessage()


def test_the_log_is_never_python_s_last_resort():
    assert any(isinstance(handler, logging.NullHandler) for handler in LOG.handlers)
