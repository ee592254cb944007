import pytest

from hotspare.app.actions import (
    ACTIONS,
    DurationNotUnderstood,
    as_rows,
    by_id,
    command_line,
    duration_text,
    parse_duration,
)
from hotspare.router.command import COMMANDS
from hotspare.router.error import HotspareError

GIVEN = {"chain": "main", "model": "gpt-5", "models": ("a", "b"), "seconds": 600.0, "until": 1000.0}


def test_every_command_has_its_action_and_every_act_builds_its_command():
    acts = {action.id: action for action in ACTIONS if action.build is not None}
    assert set(acts) == set(COMMANDS)
    for name, action in acts.items():
        assert isinstance(action.build(GIVEN), COMMANDS[name])
        assert action.command.split()[1] == name
        assert action.done


def test_ids_are_unique_and_keys_are_shared_only_by_opposites():
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for screen in [action.id for action in ACTIONS if action.keys[0].isdigit()]:
        users = {}
        for action in ACTIONS:
            for key in action.keys if action.is_on(screen) else ():
                users.setdefault(key, []).append(action.id)
        assert {tuple(ids) for ids in users.values() if len(ids) > 1} <= {("disable", "enable")}


def test_rows_have_the_contracts_fields():
    rows = as_rows()
    assert all(list(row) == ["id", "keys", "title", "help", "tier", "command"] for row in rows)
    assert {"force", "explain", "quit"} <= {row["id"] for row in rows}
    assert next(row for row in rows if row["id"] == "force")["command"] == "hotspare force CHAIN MODEL --for 10m"


def test_a_command_line_is_filled_in():
    assert command_line(by_id("force"), GIVEN) == "hotspare force main gpt-5 --for 10m"
    assert command_line(by_id("force"), {**GIVEN, "seconds": None}) == "hotspare force main gpt-5 --for ever"
    assert command_line(by_id("priorities"), GIVEN) == "hotspare priorities main a,b"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("2h", 7200.0),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
        ("0.5h", 1800.0),
        (" 10 M ", 600.0),
        ("ever", None),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5m", "ten", "10x", "m", "1e3", "nan", "inf", "400d", "10m!", "٣m"])
def test_what_is_no_duration_is_refused_with_a_remedy(text):
    with pytest.raises(DurationNotUnderstood) as caught:
        parse_duration(text)
    assert isinstance(caught.value, HotspareError)
    assert "10m" in caught.value.hint


@pytest.mark.parametrize("seconds", [1.0, 90.0, 600.0, 5400.0, 7200.0, 86400.0, None])
def test_a_duration_is_written_so_that_it_can_be_read_back(seconds):
    assert parse_duration(duration_text(seconds)) == seconds
