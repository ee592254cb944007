import pytest

from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.table import Column, Table
from hotspare.widgets.tabs import Tab, tab_at, tabs_line

COLUMNS = (
    Column("name", 6, grow=True, most=20),
    Column("one", 5, rank=1, right=True),
    Column("two", 5, rank=2, right=True),
    Column("note", 8, rank=3, grow=True),
)
ROW = (("claude", "strong"), ("1", "text"), ("22", "text"), ("说明 and more of it", "dim"))


@pytest.mark.parametrize("width", [7, 12, 19, 20, 21, 30, 44, 80, 200])
def test_a_row_fits_with_a_blank_after_it_and_what_matters_least_goes_first(width):
    table = Table.choose(COLUMNS, width + 1)
    line = table.line(ROW, UNICODE)
    assert width_of(line) <= max(width, 7)
    assert [bool(cells) for cells in table.cells] == [True, width >= 14, width >= 21, width >= 31]


def test_numbers_stand_to_the_right_under_their_heads():
    table = Table.choose(COLUMNS, 60)
    head, row = text_of([table.head(UNICODE)]), text_of([table.line(ROW, UNICODE)])
    assert head.index("two") + 3 == row.index("22") + 2
    assert head.index("name") == row.index("claude") == 1


def test_one_that_grows_stops_at_its_most():
    assert Table.choose(COLUMNS, 200).cells[0] == 20
    assert sum(Table.choose(COLUMNS, 200).cells) == 200 - 2 - 3 * 2


TABS = (Tab("1", "overview", "overview"), Tab("2", "chains", "chains"), Tab("3", "cost", "cost"))


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("shown", ["overview", "chains", "cost"])
def test_a_click_on_a_tab_finds_its_screen(width, shown):
    text = text_of([tabs_line(TABS, shown, width, UNICODE)])
    assert f" {shown} " in text
    assert len(text) <= width
    for tab in TABS:
        assert tab_at(TABS, shown, width, text.index(tab.key)) == tab.name
    assert tab_at(TABS, shown, width, width - 1) == ""


def test_without_room_only_the_shown_one_is_named():
    assert text_of([tabs_line(TABS, "chains", 32, UNICODE)]) == " 1   2 chains   3"


def test_what_is_left_goes_by_weight_and_what_one_leaves_goes_to_the_others():
    table = Table.choose(
        (Column("a", 5, grow=True, most=6), Column("b", 5, grow=True, weight=3), Column("c", 5, grow=True)),
        2 + 15 + 4 + 13,
    )
    assert table.cells == (6, 14, 8)
