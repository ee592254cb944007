"""What was ordered, over a restart: a decision is taken up while it lasts, and not at its very end."""

import pytest

from hotspare.router.command import Decision, Slot
from hotspare.router.standing import Standing

SLOT = Slot("model", "claude")
WALL = 1_000.0


@pytest.mark.parametrize(("until", "taken"), [(None, True), (WALL + 1, True), (WALL, False), (WALL - 1, False)])
def test_a_decision_of_an_earlier_run_is_taken_up_only_while_it_lasts(until, taken):
    standing = Standing()
    decision = Decision(("disabled",), who="you", at=WALL - 60, until=until)
    standing.take_up({SLOT: decision}, now=5.0, wall=WALL)
    assert (standing.get(SLOT) is not None) is taken


def test_what_is_taken_up_ends_when_it_would_have_ended():
    standing = Standing()
    standing.take_up({SLOT: Decision(("disabled",), who="you", at=0.0, until=WALL + 30)}, now=5.0, wall=WALL)
    assert standing.expire(now=34.9, wall=WALL + 29.9) == ()
    [change] = standing.expire(now=35.0, wall=WALL + 30)
    assert (change.act, change.subject) == ("expired", "claude")
    assert standing.get(SLOT) is None
