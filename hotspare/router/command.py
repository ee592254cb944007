"""What an operator can order, as values: each command sets one slot of the standing decisions, so each has an inverse.

A command travels as JSON (`to_wire`, `from_wire`); the journal keeps the Change it made. Times are UTC epoch seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

SlotKind = Literal["model", "force", "order"]


@dataclass(frozen=True, slots=True)
class Slot:
    """The one thing a decision is about: a model's availability, a chain's force, a chain's order."""

    kind: SlotKind
    subject: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What stands in a slot above the file: by whom, since when, why, until when (None: until lifted).

    `value` by slot kind: model: ("disabled",), ("draining",) or ("enabled",); force: ("force", MODEL) or
    ("skip_primary",); order: the models in their new order.
    """

    value: tuple[str, ...]
    who: str
    at: float
    why: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ForceModel:
    """MODEL answers first in the chain; where it cannot, the others follow, never the primary unless it is MODEL."""

    act: ClassVar[str] = "force"
    chain: str
    model: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class SkipPrimary:
    """The chain's primary is not called, even when all else fails."""

    act: ClassVar[str] = "skip-primary"
    chain: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Lift the force of a chain."""

    act: ClassVar[str] = "release"
    chain: str


@dataclass(frozen=True, slots=True)
class DisableModel:
    """Take a model out: no new request goes there; what runs, finishes."""

    act: ClassVar[str] = "disable"
    model: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class DrainModel:
    """As disable, in the words of a planned stop."""

    act: ClassVar[str] = "drain"
    model: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class EnableModel:
    """Let a model serve again, also one that the file disables."""

    act: ClassVar[str] = "enable"
    model: str


@dataclass(frozen=True, slots=True)
class SetPriorities:
    """The chain's models in a new order; those not named follow in their old one."""

    act: ClassVar[str] = "priorities"
    chain: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClearModel:
    """Forget what is held against a model: cooldowns, refused keys, the breaker. Nothing to undo."""

    act: ClassVar[str] = "clear"
    model: str


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the latest change that was not taken back yet."""

    act: ClassVar[str] = "undo"


Command: TypeAlias = (
    ForceModel | SkipPrimary | Release | DisableModel | DrainModel | EnableModel | SetPriorities | ClearModel | Undo
)

COMMANDS: Mapping[str, type[Command]] = {
    kind.act: kind
    for kind in (
        ForceModel,
        SkipPrimary,
        Release,
        DisableModel,
        DrainModel,
        EnableModel,
        SetPriorities,
        ClearModel,
        Undo,
    )
}


def to_wire(command: Command) -> dict[str, Any]:
    """A command as a JSON object: its act and its fields."""
    return {"act": command.act, **asdict(command)}


def from_wire(value: Mapping[str, Any]) -> Command:
    """The command that a JSON object says.

    Raises:
        ValueError: no such act, or a field is missing or unknown.
    """
    kind = COMMANDS.get(str(value.get("act")))
    if kind is None:
        raise ValueError(f"no act named {value.get('act')!r}")
    given = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items() if name != "act"}
    known = {entry.name for entry in fields(kind)}
    if unknown := given.keys() - known:
        raise ValueError(f"{kind.act} has no field {min(unknown)!r}")
    build: Callable[..., Command] = kind
    try:
        return build(**given)
    except TypeError as error:
        raise ValueError(f"{kind.act}: {error}") from None


@dataclass(frozen=True, slots=True)
class Change:
    """A command worked out: the slot it sets, what it expects to find there, and what it puts. Pure data.

    `slot` is None for an act that sets nothing (`clear`). The inverse is the same change with before and after
    exchanged. `notes` are sentences for the one who acted: what it does not do, and what would.
    """

    act: str
    subject: str
    who: str
    at: float
    why: str = ""
    slot: Slot | None = None
    before: Decision | None = None
    after: Decision | None = None
    notes: tuple[str, ...] = ()
    undoes: int | None = None
    """The journal number of the change that this one takes back."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command is not carried out, in one sentence with what to do instead."""

    reason: str
    hint: str = ""
    needs_confirmation: bool = False
    """It would be done if repeated with a confirmation (`--yes`): the consequence is in `reason`."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A change that was made, with its place in the journal."""

    number: int
    change: Change
    undone_by: int | None = None
    durable: bool = True


Outcome: TypeAlias = JournalEntry | Refusal
"""What came of a command: it is in force and in the journal, or it is refused with the reason."""
