"""A chain's own score: arithmetic over figures, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.router import score

FIGURES = dict.fromkeys(score.FIGURES, 2.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("success_rate * 3 - latency_ms / 4", 5.5),
        ("-p95_ms + +in_flight", 0.0),
        ("(1 + failures_in_row) ** 2", 9.0),
        ("max(1, usd_per_million_tokens, 0.5)", 2.0),
        ("min(success_rate)", 2.0),
        ("abs(1 - 3) * 2e1", 40.0),
        ("1 / (success_rate - 2)", 0.0),
        ("(success_rate - 4) ** 0.5", 0.0),
        ("1e308 * 1e308 * 0", 0.0),
        ("(9e99) ** 8", 0.0),
    ],
)
def test_a_formula_is_worked_out(text, value):
    assert score.read(text)(FIGURES) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "1 +", "open('x')", "__import__('os')", "success_rate.real", "[1][0]", "lambda: 1", "1 if 1 else 2", "True",
        "'a'", "2 ** 9", "2 ** success_rate", "2 ** -9", "x", "max()", "max(1, key=2)", "abs(1, 2)", "1 < 2", "1 // 2",
        "1 % 2", "1; 2", "(" * 150 + ")" * 150, "1 +" * 200 + "1", "f'{1}'", "1j", "print", "min(*[1])", "\0", "é",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_may_stand_there(text):
    with pytest.raises(score.BadFormula) as raised:
        score.read(text)
    assert raised.value.hint


@given(st.text(max_size=40))
def test_no_text_does_more_than_be_refused(text):
    try:
        formula = score.read(text)
    except score.BadFormula:
        return
    assert isinstance(formula(FIGURES), float)
