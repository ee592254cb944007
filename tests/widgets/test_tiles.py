from dataclasses import replace

import pytest

from hotspare.router.snapshot import FiguresView
from hotspare.widgets.cost import today_lines
from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.tiles import compact_line, tile_lines, tiles_of


def tiles(snapshot):
    return {tile.title: tile for tile in tiles_of(snapshot, UNICODE)}


def line(value):
    return text_of([value])


def test_the_four_figures_stand_with_window_and_target(make_snapshot):
    shown = text_of(tile_lines(tiles_of(make_snapshot(), UNICODE), 80, UNICODE))
    for words in ("61.2 % of 1,204", "15 min  ✖ 99.9", "37.9 %  max 10 %", "1.1 s  2.3 s usual", "$41.20 of $100"):
        assert words in shown
    assert "gone at 03:41" in shown


@pytest.mark.parametrize("width", range(64, 200, 9))
def test_tiles_fit_any_width(make_snapshot, width):
    assert all(width_of(one) <= width for one in tile_lines(tiles_of(make_snapshot(), UNICODE), width, UNICODE))


def test_targets_are_met_exactly_at_their_value(make_snapshot):
    window = FiguresView(requests=1000, answered=1000, primary=999, fallback=1)
    assert "✔" in line(tiles(make_snapshot(window=window))["primary ok"].against)
    worse = replace(window, primary=998)
    assert "✖" in line(tiles(make_snapshot(window=worse))["primary ok"].against)
    ten = FiguresView(requests=100, answered=100, primary=90, fallback=10)
    assert "✔" in line(tiles(make_snapshot(window=ten))["fallback"].against)
    assert "✖" in line(tiles(make_snapshot(window=replace(ten, fallback=11)))["fallback"].against)


def test_no_requests_is_unknown_and_neither_good_nor_bad(make_snapshot):
    shown = text_of(tile_lines(tiles_of(make_snapshot(window=FiguresView()), UNICODE), 80, UNICODE))
    assert "- no requests" in shown
    assert "✖" not in shown
    assert "✔" not in shown
    assert "0 %" not in shown.replace("max 10 %", "")


def test_forced_fallbacks_stand_beside_the_rate(make_snapshot):
    window = FiguresView(requests=100, answered=100, primary=80, fallback=20, forced_fallback=18)
    assert "18 forced" in line(tiles(make_snapshot(window=window))["fallback"].against)


def test_cost_says_over_and_without_limit_and_unpriced(make_snapshot):
    over = make_snapshot(daily_limit_pico_usd=1_000_000_000_000)
    assert "over the limit" in line(tiles(over)["cost today"].against)
    free = make_snapshot(daily_limit_pico_usd=None)
    assert "no limit set" in line(tiles(free)["cost today"].against)
    unpriced = make_snapshot(today=FiguresView(unpriced_requests=7), budget_gone_at=None)
    assert "7 without a price" in line(tiles(unpriced)["cost today"].against)
    little = make_snapshot(daily_limit_pico_usd=100_000_000_000_000_000, budget_gone_at=None)
    assert "0.1 % used" in line(tiles(little)["cost today"].against)
    exact = make_snapshot(daily_limit_pico_usd=41_200_000_000_000, budget_gone_at=None)
    assert "100 % used" in line(tiles(exact)["cost today"].against)


def test_a_slow_window_is_marked_against_the_usual(make_snapshot):
    assert "▲" in line(tiles(make_snapshot())["response"].value)
    assert "▲" not in line(tiles(make_snapshot(usual_mean_ms=1900.0))["response"].value)


def test_the_compact_line_drops_what_does_not_fit(make_snapshot):
    assert "$41.20 today" in line(compact_line(make_snapshot(), 60, UNICODE))
    for width in range(20, 60):
        assert width_of(compact_line(make_snapshot(), width, UNICODE)) <= width
    assert "ok 61.2 % ✖" in line(compact_line(make_snapshot(), 20, UNICODE))


def test_a_cost_of_which_some_is_a_guess_says_so(make_snapshot):
    today = FiguresView(requests=3, cost_pico_usd=120_000_000_000, estimated_pico_usd=1)
    assert line(tiles(make_snapshot(today=today, today_other_pico_usd=0))["cost today"].value).startswith("~$0.12")
    told = replace(today, estimated_pico_usd=0)
    assert line(tiles(make_snapshot(today=told, today_other_pico_usd=0))["cost today"].value).startswith("$0.12")
    shown = text_of(today_lines(make_snapshot(today=replace(today, estimated_pico_usd=31 * 10**9)), 120, UNICODE))
    assert "traffic ~$0.12" in shown
    assert "$0.0310 of it estimated" in shown
