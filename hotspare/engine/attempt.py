"""Make one call of one model through the Carrier: an answer, or a failure that says why. Nothing else comes out.

A Carrier's unforeseen exception is our fault and not the caller's to read: it becomes an unclassified failure of one
line, and its frames go to the log. Its message goes nowhere: libraries put header values, and so keys, into theirs.
"""

import logging
import traceback
from collections.abc import AsyncIterator

from hotspare.dialects.call import Call
from hotspare.engine.protocols import Answer, Carrier
from hotspare.router.record import Ask
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed, Trigger

LOG = logging.getLogger("hotspare.engine")
LOG.addHandler(logging.NullHandler())  # else Python's last resort writes into the terminal that the console draws on


async def attempt(carrier: Carrier, step: Try, ask: Ask, call: Call) -> Answer | AttemptFailed:
    """One call of one model. Cancelling it cancels the call."""
    try:
        return await carrier.call(step, ask, call)
    except AttemptFailed as failure:
        return failure
    except Exception as error:  # noqa: BLE001  the provider boundary
        return unforeseen(error, ask)


async def close(answer: Answer, pieces: AsyncIterator[bytes] | None = None) -> None:
    """Stop an answer at once, also one that is whole; what goes wrong here is nobody's concern but the log's."""
    try:
        if pieces is not None:
            await _finish(pieces)
        await answer.aclose()
    except Exception as error:  # noqa: BLE001  the provider boundary
        _report(error, "closing an answer")


async def _finish(pieces: AsyncIterator[bytes]) -> None:
    """End a generator that was left half-way; else the event loop would do it later, in a task of nobody's."""
    if (finish := getattr(pieces, "aclose", None)) is not None:
        await finish()


def unforeseen(error: BaseException, ask: Ask) -> AttemptFailed:
    """What becomes of an exception that no Carrier should raise."""
    _report(error, f"request {ask.id}")
    return AttemptFailed(Trigger.unclassified, f"unexpected {type(error).__name__} inside hotspare")


def _report(error: BaseException, where: str) -> None:
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    LOG.error("%s: unexpected %s\n%s", where, type(error).__name__, frames)
