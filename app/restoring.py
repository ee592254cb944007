"""Which Records a start takes up again: all of the operator's day, and the minutes that the screen looks back on."""

from collections.abc import Callable

from hotspare.router.snapshot import LANE_MINUTES


def records_since(wall: float, midnight: Callable[[float], float]) -> float:
    """The time from which on Records are folded at a start."""
    return min(midnight(wall), wall - LANE_MINUTES * 60)
