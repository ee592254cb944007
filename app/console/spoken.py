"""Read what was typed in the command line: which action, with which parameters. It knows no screen and does nothing."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotspare.app.action import Action, usage_line
from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.duration import DurationNotUnderstood, parse_duration
from hotspare.app.misuse import meant
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import Snapshot

ALIASES: Mapping[str, str] = {"q": "quit", "quit!": "quit", "w": "explain", "status": "overview", "models": "chains"}
TEN_MINUTES = 600.0
_PROMPT = re.compile(r"(?:--(?P<kind>model|chain)[ =](?P<name>\S+)(?: +|$))?(?P<text>.*)")
_NAMES = re.compile(r"\{(chain|models|model|id|text)\}")


class NotUnderstood(HotspareError):
    """What was typed is no command, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as it is meant.

    Attributes:
        action: what is to be done.
        given: its parameters: `chain`, `model`, `models`, `id`, `text`, and `seconds` where a time was said.
        filter: the words after a slash, for a screen.
    """

    action: Action
    given: Mapping[str, Any] = field(default_factory=dict)
    filter: str | None = None
    words: str = ""
    """What stood behind the action's name."""


def understand(text: str, snapshot: Snapshot | None) -> Spoken:
    """The command that was typed.

    Raises:
        NotUnderstood: there is no such action, model or chain, or something is missing.
    """
    told = text.strip().removeprefix("hotspare ")
    screen, slash, wanted = told.partition(" /")
    if slash and screen.isidentifier() and _action(screen).keys[0].isdigit():
        return Spoken(_action(screen), filter=wanted)  # as it was typed: a backslash belongs to its expression
    name, _, behind = told.partition(" ")
    if behind.strip() and _is_prompt(name):
        return Spoken(by_id("prompt"), _prompt(behind.strip(), snapshot))
    try:
        words = shlex.split(told)
    except ValueError:
        raise NotUnderstood("a quotation mark is missing", "close it") from None
    if not words:
        raise NotUnderstood("nothing was typed", "an action's name, as in: force main gpt-5 10m")
    action = _action(words[0])
    rest = words[1:]
    return Spoken(action, _parameters(action, rest, snapshot), words=" ".join(rest))


def _is_prompt(word: str) -> bool:
    return "prompt".startswith(word) and _action(word).id == "prompt"


def _prompt(told: str, snapshot: Snapshot | None) -> dict[str, Any]:
    """A text as it was typed: an apostrophe in it begins no quotation. Before it may stand whom to ask."""
    found = _PROMPT.fullmatch(told)
    assert found is not None  # noqa: S101 - each part may be missing
    text = found["text"].strip()
    given = {"text": text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text}
    if found["kind"]:
        given[found["kind"]] = found["name"]
    _check(given, snapshot)
    return given


def offers(snapshot: Snapshot | None) -> list[str]:
    """Whole command lines that may be meant, for completion."""
    lines = [action.id for action in ACTIONS]
    for action in ACTIONS:
        names = _names(action)
        if snapshot is None or not names or action.build is None:
            continue
        ends = " 10m" if "{for}" in action.command else ""
        for model in snapshot.models:
            chain = next(one for one in snapshot.chains if one.name == model.chain)
            words = {"chain": chain.name, "model": model.name, "models": ",".join(chain.models)}
            lines.append(" ".join([action.id, *(words[name] for name in names)]) + ends)
    return list(dict.fromkeys(line for line in lines if line.isprintable()))


def _action(word: str) -> Action:
    wanted = ALIASES.get(word, word)
    exact = next((action for action in ACTIONS if action.id == wanted), None)
    if exact is not None:
        return exact
    begins = [action for action in ACTIONS if action.id.startswith(wanted)]
    if len(begins) == 1:
        return begins[0]
    if begins:
        raise NotUnderstood(f"{word} may be {', '.join(action.id for action in begins)}", "type more of it")
    near = meant(word, [action.id for action in ACTIONS])
    raise NotUnderstood(f"there is no action named {word}{near}", "? lists them all")


def _names(action: Action) -> list[str]:
    return _NAMES.findall(action.command)


def _parameters(action: Action, words: list[str], snapshot: Snapshot | None) -> dict[str, Any]:
    """What each word stands for, in the order of the action's own command line."""
    rest = [word for word in words if word not in {"--for", "--model", "--yes"}]
    if action.build is None:
        names = _names(action)
        return dict(zip(names, rest, strict=False)) if names != ["text"] else {"text": " ".join(rest)}
    given: dict[str, Any] = {}
    for name in _names(action):
        if not rest:
            raise NotUnderstood(
                f"{action.id} needs {'models' if name == 'models' else f'a {name}'}", f"as in: {usage_line(action)}"
            )
        word = rest.pop(0)
        given[name] = tuple(filter(None, word.split(","))) if name == "models" else word
    if "{for}" in action.command or action.id in {"disable", "drain"}:
        given["seconds"] = _seconds(rest.pop(0)) if rest else _usual(action)
    if rest:
        raise NotUnderstood(f"{action.id}: {rest[0]} is one word too many", f"as in: {usage_line(action)}")
    _check(given, snapshot)
    return given


def _usual(action: Action) -> float | None:
    return TEN_MINUTES if "{for}" in action.command else None


def _seconds(word: str) -> float | None:
    try:
        return parse_duration(word)
    except DurationNotUnderstood as error:
        raise NotUnderstood(error.title, error.hint) from None


def _check(given: Mapping[str, Any], snapshot: Snapshot | None) -> None:
    """Names are told from mistakes here, where the known ones can be offered."""
    if snapshot is None:
        return
    chains = [chain.name for chain in snapshot.chains]
    models = list(dict.fromkeys(model.name for model in snapshot.models))
    for kind, known, wanted in (
        ("chain", chains, (given["chain"],) if "chain" in given else ()),
        ("model", models, (given["model"],) if "model" in given else given.get("models", ())),
    ):
        for name in wanted:
            if name not in known:
                raise NotUnderstood(f"there is no {kind} named {name}", f"there are {', '.join(known)}")
