"""An answer that ends in one piece over and over is a loop; one that merely repeats much is none."""

import pytest

from hotspare.dialects.content.loop import FEWEST_CHARACTERS, FEWEST_TIMES, LONGEST_PIECE, repeats

PIECES = [
    "the ",
    "!",
    "0",
    "\n",
    "I'm sorry. ",
    "and then he said that ",
    "Let me check that again.\n",
    "Wait, I should think about this more carefully. ",
    "- Increase the timeout\n- Restart the service\n",
    '{"name": "item", "value": 1}, ',
    "def main():\n    pass\n\n",
    "| 2024-01-01 | 0 | 0 |\n",
    "Der schnelle braune Fuchs springt. ",
    "これは繰り返しです。",
    "Это повторяется снова и снова. ",
    "🎉🎊",
    "<div></div>\n",
    "SELECT * FROM users;\n",
    "As mentioned before, the primary objective is to ensure that the primary objective is met. ",
    "Step: open the valve, wait ten seconds, close the valve, note the pressure in the log book.\n" * 3,
]

TWENTY = range(1, 21)
POEM = "Row, row, row your boat,\nGently down the stream.\nMerrily, merrily, merrily, merrily,\nLife is but a dream.\n"
INNOCENT = [
    "",
    "ha " * 300,
    "-" * 1100,
    POEM * 6,
    "Tomorrow, and tomorrow, and tomorrow,\nCreeps in this petty pace from day to day. " * 7 + "And so it ends.",
    "".join(f"{n}. I will not talk in class.\n" for n in range(1, 101)),
    "".join(f"{n} x 7 = {n * 7}\n" for n in range(1, 200)),
    "".join(f'{{"id": {n}, "name": "item", "ok": true}},\n' for n in range(100)),
    "".join(f"2024-01-{n:02} 00:00:00 INFO started\n" for n in range(1, 60)),
    "".join(f"<li><a href='/{n}'>Page {n}</a></li>\n" for n in range(100)),
    "the " * 2000 + "end.",
    "\n".join("    " * (n % 5) + "}" for n in range(500)) + "\nreturn total",
    "".join(f"Kapitel {n}: Es war einmal ein König.\n" for n in TWENTY) * 2,
    "".join(f"第{n}条　この法律は公布の日から施行する。\n" for n in range(1, 90)),
    "".join(f"Il était une fois {n} petits cochons. " for n in range(1, 90)),
    "".join(f"({n}, {n}), " for n in range(400)),
    "".join(f"if x == {n}:\n    return {n * n}\n" for n in range(150)),
    "".join(format(n * 2654435761 % 2**32, "08x") for n in range(400)),
    "GATTACA" * 100 + "CCGTA" + "GATTACA" * 100,
    "x" * 500 + " " + "y" * 1199,
    ("word " * 90 + "\n") * 7,
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_without_end_is_a_loop(piece):
    said = "Here is what I found: " + piece * 3000
    assert repeats(said)
    assert repeats(said[: -(len(piece) // 2 + 1)]), "wherever the limit cuts it"


@pytest.mark.parametrize("text", INNOCENT)
def test_what_repeats_much_is_no_loop(text):
    assert not repeats(text)


def test_there_are_enough_of_both():
    assert len(PIECES) >= 20
    assert len(INNOCENT) >= 20


def piece_of(length):
    return "".join(chr(0x4E00 + n) for n in range(length))


def test_a_loop_is_long_and_comes_often():
    assert repeats("ab" * (FEWEST_CHARACTERS // 2))
    assert not repeats("ab" * (FEWEST_CHARACTERS // 2 - 1))
    assert repeats(piece_of(LONGEST_PIECE) * FEWEST_TIMES)
    assert not repeats(piece_of(LONGEST_PIECE) * (FEWEST_TIMES - 1))
    assert not repeats(piece_of(LONGEST_PIECE + 1) * FEWEST_TIMES * 2)
