import pytest

from hotspare.app.actions import by_id
from hotspare.app.redo import NothingToRedo, redo_of
from hotspare.router.command import COMMANDS

NOW = 1000.0


def row(number, act, subject="main", after=None, **given):
    return {"number": number, "act": act, "subject": subject, "after": after, "until": None, "undoes": None, **given}


@pytest.mark.parametrize(
    ("taken", "act", "given"),
    [
        (
            row(1, "force", after=["force", "b"], until=1600.0),
            "force",
            {"chain": "main", "model": "b", "seconds": 600.0},
        ),
        (row(1, "skip-primary", after=["skip_primary"]), "skip-primary", {"chain": "main", "seconds": None}),
        (row(1, "release"), "release", {"chain": "main", "seconds": None}),
        (row(1, "disable", "b", ["disabled"]), "disable", {"model": "b", "seconds": None}),
        (row(1, "drain", "b", ["draining"]), "drain", {"model": "b", "seconds": None}),
        (row(1, "enable", "b", ["enabled"]), "enable", {"model": "b", "seconds": None}),
        (
            row(1, "priorities", after=["b", "a"]),
            "priorities",
            {"chain": "main", "models": ("b", "a"), "seconds": None},
        ),
    ],
)
def test_what_was_taken_back_is_done_again_with_what_is_left_of_its_time(taken, act, given):
    journal = [row(3, "expired"), row(2, "undo", taken["subject"], undoes=1), taken]
    assert redo_of(journal, NOW) == (act, given)
    assert isinstance(by_id(act).build({**given, "until": None}), COMMANDS[act])


@pytest.mark.parametrize(
    ("journal", "told"),
    [
        ([], "nothing to redo"),
        ([row(3, "disable", "b"), row(2, "undo", undoes=1), row(1, "disable", "a")], "nothing to redo"),
        ([row(2, "undo", undoes=1)], "cannot be done again"),
        ([row(2, "undo", undoes=1), row(1, "force", after=["force", "b"], until=NOW)], "is over"),
    ],
)
def test_what_cannot_be_done_again_says_why(journal, told):
    with pytest.raises(NothingToRedo) as caught:
        redo_of(journal, NOW)
    assert told in caught.value.title
    assert caught.value.hint


def test_undo_and_redo_at_a_running_instance(demo):
    def state():
        return {one["name"]: one["state"] for one in demo.hotspare("models", "--json").json}["haiku"]

    demo.hotspare("disable", "haiku", "--why", "a test")
    demo.hotspare("undo")
    assert state() != "disabled"
    done = demo.hotspare("redo")
    assert (done.code, done.out) == (0, "Disabled haiku.\n")
    assert state() == "disabled"
    again = demo.hotspare("redo")
    assert again.code != 0
    assert "nothing to redo" in again.err
    demo.hotspare("enable", "haiku")
