from dataclasses import asdict
from typing import get_args

from hotspare.router.snapshot import LaneCell, ModelState
from hotspare.widgets.glyphs import ASCII, LANE_CELLS, STATES, UNICODE, choose_glyphs


def test_every_state_and_every_minute_has_a_sign():
    assert set(STATES) == set(get_args(ModelState))
    assert set(LANE_CELLS) == set(get_args(LaneCell))


def test_signs_of_states_differ_without_colour():
    for glyphs in (UNICODE, ASCII):
        signs = [getattr(glyphs, name) for name in ("ok", "limited", "broken", "off", "trial", "draining", "forced")]
        assert len(set(signs)) == len(signs)


def test_ascii_means_ascii():
    assert all(str(sign).isascii() for sign in asdict(ASCII).values())


def test_the_set_follows_wish_and_locale():
    assert choose_glyphs({}, "UTF-8") is UNICODE
    assert choose_glyphs({"HOTSPARE_ASCII": "1"}, "UTF-8") is ASCII
    assert choose_glyphs({"HOTSPARE_ASCII": "0"}, "utf8") is UNICODE
    assert choose_glyphs({}, "ANSI_X3.4-1968") is ASCII
