from dataclasses import replace

import pytest

from hotspare.router.snapshot import ConsoleView, SituationView, StoreView
from hotspare.widgets.glyphs import ASCII, UNICODE
from hotspare.widgets.header import Badge, header_line
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.situation import situation_lines


@pytest.mark.parametrize("width", range(24, 161, 8))
def test_the_header_never_overflows_and_keeps_the_clock(make_snapshot, width):
    line = header_line(make_snapshot(), width, UNICODE, (Badge("FROZEN 00:42"),))
    assert width_of(line) <= width
    assert "02:41:07" in text_of([line])


def test_the_header_tells_where_one_is(make_snapshot):
    snapshot = make_snapshot()
    wide = text_of([header_line(snapshot, 100, UNICODE)])
    assert "serving 127.0.0.1:4000" in wide
    assert "42 req/min" in wide
    assert "3 callers" in wide
    production = replace(snapshot, instance=replace(snapshot.instance, environment="production", read_only=True))
    line = header_line(production, 120, UNICODE)
    assert (" PRODUCTION ", "alarm") in line
    assert (" READ-ONLY ", "badge") in line
    assert (" PROMPTS KEPT ", "badge") in header_line(make_snapshot(store=StoreView(content=True)), 120, UNICODE)
    assert (" STORE CORRUPT ", "alarm") in header_line(make_snapshot(store=StoreView("corrupt")), 120, UNICODE)


def test_who_else_has_a_screen_is_named_where_there_is_room_and_counted_else(make_snapshot):
    others = (ConsoleView("root", 1.0), ConsoleView("root (as ada)", 2.0), ConsoleView("root", 3.0))
    assert "  with root, root (as ada)" in text_of([header_line(make_snapshot(consoles=others), 140, UNICODE)])
    assert "+3 screens" in text_of([header_line(make_snapshot(consoles=others), 80, UNICODE)])
    assert "+1 screen " in text_of([header_line(make_snapshot(consoles=others[:1]), 80, UNICODE)])
    assert "screen" not in text_of([header_line(make_snapshot(), 140, UNICODE)])


def test_a_staging_badge_is_no_alarm(make_snapshot):
    snapshot = make_snapshot()
    staging = replace(snapshot, instance=replace(snapshot.instance, environment="staging"))
    assert (" STAGING ", "badge") in header_line(staging, 120, UNICODE)


WORST = SituationView(
    "a", "critical", "No model of main can answer: its callers get errors.", key="c", key_text="clear"
)
OTHER = SituationView("b", "warning", "gpt-5 is slow.")


def test_the_worst_comes_first_with_its_key_and_a_sign():
    lines = situation_lines([WORST, OTHER], 80, 2, UNICODE)
    assert text_of(lines[:1]).startswith(" ✖ No model")
    assert "[c] clear" in text_of(lines[:1])
    assert "gpt-5 is slow" in text_of(lines[1:])


def test_what_does_not_fit_is_counted():
    lines = situation_lines([WORST, OTHER, OTHER], 80, 1, UNICODE)
    assert len(lines) == 1
    assert "+2 more" in text_of(lines)


def test_a_long_sentence_is_cut_with_its_key_kept():
    long = SituationView("x", "warning", "word " * 80, key="f", key_text="hold it 10 min")
    lines = situation_lines([long], 60, 2, UNICODE)
    assert len(lines) == 2
    assert all(width_of(line) <= 60 for line in lines)
    assert text_of(lines).rstrip().endswith("[f] hold it 10 min")
    assert "…" in text_of(lines)


def test_nothing_going_on_is_said():
    assert "All is well" in text_of(situation_lines([], 80, 2, UNICODE))


def test_foreign_words_in_a_situation_are_plain():
    evil = SituationView("x", "warning", "key \x1b]0;x\x07 \u202erefused")
    shown = text_of(situation_lines([evil], 80, 2, ASCII))
    assert shown.isascii()
    assert "\x1b" not in shown


def test_the_instances_name_stays_longer_than_its_callers(make_snapshot):
    here = replace(make_snapshot().instance, demo=False, name="prod-eu", environment="production")
    text = text_of([header_line(make_snapshot(instance=here), 80, UNICODE)])
    assert "prod-eu" in text
    assert "caller" not in text


def test_traffic_is_told_in_the_smallest_window_and_that_prompts_are_kept_goes_first(make_snapshot):
    text = text_of([header_line(make_snapshot(store=StoreView(content=True)), 40, UNICODE)])
    assert "req/min" in text
    assert "PROMPTS" not in text
