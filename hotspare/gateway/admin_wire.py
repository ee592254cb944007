"""What goes over the instance socket, both ways: the values of Backend as JSON, and back to the very same values.

The server encodes what the client decodes and the reverse; nobody else writes these shapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.router.command import Command, JournalEntry, Outcome, Refusal, from_wire, to_wire
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import Instance, Snapshot

T = TypeVar("T")

_json = msgspec.json.Encoder()


class BadMessage(HotspareError):
    """What came over the socket is not what was expected: the two sides are of different versions, or worse."""


class QueryMessage(msgspec.Struct, frozen=True):
    """A look into the past."""

    name: str
    parameters: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ApplyMessage:
    """A command on its way. `claimed` is who the client says it acts for (SUDO_USER, --as); nobody has checked it."""

    command: Command
    why: str = ""
    confirmed: bool = False
    claimed: str = ""


class _Terms(msgspec.Struct, frozen=True):
    why: str = ""
    confirmed: bool = False
    claimed: str = ""


class _Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    entry: JournalEntry | None = None
    refusal: Refusal | None = None


class _Error(msgspec.Struct, frozen=True):
    title: str
    hint: str = ""


# ------------------------------------------------------------------ what the server says
def encode(value: Snapshot | Instance | PromptEvent | Mapping[str, Any] | list[dict[str, Any]]) -> bytes:
    """Any value that is its own JSON."""
    return _json.encode(value)


def encode_outcome(outcome: Outcome) -> bytes:
    """What came of a command."""
    is_entry = isinstance(outcome, JournalEntry)
    return _json.encode(_Outcome(entry=outcome) if is_entry else _Outcome(refusal=outcome))  # type: ignore[arg-type]


def encode_error(error: HotspareError) -> bytes:
    """An error for the operator at the other end."""
    return _json.encode(_Error(error.title, error.hint))


def decode_snapshot(data: bytes) -> Snapshot:
    """All live figures."""
    return _decode(data, Snapshot)


def decode_instance(data: bytes) -> Instance:
    """Which instance answers."""
    return _decode(data, Instance)


def decode_rows(data: bytes) -> list[dict[str, Any]]:
    """A view of the past."""
    return _decode(data, list[dict[str, Any]])


def decode_outcome(data: bytes) -> Outcome:
    """What came of a command."""
    outcome = _decode(data, _Outcome)
    found = outcome.entry or outcome.refusal
    if found is None:
        raise _bad("it holds neither an entry nor a refusal")
    return found


def decode_prompt_event(line: bytes) -> PromptEvent:
    """One line of the answer to a test prompt."""
    return _decode(line, PromptEvent)


def decode_event(line: bytes) -> dict[str, Any]:
    """One line of what happens."""
    return _decode(line, dict[str, Any])


def decode_error(data: bytes) -> HotspareError:
    """The error that an answer of status 400 or over holds."""
    told = _decode(data, _Error)
    return HotspareError(told.title, told.hint)


# ------------------------------------------------------------------ what the client says
def encode_query(name: str, parameters: Mapping[str, Any]) -> bytes:
    """The body of POST /query."""
    return _json.encode(QueryMessage(name, dict(parameters)))


def encode_apply(message: ApplyMessage) -> bytes:
    """The body of POST /apply."""
    rest: dict[str, Any] = {"why": message.why, "confirmed": message.confirmed, "claimed": message.claimed}
    return _json.encode({**to_wire(message.command), **rest})


def encode_prompt(prompt: Prompt) -> bytes:
    """The body of POST /prompt."""
    return _json.encode(prompt)


def decode_query(data: bytes) -> QueryMessage:
    """The body of POST /query."""
    return _decode(data, QueryMessage)


def decode_apply(data: bytes) -> ApplyMessage:
    """The body of POST /apply.

    Raises:
        BadMessage: no such act, or a field of it is missing, unknown or of the wrong type.
    """
    fields = _decode(data, dict[str, Any])
    given = {name: fields.pop(name) for name in _Terms.__struct_fields__ if name in fields}
    try:
        terms = msgspec.convert(given, _Terms)
        command = from_wire(fields)
        # from_wire takes values as they are; the journal must not hold a number where a name belongs
        command = msgspec.convert(msgspec.to_builtins(command), type(command))
    except (ValueError, msgspec.ValidationError) as error:
        raise _bad(str(error)) from None
    return ApplyMessage(command, terms.why, terms.confirmed, terms.claimed)


def decode_prompt(data: bytes) -> Prompt:
    """The body of POST /prompt."""
    return _decode(data, Prompt)


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(str(error)) from None


def _bad(reason: str) -> BadMessage:
    return BadMessage(
        f"The message over the instance socket is not understood: {reason}.",
        "Use the same version of Hotspare on both sides.",
    )
