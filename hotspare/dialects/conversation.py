"""What dialects have in common, in words of neither: what a request of one is read into to be written in another.

Only what more than one dialect can say has a place here. Whatever else a request holds is either named in `dropped`, or
makes it `Incapable` of going there.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from hotspare.dialects.stream import StopReason
from hotspare.router.trigger import Usage


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: in base64, or where it is."""

    media_type: str = ""
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A document, in base64."""

    media_type: str
    data: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is a JSON object."""

    id: str
    name: str
    arguments: bytes


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of it."""

    id: str
    parts: tuple["Text | Image | File", ...]


Part: TypeAlias = Text | Image | File | ToolCall | ToolResult


@dataclass(slots=True)
class Turn:
    """What one side said, in order."""

    role: Literal["user", "assistant"]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may ask for."""

    name: str
    description: str | None
    schema: msgspec.Raw
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Which tools may be used: as the model sees fit, at least one, this one, none."""

    kind: Literal["auto", "any", "tool", "none"]
    name: str = ""


@dataclass(slots=True)
class Conversation:
    """A request."""

    turns: list[Turn]
    system: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stops: list[str] = field(default_factory=list)
    user: str | None = None
    schema: msgspec.Raw | None = None
    """What a JSON answer must look like."""
    dropped: list[str] = field(default_factory=list)
    """Fields that had no counterpart and were harmless to leave out, in the caller's words."""

    def say(self, role: Literal["user", "assistant"], part: Part) -> None:
        """Add to the last turn, or begin one: turns alternate."""
        if not self.turns or self.turns[-1].role != role:
            self.turns.append(Turn(role, []))
        self.turns[-1].parts.append(part)

    def drop(self, name: str) -> None:
        """Leave a field out, named once."""
        if name not in self.dropped:
            self.dropped.append(name)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    id: str
    model: str
    text: str
    reasoning: str
    calls: tuple[ToolCall, ...]
    stop: StopReason
    usage: Usage | None
