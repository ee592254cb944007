import pytest

from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.starting import starting_line

WORDS = "starting: reading /etc/hotspare/production.toml"


@pytest.mark.parametrize("width", [20, 39, 40, 80, 300])
def test_it_fits_and_keeps_the_way_out(width):
    line = starting_line(WORDS, width, UNICODE)
    assert width_of(line) <= width
    assert "q quits" in text_of([line])


def test_where_there_is_room_it_says_who_does_what():
    assert text_of([starting_line(WORDS, 80, UNICODE)]).split("  ")[0:2] == [" hotspare", WORDS]


def test_words_lose_their_middle_and_not_the_files_name():
    text = text_of([starting_line(WORDS, 66, UNICODE)])
    assert "starting: reading" in text
    assert "production.toml" in text


def test_control_characters_of_a_path_are_not_drawn():
    assert "\x1b" not in text_of([starting_line("reading \x1b]0;x\x07", 80, UNICODE)])
