"""How commands write what they found for people."""

import pytest

from hotspare.app.printing import cell, cell_of, print_table, show


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("cost_usd", 0, "$0.00"),
        ("cost_usd", 0.00015, "$0.0001"),
        ("cost_usd", 0.00004, "<$0.0001"),
        ("cost_usd", 0.0999, "$0.0999"),
        ("cost_usd", 0.1, "$0.10"),
        ("cost_usd", 1234.5, "$1,234.50"),
        ("cost_usd", None, "-"),
        ("p95_ms", 4.2, "4 ms"),
        ("p95_ms", 100, "0.10 s"),
        ("p95_ms", 1880, "1.88 s"),
        ("before", ["force", "gpt-5"], "force gpt-5"),
        ("before", ["a\x1b[2J"], "a␛[2J"),
        ("skipped", {"a": 1}, '{"a": 1}'),
        ("fallback", True, "yes"),
        ("pid", 12345, "12345"),
        ("requests", 12345, "12,345"),
        ("why", "", "-"),
    ],
)
def test_a_value_is_written_by_its_unit(field, value, text):
    assert cell(field, value) == text


def test_numbers_stand_to_the_right_and_words_and_times_to_the_left(capsys):
    rows = [{"name": "a", "n": 5, "at": 0.0, "ok": True}, {"name": "long", "n": 1000, "at": None, "ok": False}]
    print_table(rows, [("name", "name"), ("n", "number"), ("at", "at"), ("ok", "ok")], empty="")
    assert capsys.readouterr().out.splitlines() == [
        "name  number  at                   ok",
        "a          5  1970-01-01 00:00:00  yes",
        "long   1,000  -                    no",
    ]


@pytest.mark.parametrize(
    ("row", "text"),
    [({"cost_usd": 0.12, "estimated": True}, "~$0.12"), ({"cost_usd": 0.12, "estimated_usd": 0.001}, "~$0.12"),
     ({"cost_usd": 0.12, "estimated": False}, "$0.12"), ({"cost_usd": 0.12, "estimated_usd": 0.0}, "$0.12")],
)  # fmt: skip
def test_a_cost_of_which_some_is_a_guess_is_marked(row, text):
    assert cell_of("cost_usd", row) == text


@pytest.mark.parametrize("guessed", [{"estimated": True}, {"estimated_usd": 0.1}])
def test_the_mark_of_a_guess_is_explained_where_it_stands_and_to_people(guessed, capsys):
    row, columns = {"cost_usd": 1.0}, [("cost_usd", "cost")]
    show([row, {**row, **guessed}], columns, as_json=False, empty="")
    told = capsys.readouterr()
    assert told.out.split() == ["cost", "$1.00", "~$1.00"]
    assert told.err.strip() == "~ in part or whole a guess: a provider did not say what was used"
    show([row], columns, as_json=False, empty="")
    show([{**row, **guessed}], columns, as_json=True, empty="")
    assert capsys.readouterr().err == ""
