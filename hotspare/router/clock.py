"""The two clocks, handed in everywhere: monotonic for durations, wall for stamps; tests move them by hand."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` in seconds from anywhere; `wall` in UTC epoch seconds."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
