"""When an instance that has lost its terminal ends."""

from dataclasses import replace

import blank_views
import pytest

from hotspare.app.serving import QUIET_SECONDS, is_quiet
from hotspare.router.facade import Router
from hotspare.router.settings import Settings
from hotspare.router.snapshot import Instance, StoreView

LOST = 1_000_000.0


@pytest.fixture
def picture():
    instance = Instance("prod", "127.0.0.1:4000", 1, LOST, "0")
    router = Router(Settings({}, {}), random=None, midnight=lambda wall: wall // 86_400 * 86_400)
    return router.snapshot(now=0.0, wall=LOST, instance=instance, store=StoreView())


@pytest.mark.parametrize(
    ("after", "request_at", "in_flight", "demo", "quiet"),
    [
        (QUIET_SECONDS, None, 0, False, False),
        (QUIET_SECONDS + 1, None, 0, False, True),
        (QUIET_SECONDS + 1, LOST - 50, 0, False, True),
        (QUIET_SECONDS + 1, LOST + 2, 0, False, False),
        (2 * QUIET_SECONDS, LOST + 2, 0, False, True),
        (QUIET_SECONDS + 1, None, 1, False, False),
        (QUIET_SECONDS + 1, LOST + QUIET_SECONDS, 3, True, True),
    ],
)
def test_it_ends_after_five_minutes_without_a_request_and_a_demo_after_five_minutes(
    picture, after, request_at, in_flight, demo, quiet
):
    recent = () if request_at is None else (replace(blank_views.ROW, at=request_at),)
    told = replace(picture, at=LOST + after, recent=recent, instance=replace(picture.instance, demo=demo))
    assert is_quiet(told, LOST, in_flight) is quiet
