"""Every act and view of the screens is a command with `--json`, and the other way round, by the same registry."""

import click
import pytest

from hotspare.app.actions import ACTIONS
from hotspare.app.command import _FILES, hotspare

NAMED = {action.command.split()[1]: action for action in ACTIONS if action.command}

ON_SCREEN_ONLY = frozenset(
    {
        "freeze", "copy", "copy-json", "command-line", "quit", "sort", "turn-order", "range-shorter", "help",
    }
)  # fmt: skip
"""What only changes how a screen is looked at."""

IN_A_VIEW = {"errors": "requests", "slow": "requests", "callers": "requests", "history": "overview"}
"""Looking commands that are a view of a screen, without an action of their own."""


def command(*words):
    """The command of a command line, also one in a group."""
    found = hotspare
    for word in words:
        if isinstance(found, click.Group):
            found = found.get_command(click.Context(found), word)
    return found


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_each_action_names_a_command_that_prints_json(action):
    if not action.command:
        assert action.id in ON_SCREEN_ONLY
        return
    found = command(*action.command.split()[1:])
    assert found is not None
    assert "--json" in {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("name", [*_FILES["look"], *_FILES["act"], *_FILES["send"]])
def test_each_command_that_looks_or_acts_is_on_a_screen(name):
    assert name in NAMED or IN_A_VIEW[name] in {action.id for action in ACTIONS}


@pytest.mark.parametrize("action", [one for one in ACTIONS if one.build is not None], ids=lambda action: action.id)
def test_each_acts_command_line_has_its_parameters(action):
    words = [word.strip("{}") for word in action.command.split()[2:] if not word.startswith("--") and word != "{for}"]
    taken = [parameter for parameter in command(action.id).params if isinstance(parameter, click.Argument)]
    assert len(words) == len(taken)
