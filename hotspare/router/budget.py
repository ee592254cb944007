"""How many retries a model may be given, so that an outage is never multiplied by its own retries.

A share of the calls of the last ten seconds, and never less than one request's own configured retries, so that a lone
caller always has its own (after Finagle's and Envoy's retry budgets).
"""

from hotspare.router.window import Window

RETRY_SHARE = 0.2
WINDOW_SECONDS = 10.0


class RetryBudget:
    """One model's budget. Calls that are not retries feed it, retries draw on it."""

    __slots__ = ("_window",)

    def __init__(self) -> None:
        self._window = Window(WINDOW_SECONDS)

    def called(self, now: float) -> None:
        """A first call of this model was made for a request."""
        self._window.add(now)

    def draw(self, now: float, own: int, *, alone: bool) -> bool:
        """Take one retry; False: there is none left. `own` is the number one request may always have; `alone`: no
        other call of the model is under way, so that there is no crowd to hold back.
        """
        self._window.advance(now)
        retries = self._window.bad
        requests = self._window.calls - retries
        if not alone and retries >= max(RETRY_SHARE * requests, own):
            return False
        self._window.add(now, bad=True)
        return True
