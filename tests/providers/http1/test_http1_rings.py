"""An answer that is over is let go at once, and not at some later collection: it holds its body."""

import gc

import pytest

from hotspare.providers.http1_exchange import Exchange

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


class NoConnection:
    def resume(self, exchange):
        """Nothing is paused."""


def garbage_of(*pieces, lost=False):
    """How many objects only a collection finds after an answer of these bytes."""
    gc.collect()
    exchange = Exchange(NoConnection())
    for piece in pieces:
        exchange.feed(piece)
    if lost:
        exchange.lost(None)
    assert exchange.over
    del exchange
    return gc.collect()


@pytest.mark.parametrize(
    ("pieces", "lost"),
    [
        ((WHOLE,), False),
        ((WHOLE[:20], WHOLE[20:]), False),
        ((b"nonsense\r\n\r\n",), False),
        ((WHOLE[:-1],), True),
        ((), True),
    ],
)
def test_an_answer_that_is_over_leaves_no_ring(pieces, lost):
    assert garbage_of(*pieces, lost=lost) == 0
