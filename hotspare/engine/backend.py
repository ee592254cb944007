"""The console's only way to the rest, in five methods. Screens cannot tell the in-process form from the remote one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hotspare.router.command import Command, Outcome
from hotspare.router.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Prompt:
    """A test prompt, for a chain (as an application would ask) or for one model alone; or a request of the past."""

    text: str
    chain: str = ""
    model: str = ""
    max_tokens: int = 512
    again: str = ""
    """The id of a request that is to be sent once more as it was; then nothing else counts."""


@dataclass(frozen=True, slots=True)
class PromptEvent:
    """A step of a test prompt's way.

    `kind` and what it carries: "route": `text` says what happens ("claude: 429, next gpt-5"); "text": a piece of the
    answer; "end": `request_id`, and in `text` one line of figures (model, time to first token, tokens, cost);
    "error": `text` is one sentence.
    """

    kind: Literal["route", "text", "end", "error"]
    text: str
    request_id: str = ""


class Backend(Protocol):
    """One running instance, as seen by a console or a command."""

    async def snapshot(self) -> Snapshot:
        """All live figures now."""

    async def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past (`engine.protocols.History`), newest first, with the contract's field names."""

    async def apply(self, command: Command, *, who: str, why: str = "", confirmed: bool = False) -> Outcome:
        """Carry out a command: durable first, then in force, then acknowledged."""

    def send_prompt(self, prompt: Prompt) -> AsyncIterator[PromptEvent]:
        """Send a test prompt (kind "test") through the router and follow it."""

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """What happens, as it happens: {"event": "request", …request row}, {"event": "act", …journal entry}."""
