from hotspare.app.action import command_line
from hotspare.app.actions import ACTIONS, as_rows, by_id
from hotspare.router.command import COMMANDS

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
