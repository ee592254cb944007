"""A table of a configuration file that remembers which of its keys were read.

*In force* is not a list that somebody keeps: a key is in force when the compiler has read it. So whoever looks at a
value without carrying it out uses `peek`, and whoever carries out one value only uses `only`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PrivateAttr

T = TypeVar("T")


class Section(BaseModel):
    """One table. Strict: no text passes for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())

    _read: set[str] = PrivateAttr(default_factory=set)
    _notes: dict[str, str] = PrivateAttr(default_factory=dict)
    _idle: set[str] = PrivateAttr(default_factory=set)

    if not TYPE_CHECKING:  # a type checker would take any misspelt attribute for granted

        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            if name in type(self).__pydantic_fields__:
                self._read.add(name)
            return value

    def peek(self, name: str) -> Any:
        """A value, without taking it as carried out."""
        return self.__dict__[name]

    def note(self, name: str, note: str) -> None:
        """Say more about what comes of a key."""
        self._notes[name] = note

    def leave(self, note: str) -> None:
        """All that this table holds does nothing here, and why."""
        for name in self.model_fields_set:
            self.leave_key(name, note)

    def leave_key(self, name: str, note: str) -> None:
        """A key does nothing here, and why."""
        self._idle.add(name)
        self._notes[name] = note
        for inner, _ in _nested(self.peek(name), ""):
            inner.leave(note)

    def only(self, name: str, done: T) -> T:
        """The one value of a key that is carried out so far. The key is read where the file says just that."""
        if self.__dict__[name] == done:
            self._read.add(name)
        else:
            self._notes[name] = f"so far always {_as_written(done)}"
        return done


def _as_written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None | [] | {}:
            return "absent"
        case _:
            return f'"{value}"' if isinstance(value, str) else str(value)


@dataclass(frozen=True, slots=True)
class Found:
    """One key that a file holds."""

    path: str
    read: bool
    note: str = ""
    idle: bool = False
    """It does nothing where it stands."""


def keys_of(section: Section, path: str = "") -> Iterator[Found]:
    """Every key that the file gave, by its dotted path; `models[0].name` for an entry of a list."""
    for name, field in type(section).__pydantic_fields__.items():
        if name not in section.model_fields_set:
            continue
        value, here = section.peek(name), join(path, field.alias or name)
        if nested := list(_nested(value, here)):
            for inner, where in nested:
                yield from keys_of(inner, where)
        else:
            own = section._read, section._notes, section._idle  # noqa: SLF001 - its own class
            yield Found(here, name in own[0], own[1].get(name, ""), name in own[2])


def _nested(value: object, path: str) -> Iterator[tuple[Section, str]]:
    match value:
        case Section():
            yield value, path
        case list():
            yield from ((entry, f"{path}[{i}]") for i, entry in enumerate(value) if isinstance(entry, Section))
        case dict():
            yield from ((entry, join(path, key)) for key, entry in value.items() if isinstance(entry, Section))


def join(path: str, name: str) -> str:
    """One step further down a dotted path."""
    return f"{path}.{name}" if path else name


def unknown_keys(section: Section, path: str = "") -> Iterator[str]:
    """What a foreign file holds beyond what we know of its format (its sections allow it)."""
    yield from (join(path, name) for name in section.__pydantic_extra__ or {})
    for name, field in type(section).__pydantic_fields__.items():
        for inner, where in _nested(section.peek(name), join(path, field.alias or name)):
            yield from unknown_keys(inner, where)


LIST, TABLE = "[]", ".*"


def inner_section(annotation: object) -> tuple[str, type[Section]] | None:
    """The kind of table that stands under a key, and how it stands there: alone, in a list, or by names."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "", annotation
    mark: Mapping[object, str] = {list: LIST, dict: TABLE}
    for argument in get_args(annotation):
        if (found := inner_section(argument)) is not None:
            return mark.get(get_origin(annotation), "") + found[0], found[1]
    return None


def outline(kind: type[Section], path: str = "") -> Iterator[str]:
    """All keys a kind of file may hold, as templates: `models[].name`, `chains.*.models`."""
    for name, field in kind.__pydantic_fields__.items():
        here, inner = join(path, field.alias or name), inner_section(field.annotation)
        if inner is None:
            yield here
        else:
            yield from outline(inner[1], here + inner[0])
