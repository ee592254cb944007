import pytest

from hotspare.widgets.plain import plain

HOSTILE = [
    "\x1b]0;title\x07",
    "\x1b]52;c;QUFB\x07",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "\x1bc",
    "\x7f",
    "a\u202eb",
    "zero\u200bwidth",
    "\ufeffmark",
    "\U000e0041tag",
    "line\u2028break",
    "lone \ud83d surrogate",
    "back\x08space\r",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_control_character_survives(text, ascii_only):
    shown = plain(text, ascii_only=ascii_only)
    assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in shown)
    assert not any(one in shown for one in "\u202e\u200b\ufeff\U000e0041\u2028\ud83d")
    shown.encode("utf-8")
    if ascii_only:
        assert shown.isascii()


def test_every_control_and_every_invisible_character_gets_a_mark():
    ranges = ((0, 0x20), (0x7F, 0xA0), (0x200B, 0x2010), (0x2028, 0x202F), (0x2060, 0x2070), (0xE0000, 0xE0080))
    every = [code for first, end in ranges for code in range(first, end)]
    for code in (*every, 0xAD, 0x61C, 0x180E, 0xFEFF, 0xFFF9, 0xD800, 0xDFFF):
        assert chr(code) not in plain(chr(code)), hex(code)
        assert plain(chr(code)) or code == 0, hex(code)


def test_marks_are_visible():
    assert plain("\x1b[1m") == "␛[1m"
    assert plain("\x9b") == "\\x9b"
    assert plain("\u202e") == "⟪U+202E⟫"
    assert plain("\x1b", ascii_only=True) == "\\x1b"
    assert plain("\u202e", ascii_only=True) == "<U+202E>"


def test_one_line_stays_one_line_and_many_lines_stay_many():
    assert "\n" not in plain("a\nb\tc")
    assert plain("a\nb", many_lines=True) == "a\nb"
    assert plain("a\nb", many_lines=True, ascii_only=True) == "a\nb"
    assert "\r" not in plain("a\r\nb", many_lines=True)


def test_a_sequence_in_two_pieces_is_caught_as_in_one():
    assert plain("\x1b") + plain("]52;c;x") == plain("\x1b]52;c;x")


def test_length_is_bounded_before_anything_else():
    assert plain("x" * 1000, 10) == "x" * 10 + "…"
    assert len(plain("\u202e" * 1_000_000, 10)) < 120


def test_ordinary_text_is_left_alone():
    assert plain("Grüße, 你好 [bold]not markup[/]") == "Grüße, 你好 [bold]not markup[/]"
