from dataclasses import replace

import pytest

from hotspare.widgets.glyphs import ASCII, UNICODE
from hotspare.widgets.line import text_of
from hotspare.widgets.timeline import act_of, changes, detail_lines, sign_of, timeline_rows

AT = 1_772_937_667.0


def act(name, subject="main", **given):
    return act_of(
        {
            "number": 3,
            "when": AT,
            "who": "ada",
            "act": name,
            "subject": subject,
            "why": "",
            "before": None,
            "after": None,
            "until": None,
            "undoes": None,
            "undone_by": None,
            **given,
        }
    )


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (["force", "gpt-5"], "gpt-5"),
        (["skip_primary"], "primary skipped"),
        (["b", "a"], "b a"),
        (["disabled"], "disabled"),
        (None, ""),
    ],
)
def test_a_decision_is_told_in_words(after, words):
    assert act("force", after=after).after == words


def test_an_undo_is_about_what_its_act_was_about():
    undo = act("undo", "disable claude", undoes=2)
    assert (undo.what, undo.subject) == ("undo disable", "claude")


def test_a_reload_is_known_by_its_files_name_and_told_with_its_place():
    one = act("reload", "/etc/hotspare/hotspare.toml")
    assert one.subject == "hotspare.toml"
    assert "/etc/hotspare/hotspare.toml" in detail_lines(one)
    assert sign_of(one, UNICODE) == ("↻", "accent")


def test_signs_tell_acts_from_what_was_taken_back_and_what_ended_by_itself():
    assert sign_of(act("force"), UNICODE) == ("▲", "accent")
    assert sign_of(act("force", undone_by=4), UNICODE) == ("△", "off")
    assert sign_of(act("expired"), ASCII) == ("^", "off")


def test_a_refused_file_is_seen_once(make_snapshot):
    before = make_snapshot()
    refused = replace(before.instance, config_path="/x/hotspare.toml", config_refused="line 3")
    now = replace(before, instance=refused)
    [one] = changes(before, now)
    assert (one.what, one.subject, one.why) == ("refused", "hotspare.toml", "line 3")
    assert sign_of(one, UNICODE) == ("↻", "bad")
    assert changes(now, now) == []


def test_days_stand_only_where_they_differ():
    _, [row] = timeline_rows([act("force", until=AT + 600, after=["force", "b"])], 100, UNICODE, with_days=False)
    text = text_of([row.line])
    assert "8 Mar" not in text
    assert "b until 02:51" in text
    _, [row] = timeline_rows([act("force")], 100, UNICODE)
    assert "8 Mar  02:41:07" in text_of([row.line])
