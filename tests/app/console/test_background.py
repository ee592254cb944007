import pytest

from hotspare.app.console.background import BackgroundAnswer

LIGHT, DARK = "\x1b]11;rgb:ffff/fafa/f0f0\x1b\\", "\x1b]11;rgb:10/14/18\x07"


def asked():
    told = []
    watch = BackgroundAnswer(told.append)
    watch.asked = True
    return watch, told


@pytest.mark.parametrize(("answer", "light"), [(LIGHT, True), (DARK, False)])
def test_the_answer_is_told_and_taken_out_of_what_is_typed(answer, light):
    watch, told = asked()
    assert watch.feed(f"ab{answer}cd") == "abcd"
    assert told == [light]
    assert watch.feed(answer) == answer


@pytest.mark.parametrize("answer", [LIGHT, DARK])
@pytest.mark.parametrize("place", range(1, len(DARK) - 1))
def test_an_answer_in_two_pieces_is_never_taken_for_keys(answer, place):
    watch, told = asked()
    assert watch.feed("x" + answer[:place]) == "x"
    assert watch.feed(answer[place:] + "y") == "y"
    assert len(told) == 1


def test_escape_alone_is_a_key_when_nothing_follows():
    watch, told = asked()
    assert watch.feed("\x1b") == ""
    assert watch.let_go() == "\x1b"
    assert watch.let_go() == ""
    assert watch.feed("\x1b[A") == "\x1b[A"
    assert told == []


def test_the_beginning_of_an_answer_that_never_ends_is_no_key():
    watch, _ = asked()
    assert watch.feed("\x1b]11;rgb:dd") == ""
    assert watch.let_go() == ""


def test_who_was_not_asked_is_left_alone():
    watch = BackgroundAnswer(lambda _: None)
    assert watch.feed("\x1b") == "\x1b"
