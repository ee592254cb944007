"""The one registry of what an operator can do: keys, words, safety, and the command line that does the same.

Key bindings, palette, `?` help, toasts, `hotspare actions` and the docs are all made from it. Nothing here acts, and
nothing here knows a screen; `app` only reads this table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hotspare.app.duration import DurationNotUnderstood, duration_text, parse_duration, spoken
from hotspare.router.command import (
    Change,
    ClearModel,
    Command,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    Release,
    SetPriorities,
    SkipPrimary,
    Undo,
)

__all__ = [
    "ACTIONS",
    "Action",
    "DurationNotUnderstood",
    "as_rows",
    "by_id",
    "command_line",
    "done_sentence",
    "duration_text",
    "parse_duration",
    "usage_line",
]

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


STEERING = ("overview", "chains")
"""The screens with a cursor on a model."""

VIEWED = ("requests", "cost")
"""The screens with several views, whose rows can be ordered."""

RANGED = ("overview", "requests", "cost", "journal")
"""The screens that show a chosen range of time."""

SIGNS: Mapping[str, str] = {"colon": ":", "comma": ",", "full_stop": "."}
"""How a key is written whose name is not its sign."""


def key_sign(key: str) -> str:
    """A key as it stands on the keyboard."""
    return SIGNS.get(key, key)


ACTIONS: tuple[Action, ...] = (
    Action(
        id="overview",
        keys=("1",),
        title="Overview",
        help="Is traffic safe, what broke, since when, and which key helps.",
        tier=0,
        command="hotspare status",
    ),
    Action(
        id="chains",
        keys=("2",),
        title="Chains",
        help="Each chain in its effective order: who may serve and why not, and how far each model is from its limits.",
        tier=0,
        command="hotspare models",
    ),
    Action(
        id="requests",
        keys=("3",),
        title="Requests",
        help="Requests as they end and of the past, by filter; errors by type and model, slowest models, callers.",
        tier=0,
        command="hotspare requests",
    ),
    Action(
        id="cost",
        keys=("4",),
        title="Cost",
        help="Today against its limit, and what each model, chain, caller, session, hour and fallback came to.",
        tier=0,
        command="hotspare cost --by model",
    ),
    Action(
        id="journal",
        keys=("5",),
        title="Journal",
        help="What operators did, with who, why, before and after, and when models changed their state meanwhile.",
        tier=0,
        command="hotspare journal",
    ),
    Action(
        id="playground",
        keys=("6",),
        title="Playground",
        help="A prompt to a chain or a model, or to several side by side: answers, routes, times, tokens, cost.",
        tier=0,
        command='hotspare prompt "{text}"',
    ),
    Action(
        id="self",
        keys=("7",),
        title="Self",
        help="Versions, where it runs, its store, what the console costs itself; and each setting with its origin.",
        tier=0,
        command="hotspare about",
    ),
    Action(
        id="going-on",
        keys=("i",),
        title="What is going on",
        help="Every situation at length, the worst first, with since when; and every standing decision with its end.",
        tier=0,
        command="hotspare status",
        rank=9,
        word="all",
    ),
    Action(
        id="force",
        keys=("f",),
        title="Force a model",
        help="The chosen model answers first; where it cannot, the others follow, never the primary. For 10 minutes "
        "unless you say otherwise.",
        tier=1,
        command="hotspare force {chain} {model} --for {for}",
        build=lambda given: ForceModel(given["chain"], given["model"], given.get("until")),
        done="Forced {model} in {chain} {ends}.",
        rank=1,
        word="force",
        screens=STEERING,
    ),
    Action(
        id="skip-primary",
        keys=("s",),
        title="Skip the primary",
        help="The chain's primary is not called for 10 minutes, even when all else fails. Pressed again: lifted.",
        tier=1,
        command="hotspare skip-primary {chain} --for {for}",
        build=lambda given: SkipPrimary(given["chain"], given.get("until")),
        done="The primary of {chain} is skipped {ends}.",
        rank=6,
        word="skip",
        screens=STEERING,
    ),
    Action(
        id="release",
        keys=("x",),
        title="Lift a force",
        help="The chain goes back to its own order.",
        tier=1,
        command="hotspare release {chain}",
        build=lambda given: Release(given["chain"]),
        done="Lifted what was forced on {chain}.",
        screens=STEERING,
    ),
    Action(
        id="disable",
        keys=("d",),
        title="Disable a model",
        help="No new request goes to the model; what runs there, finishes. Pressed on a disabled one: enabled.",
        tier=1,
        command="hotspare disable {model}",
        build=lambda given: DisableModel(given["model"], given.get("until")),
        done="Disabled {model}.",
        rank=1,
        word="disable",
        screens=STEERING,
    ),
    Action(
        id="enable",
        keys=("d",),
        title="Enable a model",
        help="The model serves again, also one that the file disables.",
        tier=1,
        command="hotspare enable {model}",
        build=lambda given: EnableModel(given["model"]),
        done="Enabled {model}.",
        screens=STEERING,
    ),
    Action(
        id="drain",
        keys=("D",),
        title="Drain a model",
        help="As disable, in the words of a planned stop: what runs there, finishes.",
        tier=1,
        command="hotspare drain {model}",
        build=lambda given: DrainModel(given["model"], given.get("until")),
        done="Draining {model}.",
        screens=STEERING,
    ),
    Action(
        id="clear",
        keys=("c",),
        title="Clear a model",
        help="Forget what is held against the model: cooldowns, refused keys, the breaker. Cannot be undone.",
        tier=1,
        command="hotspare clear {model}",
        build=lambda given: ClearModel(given["model"]),
        done="Forgot what was held against {model}.",
        screens=STEERING,
    ),
    Action(
        id="priorities",
        keys=("p",),
        title="Priorities",
        help="Move the chain's models up and down; the next request uses the new order.",
        tier=1,
        command="hotspare priorities {chain} {models}",
        build=lambda given: SetPriorities(given["chain"], tuple(given["models"])),
        done="The order of {chain} is now {models}.",
        rank=2,
        word="priority",
        screens=STEERING,
    ),
    Action(
        id="move-up",
        keys=("K", "shift+up"),
        title="Move up",
        help="The chosen model one place up in its chain; the next request uses the new order.",
        tier=1,
        command="hotspare priorities {chain} {models}",
        rank=1,
        word="up",
        screens=("chains",),
    ),
    Action(
        id="move-down",
        keys=("J", "shift+down"),
        title="Move down",
        help="The chosen model one place down in its chain; the next request uses the new order.",
        tier=1,
        command="hotspare priorities {chain} {models}",
        rank=1,
        word="down",
        screens=("chains",),
    ),
    Action(
        id="write",
        keys=("W",),
        title="Write the file",
        help="What was decided for good (orders, models disabled and enabled) into the configuration: the difference "
        "first, comments kept, the old file kept beside it.",
        tier=2,
        command="hotspare config write",
        screens=STEERING,
    ),
    Action(
        id="prompt",
        keys=("t",),
        title="Test prompt",
        help="Send a prompt through a chain or to one model and watch the answer and its route. Costs what it says.",
        tier=0,
        command='hotspare prompt --model {model} "{text}"',
        rank=2,
        word="test",
        screens=("overview", "chains", "playground"),
    ),
    Action(
        id="explain",
        keys=("w",),
        title="Why",
        help="Why the chosen request went where it went: candidates, attempts, and the rule that ended it.",
        tier=0,
        command="hotspare explain {id}",
        rank=1,
        word="why",
        screens=("overview", "requests", "playground"),
    ),
    Action(
        id="resend",
        keys=("R",),
        title="Send again",
        help="Send the chosen request once more as it was, where prompts are kept; it costs, so it asks first. It goes "
        "as a test, not as traffic.",
        tier=2,
        command="hotspare resend {id}",
        rank=5,
        word="again",
        screens=("overview", "requests", "playground"),
    ),
    Action(
        id="filter",
        keys=("/",),
        title="Filter",
        help="Show only rows that match: text, model:, trigger:, caller:, status:, >5s, ~re; ! in front excludes.",
        tier=0,
        command="hotspare requests --model {model}",
        rank=3,
        word="filter",
        screens=("overview", "requests", "journal", "self"),
    ),
    Action(
        id="undo",
        keys=("u",),
        title="Undo",
        help="Take back the latest act that was not taken back yet.",
        tier=1,
        command="hotspare undo",
        build=lambda _: Undo(),
        done="Took back: {subject}.",
        rank=1,
        word="undo",
    ),
    Action(
        id="redo",
        keys=("U",),
        title="Redo",
        help="Do again what was taken back last, with what is left of its time; only right after the undo.",
        tier=1,
        command="hotspare redo",
    ),
    Action(
        id="copy",
        keys=("y",),
        title="Copy",
        help="The chosen row as text into the terminal's clipboard (OSC 52, also over ssh); an answer as a whole.",
        tier=0,
        command="",
        rank=6,
        word="copy",
    ),
    Action(
        id="copy-json",
        keys=("Y",),
        title="Copy as JSON",
        help="The chosen row with the field names of --json into the terminal's clipboard.",
        tier=0,
        command="",
    ),
    Action(
        id="copy-curl",
        keys=("c",),
        title="Copy as curl",
        help="The chosen request as a command line for curl; never a key or a token; its prompt where it is kept.",
        tier=0,
        command="hotspare explain {id}",
        screens=("requests",),
        rank=6,
        word="curl",
    ),
    Action(
        id="export",
        keys=("ctrl+e",),
        title="Export",
        help="All rows of the view into a file of the current folder: CSV, or JSON with :export json.",
        tier=0,
        command="hotspare requests --json",
    ),
    Action(
        id="next-view",
        keys=("tab",),
        title="Next view",
        help="What the list shows: on requests, errors, slowest models and callers too; on cost, by whom or what; on "
        "self, the settings and where each comes from.",
        tier=0,
        command="hotspare errors",
        rank=2,
        word="view",
        screens=(*VIEWED, "self"),
    ),
    Action(
        id="former-view",
        keys=("shift+tab",),
        title="Former view",
        help="The view before.",
        tier=0,
        command="hotspare callers",
        screens=(*VIEWED, "self"),
    ),
    Action(
        id="sort",
        keys=("o",),
        title="Order by the next column",
        help="The rows stand in the order of another column; the cursor stays on its row.",
        tier=0,
        command="",
        rank=5,
        word="order",
        screens=VIEWED,
    ),
    Action(
        id="turn-order",
        keys=("O",),
        title="Turn the order round",
        help="The least comes first, or the most.",
        tier=0,
        command="",
        screens=VIEWED,
    ),
    Action(
        id="freeze",
        keys=("space",),
        title="Freeze",
        help="Hold what you look at; figures go on being collected, and the clock goes on.",
        tier=0,
        command="",
        rank=7,
        word="freeze",
    ),
    Action(
        id="switch-list",
        keys=("r",),
        title="Fallbacks or requests",
        help="The list shows recent fallbacks, or every recent request.",
        tier=0,
        command="hotspare requests",
        rank=8,
        word="requests",
        screens=("overview",),
    ),
    Action(
        id="range-shorter",
        keys=("[",),
        title="Shorter range",
        help="Look at less time: 7 days, 24 h, 6 h, 1 h, 15 min.",
        tier=0,
        command="hotspare errors --since 15m",
        screens=RANGED,
    ),
    Action(
        id="range-longer",
        keys=("]",),
        title="Longer range",
        help="Look at more time: 15 min, 1 h, 6 h, 24 h, 7 days.",
        tier=0,
        command="hotspare history --chain {chain} --days 1",
        rank=10,
        word="range",
        screens=RANGED,
    ),
    Action(
        id="range-earlier",
        keys=("comma",),
        title="Earlier",
        help="Look half a range further back; the header then says up to when, for all screens.",
        tier=0,
        command="hotspare requests --since {since} --until {until}",
        rank=10,
        word="earlier",
        screens=RANGED,
    ),
    Action(
        id="range-later",
        keys=("full_stop",),
        title="Later",
        help="Look half a range later, up to now.",
        tier=0,
        command="hotspare requests --since {since} --until {until}",
        screens=RANGED,
    ),
    Action(
        id="range-now",
        keys=("n",),
        title="Back to now",
        help="The range ends now again, and goes on with the time.",
        tier=0,
        command="hotspare requests --since 1h",
        screens=RANGED,
    ),
    Action(
        id="command-line",
        keys=("colon",),
        title="Command line",
        help="Type an action with its arguments: `force main gpt-5 1h`, `disable gpt-5`, `requests /timeout`, `cost`. "
        "Right completes, enter does it.",
        tier=0,
        command="",
        rank=4,
        word="command",
    ),
    Action(
        id="help",
        keys=("?",),
        title="Help",
        help="All keys, what the signs mean, and how the figures are computed.",
        tier=0,
        command="hotspare actions",
        rank=0,
        word="help",
    ),
    Action(
        id="quit",
        keys=("q",),
        title="Leave",
        help="Leave the console. While applications are being served it asks what is to become of them.",
        tier=0,
        command="",
        rank=0,
        word="quit",
    ),
)
"""In the order in which help and palette show them."""

_BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def by_id(name: str) -> Action:
    """The action with this id.

    Raises:
        KeyError: there is none.
    """
    return _BY_ID[name]


def as_rows() -> list[dict[str, Any]]:
    """The registry with the contract's field names."""
    return [
        {
            "id": action.id,
            "keys": [key_sign(key) for key in action.keys],
            "title": action.title,
            "help": action.help,
            "tier": action.tier,
            "command": usage_line(action),
        }
        for action in ACTIONS
    ]


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
