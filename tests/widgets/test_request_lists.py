import pytest

from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.request_columns import request_rows
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.request_table import fallback_rows, title_line


@pytest.fixture
def rows(make_row):
    return (
        make_row(),
        make_row(id="req-2", model="haiku", meant="gpt-5", reason="timeout", caller="nightly", duration_ms=11_400.0),
        make_row(id="req-3", model=None, verdict="failed", status=503, fallback=False, reason="no_key", evidence=""),
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ["req-1", "req-2", "req-3"]),
        ("TIMEOUT", ["req-2"]),
        ("caller:night", ["req-2"]),
        ("!timeout", ["req-1", "req-3"]),
        ("model:gpt-5", ["req-1", "req-2"]),
        ("model:gpt-5 !caller:nightly", ["req-1"]),
        ("status:503", ["req-3"]),
        (">5s", ["req-2"]),
        (">11.4", []),
        ("trigger:rate_limit", ["req-1"]),
        ("nothing-like-it", []),
        ("!", []),
        ("~^.*TIME.?out", ["req-2"]),
        ("!~time.?out", ["req-1", "req-3"]),
        ("status:~^5", ["req-3"]),
        ("caller:/^NIGHT/", ["req-2"]),
        ("!caller:/night ly|shop/ status:/./", ["req-2"]),
        ("~(", []),
        ("/", []),
    ],
)
def test_filters(rows, text, kept):
    assert [row.id for row in RequestFilter(text).keep(rows)] == kept


@pytest.mark.parametrize(
    ("text", "fault"),
    [("~(", "~("), ("model:~[", "model:~["), ("!/(/", "!/(/"), ("~a+", ""), ("(", ""), ("model:gpt", ""), ("~", "")],
)
def test_what_is_no_regular_expression_is_said(text, fault):
    assert RequestFilter(f"timeout {text}").fault == fault


def test_the_store_is_asked_for_no_expression():
    assert RequestFilter("caller:~shop Trigger:timeout").for_store() == (
        {"trigger": "timeout"},
        RequestFilter("caller:~shop"),
    )


def test_a_text_has_every_word_or_not_those_that_are_excluded():
    assert RequestFilter("ada !bob ~lo.al").finds("Ada disabled local")
    assert not RequestFilter("ada !local").finds("Ada disabled local")
    assert RequestFilter("").finds("anything")


def test_the_fallback_line_is_the_picture(rows, make_snapshot):
    lines = fallback_rows(rows, make_snapshot().models, 80, UNICODE)
    text = text_of([lines[0].line])
    assert text.startswith(" 02:41:05  claude ▸ gpt-5   rate_limit   429, Retry-After 42")
    assert text.rstrip().endswith("1.8 s  shop-api")
    assert [line.key for line in lines] == ["req-1", "req-2", "req-3"]


@pytest.mark.parametrize("width", [56, 60, 79, 80, 99, 100, 120, 121, 160, 220])
def test_rows_fit_and_stand_below_their_head(rows, make_snapshot, width):
    models = make_snapshot().models
    head, listed = request_rows(rows, width, UNICODE)
    for row in (*fallback_rows(rows, models, width, UNICODE), *listed):
        assert width_of(row.line) <= width
    names, first = text_of([head]), text_of([listed[0].line])
    assert names.index("model") == first.index("gpt-5")
    assert names.index("reason") == first.index("rate_limit")
    assert ("meant" in names) == (width >= 79)
    assert ("evidence" in names) == (width >= 99)
    for name, value in (("meant", "claude"), ("evidence", "429,"), ("caller", "shop-api")):
        if name in names:
            assert names.index(name) == first.index(value)


def test_nobody_answered_is_told(rows, make_snapshot):
    text = text_of([row.line for row in request_rows(rows, 160, UNICODE)[1]])
    assert "nobody" in text
    assert "✖" in text


def test_an_unknown_price_is_not_zero(make_row, make_snapshot):
    _, [row] = request_rows((make_row(unpriced=True),), 160, UNICODE)
    assert "$0.0031+" in text_of([row.line])
    _, [row] = request_rows((make_row(unpriced=True, cost_pico_usd=0),), 160, UNICODE)
    assert "no price" in text_of([row.line])
    _, [row] = request_rows((make_row(),), 160, UNICODE)
    assert "$0.0031 " in text_of([row.line])


def test_a_filter_is_always_seen():
    title = text_of([title_line("recent fallbacks", "timeout", 2, 40, UNICODE)])
    assert "/ timeout" in title
    assert "2 of 40, esc clears" in title
    assert text_of([title_line("recent fallbacks", "", 40, 40, UNICODE)]) == " recent fallbacks"


def test_hostile_names_are_plain_in_every_list(make_row, make_snapshot):
    evil = make_row(caller="\x1b]52;c;x\x07", evidence="\x9b2J", model="m\u202e", reason="r\x1b")
    models = make_snapshot().models
    every = (*fallback_rows((evil,), models, 160, UNICODE), *request_rows((evil,), 160, UNICODE)[1])
    text = text_of([row.line for row in every])
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
