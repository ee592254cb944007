import pytest

from hotspare.widgets.chart import ChartData, Point, chart_lines
from hotspare.widgets.glyphs import ASCII, UNICODE
from hotspare.widgets.line import text_of, width_of

BEGIN = 1_772_935_200.0


def points(*answered):
    return tuple(
        Point(BEGIN + place * 60, share, None if share is None else 0.2) for place, share in enumerate(answered)
    )


def chart(*answered, **given):
    return ChartData("main, last 1 h", BEGIN, BEGIN + 3600, points(*answered), **given)


@pytest.mark.parametrize(("width", "height"), [(78, 12), (40, 8), (150, 30)])
def test_the_chart_fills_exactly_its_lines(width, height):
    lines = chart_lines(chart(*([1.0] * 60)), width, height, UNICODE)
    assert len(lines) == height
    assert all(width_of(line) <= width for line in lines)


def test_the_scale_is_fixed_and_the_range_is_in_the_title():
    lines = chart_lines(chart(0.992, 0.999, 0.993), 78, 12, UNICODE)
    text = text_of(lines)
    assert "main, last 1 h" in text
    assert "answered 99.3 %" in text
    assert "100 %" in text
    assert "50 %" in text
    drawn = [place for place, line in enumerate(lines) if any(role == "ok" for _, role in line[1:])]
    assert max(drawn) <= 2


def test_gaps_are_not_drawn():
    def cells(data):
        [row] = [line for line in chart_lines(data, 78, 12, ASCII)[1:] if any(role == "ok" for _, role in line)]
        return sum(len(text) for text, role in row if role == "ok")

    whole = cells(chart(*([1.0] * 60)))
    gap = cells(chart(*([1.0] * 20), *([None] * 20), *([1.0] * 20)))
    assert gap < whole * 0.75


def test_a_note_stands_where_nothing_can_be_drawn():
    assert "no requests in this time" in text_of(chart_lines(chart(None, None), 78, 12, UNICODE))
    assert "no history: gone" in text_of(chart_lines(chart(note="no history: gone"), 78, 12, UNICODE))
    assert len(chart_lines(chart(), 78, 2, UNICODE)) == 2


def test_ascii_charts_are_ascii():
    assert text_of(chart_lines(chart(*([0.9] * 60)), 78, 12, ASCII)).isascii()
