import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hotspare.widgets.line import cut, cut_middle, fit, pad, pad_left, padded, spread, width_of, wrap

WORDS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x9FFF, exclude_categories=["C", "M", "Z"]), max_size=30
)


@given(WORDS, st.integers(0, 40))
def test_cutting_never_exceeds_the_width(text, width):
    assert cell_len(cut(text, width)) <= width
    assert cell_len(pad(text, width)) == width
    assert cell_len(pad_left(text, width)) == max(width, 0)


@given(WORDS, WORDS, st.integers(1, 60))
def test_a_line_is_fitted_and_padded_to_its_width(left, right, width):
    line = ((left, "text"), (right, "dim"))
    assert width_of(fit(line, width)) <= width
    assert width_of(padded(line, width)) == width


def test_the_end_of_a_dated_name_stays_readable():
    assert cut_middle("claude-sonnet-4-20250514", 16) == "claude-son…50514"
    assert cut_middle("short", 16) == "short"


def test_what_stands_right_survives_what_stands_left():
    line = spread((("a long sentence that is cut", "text"),), (("[f]", "key"),), 20)
    assert width_of(line) == 20
    assert line[-1] == ("[f]", "key")


def test_words_wrap_and_the_last_line_leaves_room():
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("one two three", 8, last=4) == ["one two", "three", ""]
    assert wrap("one two three", 8, last=3) == ["one two", "three"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert wrap("", 4) == [""]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("next try in 38 s).", ["next try in", "38 s)."]),
        ("next try in <1 s", ["next try in", "<1 s"]),
        ("fell back 9 50 %; so", ["fell back 9", "50 %; so"]),
        ("it came to 12 models", ["it came to 12", "models"]),
        ("it came to 12 stores", ["it came to 12", "stores"]),
        ("there (1,200 ms)", ["there", "(1,200 ms)"]),
    ],
)
def test_a_number_is_not_parted_from_its_unit(text, lines):
    assert wrap(text, 13) == lines


def test_where_they_do_not_fit_together_they_are_parted_all_the_same():
    assert wrap("1234 ms", 4) == ["1234", "ms"]


@given(st.text("a1 .,<(sm%d", max_size=60), st.integers(1, 20))
def test_wrapping_keeps_every_character_and_the_width(text, width):
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= width and line == line.strip() for line in lines)
