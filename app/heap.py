"""Keep what lives long out of the collector's sight: a full collection stops every request in flight for as long as it
takes, and with a screen's objects in it that is tens of milliseconds.
"""

import gc

YOUNG_OBJECTS = 5_000
"""So many more than before, and the young ones are looked through. Python's 700 are what sixteen requests are made of
that run side by side: to look through those that will be gone in a millisecond anyway was a tenth of their cost.
"""


def hold() -> None:
    """While a program begins, nearly all that is made stays, and to look through it takes a tenth of the start."""
    gc.disable()


def let_go() -> None:
    """The start is over: what it has made stays, and is never looked at again; what comes now is."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


def freeze_new() -> None:
    """Something was loaded while requests run: a screen, or another configuration.

    Only what is young is collected, which takes no time, and the rest is never looked at again. What
    died in a cycle just before stays: little, and only as often as this is called.
    """
    gc.collect(1)
    gc.freeze()
