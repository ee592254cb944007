"""What hedging may cost: a share of what the chain spends anyway."""

MOST_SAVED = 5.0
"""Hedges that a quiet time may save up."""


class HedgeBudget:
    """Every request of a chain pays its share in; a hedge takes out what it costs beside the first call.

    The extra spend is then at most `share` of the whole, and `MOST_SAVED` hedges.
    """

    __slots__ = ("_saved", "share")

    def __init__(self, share: float) -> None:
        self.share = share
        self._saved = 0.0

    def asked(self) -> None:
        """A request has come."""
        self._saved = min(MOST_SAVED, self._saved + self.share)

    def draw(self, cost: float) -> bool:
        """Take out a hedge that costs `cost` times the first call; False: it is too much."""
        if self._saved < cost:
            return False
        self._saved -= cost
        return True
