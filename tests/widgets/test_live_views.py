from typing import ClassVar

import pytest
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line_pane import LinePane, TextPane
from hotspare.widgets.line_view import SPARE_STRIPS, LineView
from hotspare.widgets.row_list import Row, RowList


def line(text):
    return ((f" {text}", "text"),)


class Stage(App[None]):
    """One widget, and the messages it sent."""

    CSS = "LineView { height: 5; }"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False

    def __init__(self, widget):
        super().__init__()
        self.widget = widget
        self.heard = []

    def compose(self):
        yield self.widget

    def on_row_list_moved(self, event):
        self.heard.append(("moved", event.key))

    def on_row_list_chosen(self, event):
        self.heard.append(("chosen", event.key))


def painted(widget, y):
    return widget.render_line(y).text.rstrip()


async def test_only_lines_that_changed_are_painted_again():
    view = LineView()
    async with Stage(view).run_test(size=(20, 5)):
        assert view.show([line("a"), line("b"), line("c")]) == 3
        assert view.show([line("a"), line("b"), line("c")]) == 0
        assert view.show([line("a"), line("x"), line("c")]) == 1
        assert painted(view, 1) == " x"
        assert view.show([line("a")]) == 2


async def test_text_is_never_markup():
    view = LineView()
    async with Stage(view).run_test(size=(40, 5)):
        view.show([line("[red]not[/] [link=x]markup")])
        assert painted(view, 0) == " [red]not[/] [link=x]markup"


@pytest.fixture
def rows():
    return [Row(line(f"row {number}"), f"key-{number}") for number in range(9)]


async def test_the_cursor_stays_with_its_row_when_others_arrive(rows):
    widget = RowList()
    stage = Stage(widget)
    async with stage.run_test(size=(20, 5)) as pilot:
        widget.fill([line("head")], rows)
        widget.focus()
        await pilot.press("down", "j")
        assert widget.chosen == "key-2"
        widget.fill([line("head")], [Row(line("new"), "key-new"), *rows])
        assert widget.chosen == "key-2"
        assert painted(widget, 0) == " head"
        assert "▸row 2" in [painted(widget, y) for y in range(5)]
        await pilot.press("k", "enter")
        assert stage.heard[-1] == ("chosen", "key-1")


async def test_the_list_scrolls_to_keep_the_cursor_in_sight(rows):
    widget = RowList()
    async with Stage(widget).run_test(size=(20, 5)) as pilot:
        widget.fill([line("head")], rows)
        widget.focus()
        await pilot.press("end")
        assert [painted(widget, y) for y in (1, 4)] == [" row 5", "▸row 8"]
        await pilot.press("home")
        assert painted(widget, 1) == "▸row 0"


async def test_rows_without_a_key_are_passed_over(rows):
    widget = RowList(always_marked=True)
    async with Stage(widget).run_test(size=(20, 5)) as pilot:
        widget.fill([], [Row(line("title")), *rows[:2], Row(line("other")), rows[2]])
        assert widget.chosen == "key-0"
        widget.focus()
        await pilot.press("down", "down")
        assert widget.chosen == "key-2"


async def test_a_chosen_row_that_is_gone_gives_way_only_where_one_must_be_chosen(rows):
    widget = RowList(always_marked=True)
    async with Stage(widget).run_test(size=(20, 5)):
        widget.fill([], rows)
        widget.choose_row("key-4")
        widget.fill([], rows[:2])
        assert widget.chosen == "key-0"


async def test_a_click_chooses_and_a_second_opens(rows):
    widget = RowList()
    stage = Stage(widget)
    async with stage.run_test(size=(20, 5)) as pilot:
        widget.fill([line("head")], rows)
        await pilot.click(widget, offset=(3, 2))
        await pilot.click(widget, offset=(3, 2))
        assert stage.heard == [("moved", "key-1"), ("chosen", "key-1")]


async def test_a_pane_scrolls_within_its_lines():
    pane = LinePane()
    async with Stage(pane).run_test(size=(20, 5)) as pilot:
        pane.show([line(str(number)) for number in range(8)])
        pane.focus()
        await pilot.press("down", "down", "down", "down", "down")
        assert painted(pane, 0) == " 3"
        await pilot.press("home")
        assert painted(pane, 0) == " 0"


async def test_an_answer_in_pieces_is_wrapped_plain_and_followed():
    pane = TextPane(UNICODE)
    async with Stage(pane).run_test(size=(20, 5)):
        for piece in ("\x1b", "]52;c;x\x07 one two three four five six seven ", "eight nine\nten\n\neleven\ntwelve"):
            pane.append(piece)
        shown = "\n".join(painted(pane, y) for y in range(5))
        assert "twelve" in shown
        pane.action_scroll_lines(-100)
        first = "\n".join(painted(pane, y) for y in range(5))
        assert "␛]52;c;x␇" in first
        assert "\x1b" not in first


async def test_a_pane_paints_only_what_is_seen_and_differs():
    pane = LinePane()
    async with Stage(pane).run_test(size=(20, 5)):
        lines = [line(str(number)) for number in range(8)]
        assert pane.show(lines) == 5
        assert pane.show(lines) == 0
        assert pane.show([*lines[:2], line("other"), *lines[3:]]) == 1
        assert pane.show([*lines[:2], line("other"), *lines[3:7], line("below")]) == 0


async def test_lines_that_are_not_seen_any_more_are_forgotten():
    view = LineView()
    async with Stage(view).run_test(size=(20, 4)):
        everything = Region(0, 0, 20, 4)
        view.show([line("stays")])
        kept, *_ = view.render_lines(everything)
        for number in range(100):
            view.show([line("stays"), line(str(number))])
            assert view.render_lines(everything)[0] is kept
        assert len(view._strips) <= 2 * 5 + SPARE_STRIPS


async def test_lines_are_painted_as_textual_would_and_kept_when_they_move():
    view = LineView()
    async with Stage(view).run_test(size=(20, 4)):
        view.show([line("first"), line("\u25d0 wide \u6f22\u5b57"), line("x" * 40)])
        for part in (Region(0, 0, 20, 3), Region(3, 1, 9, 2)):
            ours, theirs = view.render_lines(part), Widget.render_lines(view, part)
            assert [list(strip.simplify()) for strip in ours] == [list(strip.simplify()) for strip in theirs]
        kept = view.render_lines(Region(0, 0, 20, 1))[0]
        view.show([line("new"), line("first")])
        assert view.render_lines(Region(0, 0, 20, 2))[1] is kept
