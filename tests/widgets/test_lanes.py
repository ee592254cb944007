from dataclasses import replace

import blank_views
import pytest

from hotspare.widgets.glyphs import ASCII, UNICODE
from hotspare.widgets.lanes import flow_line, lane_key, lane_rows, lane_spans, models_of, split_key
from hotspare.widgets.line import text_of, width_of


def shown(rows):
    return text_of([row.line for row in rows])


def test_the_flow_is_the_picture(make_snapshot, make_model):
    models = (
        make_model(state="cooling", seconds_left=38.0, share=0.02),
        make_model(name="gpt-5", position=2, share=0.97, fallback_share=0.97),
        make_model(name="haiku", position=3, share=0.03, fallback_share=0.03),
        make_model(name="local", position=4, state="disabled"),
    )
    [chain] = make_snapshot().chains
    line = flow_line(chain, models, 80, UNICODE)
    assert text_of([line]) == " main   claude ◐ 38 s ──97 %──▶ gpt-5 ● ──3 %──▶ haiku ●"
    assert text_of([flow_line(chain, models, 80, ASCII)]) == " main   claude ~ 38 s --97 %--> gpt-5 o --3 %--> haiku o"


def test_a_request_that_names_a_model_is_no_fallback_into_it(make_snapshot, make_model):
    [chain] = make_snapshot().chains
    models = (make_model(share=0.6), make_model(name="gpt-5", position=2, share=0.4, fallback_share=0.0))
    assert "%" not in text_of([flow_line(chain, models, 80, UNICODE)])


@pytest.mark.parametrize("width", [40, 52, 60, 80, 120, 160])
def test_a_long_chain_stays_in_its_line(make_snapshot, make_model, width):
    names = ("claude-sonnet-4-20250514", "gpt-5-turbo-2025-11-01", "qwen2.5:3b", "claude-haiku")
    models = tuple(make_model(name=name, position=at, share=0.2) for at, name in enumerate(names))
    [chain] = make_snapshot().chains
    assert width_of(flow_line(chain, models, width, UNICODE)) < width
    snapshot = make_snapshot(models=models)
    for row in lane_rows(snapshot, width, UNICODE):
        assert width_of(row.line) <= width


def test_a_force_and_a_skip_are_told_with_their_end(make_snapshot, make_model):
    [chain] = make_snapshot().chains
    models = (make_model(),)
    forced = replace(chain, forced="gpt-5", force_seconds_left=480.0)
    assert "▲ gpt-5 forced, 8 min left" in text_of([flow_line(forced, models, 80, UNICODE)])
    skipped = replace(chain, forced="", force_seconds_left=None)
    assert "▲ primary skipped, until lifted" in text_of([flow_line(skipped, models, 80, UNICODE)])
    assert "▲" not in text_of([flow_line(chain, models, 80, UNICODE)])


def test_a_chain_without_a_model_says_so(make_snapshot, make_model):
    [chain] = make_snapshot().chains
    line = flow_line(chain, (make_model(state="disabled"),), 80, UNICODE)
    assert "no model can serve" in text_of([line])


def test_a_lane_is_a_column_a_minute_the_newest_at_the_right(make_model):
    spans = lane_spans(make_model(), 10, UNICODE)
    assert "".join(text for text, _ in spans) == "●●●●●●◐◐◐◐"
    short = lane_spans(make_model(lane=("ok", "open")), 5, UNICODE)
    assert "".join(text for text, _ in short) == "   ●✖"


def test_a_minute_nobody_saw_is_a_gap_and_one_without_requests_a_dot(make_model):
    spans = lane_spans(make_model(lane=("unknown", "idle", "disabled", "degraded")), 4, UNICODE)
    assert "".join(text for text, _ in spans) == " ·○◐"


def test_rows_carry_keys_and_the_head_says_how_far_back(make_snapshot):
    rows = lane_rows(make_snapshot(), 80, UNICODE)
    assert [row.key for row in rows] == ["", "", lane_key("main", "claude"), lane_key("main", "gpt-5")]
    assert split_key(rows[2].key) == ("main", "claude")
    assert "last 45 min" in shown(rows)
    assert "61 %" in shown(rows)
    assert "$31.02" in shown(rows)


def test_a_model_without_calls_is_unknown_not_zero(make_snapshot, make_model):
    idle = make_model(calls=0, answered=0, p95_ms=None, cost_pico_usd=0, requests_today=0)
    text = shown(lane_rows(make_snapshot(models=(idle,)), 80, UNICODE)[2:])
    assert "0 %" not in text
    assert text.split()[-3:] == ["-", "-", "-"]


def test_every_chain_has_its_flow_and_its_models_in_order(make_snapshot, make_model):
    other = blank_views.chain_of("e5", name="embeddings")
    snapshot = make_snapshot()
    models = (
        make_model(name="b", position=2),
        make_model(name="a", position=1),
        make_model(name="e5", chain=other.name),
    )
    both = replace(snapshot, chains=(*snapshot.chains, other), models=models)
    assert [model.name for model in models_of(both, "main")] == ["a", "b"]
    keys = [row.key for row in lane_rows(both, 80, UNICODE)]
    assert keys == ["", "", "main\na", "main\nb", "", "embeddings\ne5"]


def test_a_wide_window_says_why_a_model_is_held_back(make_snapshot, make_model):
    sick = make_model(state="open", reason="5 failures in a row (timeout)", seconds_left=20.0)
    assert "✖ open: 5 failures in a row (timeout), 20 s left" in shown(
        lane_rows(make_snapshot(models=(sick,)), 160, UNICODE)
    )
