"""What an answer says, in words of no dialect, for whoever judges it; and where it stands, to be put right there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hotspare.dialects.stream import StopReason


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in a decoded answer."""

    holder: dict[str, Any]
    name: str

    @property
    def value(self) -> Any:
        return self.holder[self.name]

    def put(self, value: Any) -> None:
        """Write another in its stead."""
        self.holder[self.name] = value


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A tool call. Its arguments are text, or the value itself where the dialect has no text for them."""

    name: str
    arguments: Place
    as_text: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """One choice of an answer."""

    stop: StopReason
    texts: Sequence[Place] = ()
    calls: Sequence[MadeCall] = ()
    refused: bool = False
    """The model declines, as its dialect's own field says."""
    other: bool = False
    """It holds what is judged by nobody: audio, tools that the provider runs."""
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", "".join(place.value for place in self.texts))

    @property
    def empty(self) -> bool:
        """It says nothing that a caller could use; reasoning is no answer."""
        return not (self.calls or self.other or self.refused or self.text.strip())
