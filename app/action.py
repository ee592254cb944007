"""What an action is, and how one is told: its key, and the command line that does the same, blank or filled in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hotspare.app.duration import duration_text, spoken
from hotspare.router.command import Change, Command

Parameters: TypeAlias = Mapping[str, Any]
Tier: TypeAlias = Literal[0, 1, 2, 3]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    Attributes:
        id: what it is known by; an act's id is its command's `act`.
        keys: as Textual names them; the first one is shown.
        title: one or two words, for a hint or a palette.
        help: one sentence.
        tier: 0 changes nothing, 1 can be undone and runs at once, 2 is wide and may ask, 3 may stop all traffic.
        command: the command line that does the same, with `{names}` to fill in; "" where there is none.
        build: makes the Command from `chain`, `model`, `models`, `until` (UTC epoch seconds, None: no end), as needed.
        done: what is said when it was done, with the same names and `{for}`.
        rank: how early its key's hint goes when room is short; None: no hint.
        word: the hint's word.
        screens: the ids of the screens on which its key acts; none: on all.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    tier: Tier
    command: str
    build: Callable[[Parameters], Command] | None = None
    done: str = ""
    rank: int | None = None
    word: str = ""
    screens: tuple[str, ...] = ()

    def is_on(self, screen: str) -> bool:
        """Whether its key acts on this screen."""
        return not self.screens or screen in self.screens


SIGNS: Mapping[str, str] = {"colon": ":", "comma": ",", "full_stop": "."}
"""How a key is written whose name is not its sign."""


def key_sign(key: str) -> str:
    """A key as it stands on the keyboard."""
    return SIGNS.get(key, key)


class _Blank(dict[str, Any]):
    """Names that were not given stay as they are written, in capitals, as a usage line has them."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def usage_line(action: Action) -> str:
    """The command line as a usage line has it: names in capitals."""
    return action.command.format_map(_Blank({"for": "10m"}))


def command_line(action: Action, given: Parameters) -> str:
    """The command line that does the same, filled in."""
    return action.command.format_map(_Blank(_words(given)))


def done_sentence(action: Action, given: Parameters, change: Change) -> str:
    """What is said when it was done: what came of it, not only what was asked for."""
    came = {"models": change.after.value} if action.id == "priorities" and change.after is not None else {}
    return action.done.format_map(_Blank(_words({"subject": change.subject, **given, **came})))


def _words(given: Parameters) -> dict[str, Any]:
    words = {name: value for name, value in given.items() if value is not None}
    if "models" in words:
        words["models"] = ",".join(words["models"])
    seconds = given.get("seconds")
    words["for"] = duration_text(seconds)
    words["ends"] = "until lifted" if seconds is None else f"for {spoken(seconds)}"
    return words
