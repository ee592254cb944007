from dataclasses import replace

from hotspare.router.snapshot import DecisionView, SituationView
from hotspare.widgets.glyphs import ASCII, UNICODE
from hotspare.widgets.going_on import decision_words, going_on_lines
from hotspare.widgets.line import text_of, width_of

AT = 1_772_937_667.0
SICK = SituationView("limited", "warning", "claude is limited.", since=AT, key="f", key_text="hold it 10 min")
DOWN = SituationView("no_model", "critical", "No model of main can answer. " * 10)
FORCE = DecisionView("force", "main", "main forced to gpt-5", "ada", AT, "cold start", 480.0)
EVER = DecisionView("model", "local", "local disabled", "bob", AT, "", None, durable=False)


def test_every_situation_is_told_at_length_with_its_key(make_snapshot):
    snapshot = replace(make_snapshot(), situations=(DOWN, SICK), decisions=())
    lines = going_on_lines(snapshot, 60, UNICODE)
    text = text_of(lines)
    assert " ".join(text.split()).count("No model of main can answer.") == 10
    assert "since 8 Mar, 02:41:07 UTC; f hold it 10 min" in text
    assert text.index("✖") < text.index("◐")
    assert "also decided" not in text
    assert all(width_of(line) <= 60 for line in lines)


def test_decisions_are_told_with_who_why_and_until_when(make_snapshot):
    assert decision_words(FORCE) == 'main forced to gpt-5, by ada at 02:41 UTC, "cold start", 8 min left'
    assert decision_words(EVER).endswith("until lifted; not durable, the journal could not be written")
    text = text_of(going_on_lines(replace(make_snapshot(), situations=(), decisions=(FORCE, EVER)), 100, ASCII))
    assert "All is well." in text
    assert "local disabled, by bob" in text
    assert text.isascii()


def test_a_decision_that_is_a_situation_is_told_once(make_snapshot):
    note = SituationView("ordered_force", "note", "main forced to gpt-5, by ada since 02:41.", subject="main")
    order = replace(FORCE, kind="order", text="main in order b, a")
    text = text_of(going_on_lines(replace(make_snapshot(), situations=(note,), decisions=(FORCE, order)), 100, UNICODE))
    assert text.count("forced to gpt-5") == 1
    assert "main in order b, a" in text


def test_foreign_words_are_plain(make_snapshot):
    evil = replace(FORCE, why="\x1b]52;c;x\x07", who="\x9b2J")
    text = text_of(going_on_lines(replace(make_snapshot(), decisions=(evil,)), 100, UNICODE))
    assert not {"\x1b", "\x07", "\x9b"} & set(text)
