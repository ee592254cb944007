from dataclasses import replace

from hotspare.router.snapshot import FiguresView
from hotspare.widgets.preview import preview_words

USD = 10**12
BUSY = FiguresView(
    requests=100, answered=100, p95_ms=2000.0, input_tokens=1_000_000, output_tokens=100_000, cost_pico_usd=4 * USD
)


def told(make_snapshot, make_model, figures=BUSY, **given):
    [chain] = make_snapshot().chains
    return preview_words(make_model(**given), replace(chain, figures=figures), 15)


def test_cost_and_p95_stand_beside_those_of_now(make_snapshot, make_model):
    given = {"name": "gpt-5", "p95_ms": 900.0, "input_pico_usd": 1_000_000, "output_pico_usd": 10_000_000}
    assert told(make_snapshot, make_model, **given) == "all by gpt-5: about $8.00/h, now $16.00/h; p95 0.9 s, now 2.0 s"


def test_what_is_not_known_is_not_made_up(make_snapshot, make_model):
    words = told(make_snapshot, make_model, p95_ms=None, input_pico_usd=None)
    assert words.endswith("its price is not known, now $16.00/h")
    assert told(make_snapshot, make_model, FiguresView()).startswith("no traffic")


def test_one_that_cannot_serve_would_not(make_snapshot, make_model):
    assert told(make_snapshot, make_model, name="gpt-5", state="open") == (
        "gpt-5 cannot serve now (breaker open): the next one would"
    )
