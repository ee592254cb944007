"""Carry out one act for the operator: apply its Command, ask where the instance wants a confirmation, say what came of
it. Acts follow one another, in the order of the keys.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hotspare.app.action import Action, command_line, done_sentence
from hotspare.engine.backend import Backend
from hotspare.router.clock import Clock
from hotspare.router.command import JournalEntry, Outcome, Refusal
from hotspare.router.error import HotspareError

Severity: TypeAlias = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be confirmed.

    `consequence` is the instance's own sentence; `typed` is a name that has to be typed where traffic would stop.
    """

    title: str
    consequence: str
    hint: str = ""
    typed: str = ""


Tell: TypeAlias = Callable[[str, Severity], None]
Ask: TypeAlias = Callable[[Question], Awaitable[bool]]


class Operator:
    """The one who presses the keys, as the instance sees them."""

    def __init__(self, backend: Backend, *, clock: Clock, who: str, tell: Tell, ask: Ask) -> None:
        self._backend = backend
        self._clock = clock
        self._who = who
        self._tell = tell
        self._ask = ask
        self._turn = asyncio.Lock()

    async def carry_out(self, action: Action, given: Mapping[str, Any], *, typed: str = "") -> bool:
        """Do it, and say what came of it.

        Args:
            action: one that has a Command.
            given: `chain`, `model`, `models`, `seconds` (absent or None: no end), as the action needs.
            typed: the name that has to be typed before this is confirmed, "" where a key is enough.

        Returns:
            whether it is in force.
        """
        async with self._turn:
            try:
                outcome, confirmed = await self._apply(action, given, typed)
            except HotspareError as error:
                self._tell(_sentences(error.title, error.hint), "error")
                return False
            if outcome is None:
                return False
            if isinstance(outcome, Refusal):
                self._tell(_sentences(f"not done: {outcome.reason}", outcome.hint), "warning")
                return False
            self._tell(*_done(action, given, outcome, confirmed=confirmed))
            return True

    async def _apply(self, action: Action, given: Mapping[str, Any], typed: str) -> tuple[Outcome | None, bool]:
        """The outcome, None when the operator thought better of it; and whether it took a confirmation."""
        if action.build is None:
            raise HotspareError(f"{action.title} is nothing that can be ordered")
        seconds = given.get("seconds")
        until = None if seconds is None else self._clock.wall() + seconds
        command = action.build({**given, "until": until})
        outcome = await self._backend.apply(command, who=self._who, confirmed=False)
        if not (isinstance(outcome, Refusal) and outcome.needs_confirmation):
            return outcome, False
        names = {str(given[name]) for name in ("model", "chain") if name in given}
        question = Question(action.title, _sentences(outcome.reason, "", names), outcome.hint, typed)
        if not await self._ask(question):
            return None, True
        return await self._backend.apply(command, who=self._who, confirmed=True), True


def _done(action: Action, given: Mapping[str, Any], entry: JournalEntry, *, confirmed: bool) -> tuple[str, Severity]:
    """What it did, that it can be taken back, and the command that does the same."""
    said = done_sentence(action, given, entry.change)
    if action.id != "undo" and entry.change.slot is not None:
        said += " u undoes."
    lines = [said, *(_sentences(note, "") for note in entry.change.notes)]
    if not entry.durable:
        lines.append("In force, but not durable: the journal cannot be written now.")
    lines.append(f"$ {command_line(action, given)}{' --yes' if confirmed else ''}")
    return "\n".join(lines), "information" if entry.durable and not entry.change.notes else "warning"


def _sentences(first: str, second: str, names: Collection[str] = ()) -> str:
    """Both as sentences, each with its capital and its end; a name that one begins with stays as it is."""
    told = [text.strip() for text in (first, second) if text.strip()]
    return " ".join(_begun(text, names) + ("" if text[-1] in ".!?" else ".") for text in told)


def _begun(text: str, names: Collection[str]) -> str:
    return text if text.split(" ", 1)[0] in names else text[0].upper() + text[1:]
