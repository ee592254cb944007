import pytest

from hotspare.router.snapshot import Instance
from hotspare.widgets.footer import Hint, action_at, hints_line, kept_hints, last_act_line
from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.layout import arrange
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.starting import starting_line
from hotspare.widgets.vital import vital_line

HINTS = [
    Hint("f", "force", 1, action="force"),
    Hint("s", "skip", 6, enabled=False, action="skip-primary"),
    Hint("?", "help", 0, action="help"),
    Hint("q", "quit", 0, action="quit"),
]


@pytest.mark.parametrize("width", [40, 52, 60, 80, 110, 160, 300])
@pytest.mark.parametrize("height", [11, 12, 13, 16, 20, 24, 30, 36, 50, 100])
@pytest.mark.parametrize("rows", [3, 6, 30])
def test_panels_fill_the_window_and_never_more(width, height, rows):
    layout = arrange(width, height, rows, 3)
    middle = max(layout.entries, layout.chart) if layout.beside else layout.entries + layout.chart
    used = (
        2
        + layout.situation
        + layout.tiles
        + layout.lanes
        + middle
        + layout.requests
        + layout.act
        + layout.tabs
        + sum(layout.rules)
    )
    assert used <= height
    assert layout.lanes >= 3
    assert layout.situation >= 2
    if height >= 16:
        assert layout.entries >= 2


def test_a_small_window_has_no_wall():
    assert arrange(39, 24, 6, 1).vital_only
    assert arrange(80, 10, 6, 1).vital_only
    assert not arrange(40, 11, 6, 1).vital_only


def test_a_large_window_has_chart_and_requests():
    wide = arrange(160, 50, 6, 1)
    assert wide.chart >= 9
    assert wide.beside
    assert wide.requests >= 10
    tall = arrange(80, 50, 6, 1)
    assert tall.chart >= 9
    assert not tall.beside
    assert arrange(160, 24, 6, 1).chart == 0


def test_hints_go_by_rank_and_the_way_out_stays():
    assert text_of([hints_line(HINTS, 80)]) == " f force  s skip  ? help  q quit"
    assert [hint.key for hint in kept_hints(HINTS, 25)] == ["f", "?", "q"]
    assert [hint.key for hint in kept_hints(HINTS, 1)] == ["?", "q"]


def test_a_key_that_cannot_act_is_dimmed_not_hidden():
    assert ("s", "off") in hints_line(HINTS, 80)
    assert ("f", "key") in hints_line(HINTS, 80)


def test_a_click_finds_its_hint():
    text = text_of([hints_line(HINTS, 80)])
    assert action_at(HINTS, 80, text.index("quit")) == "quit"
    assert action_at(HINTS, 80, text.index("f force")) == "force"
    assert action_at(HINTS, 80, 79) == ""


def test_the_last_act_says_how_to_take_it_back(make_snapshot):
    line = last_act_line(make_snapshot(last_act="you disabled local", last_act_at=1_772_937_667.0), 60, UNICODE)
    assert text_of([line]).startswith(" 02:41 you disabled local")
    assert text_of([line]).rstrip().endswith("u undoes")
    assert "undoes" not in text_of([last_act_line(make_snapshot(), 60, UNICODE)])


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_demo_says_that_it_is_one_until_somebody_acts(make_snapshot, width):
    demo = make_snapshot(instance=Instance("demo", "127.0.0.1:4000", 1, 0.0, "0", demo=True))
    text = text_of([last_act_line(demo, width, UNICODE)])
    assert "nothing leaves this machine" in text
    assert len(text) <= width
    assert "nothing leaves" not in text_of([last_act_line(make_snapshot(), width, UNICODE)])


def test_before_any_act_there_is_room_for_a_word_at_the_right(make_snapshot):
    before = (("1-7", "key"), (" screens ", "dim"))
    demo = make_snapshot(instance=Instance("demo", "127.0.0.1:4000", 1, 0.0, "0", demo=True))
    assert text_of([last_act_line(demo, 80, UNICODE, before)]).endswith("this machine    1-7 screens ")
    assert text_of([last_act_line(make_snapshot(), 45, UNICODE, before)]).endswith("anything yet 1-7 screens ")
    assert "screens" not in text_of([last_act_line(make_snapshot(), 44, UNICODE, before)])
    acted = make_snapshot(last_act="you disabled local", last_act_at=0.0)
    assert "screens" not in text_of([last_act_line(acted, 80, UNICODE, before)])


@pytest.mark.parametrize("width", [8, 20, 39])
def test_the_vital_line_keeps_the_way_out(make_snapshot, width):
    for line in (vital_line(make_snapshot(), width, UNICODE), starting_line("reading it", width, UNICODE)):
        assert width_of(line) <= width
        assert text_of([line]).startswith("q quits")


@pytest.mark.parametrize(
    ("kind", "told"), [("force", "u undoes"), ("undo", "U redoes"), ("reload", ""), ("clear", ""), ("expired", "")]
)
def test_the_last_act_names_the_key_that_takes_it_back(make_snapshot, kind, told):
    snapshot = make_snapshot(last_act="ada did it", last_act_at=0.0, last_act_kind=kind)
    text = text_of([last_act_line(snapshot, 80, UNICODE)])
    assert text.rstrip().endswith(told or "ada did it")
    assert ("undoes" in text) == (kind == "force")
