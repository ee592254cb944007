"""Find the line of each table and key of a well-formed TOML text; looked for only when somebody has to be told."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from hotspare.configuration.wording import Lines, Place

_NAME = r"(?:[\w-]+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
_DOTTED = rf"(?P<name>{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)"
_HEAD = re.compile(rf"[ \t]*(?P<open>\[\[?)[ \t]*{_DOTTED}[ \t]*\]")
_KEY = re.compile(rf"[ \t]*{_DOTTED}[ \t]*=")
_TEXT = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\n]*', re.DOTALL)


def lines_of(text: str) -> Lines:
    """Place → line, of tables, of entries of lists of tables, and of keys at the beginning of a line."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in _beginnings(text):
        if head := _HEAD.match(line):
            table = _resolved(_names(head["name"]), counts, is_list=head["open"] == "[[")
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_names(key["name"])), number)
    return found


def _beginnings(text: str) -> Iterator[tuple[int, str]]:
    """The lines that begin outside every value: not within a text or a list of several lines."""
    bare = _TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    depth = 0
    inside = _continued(text)
    for number, (line, plain) in enumerate(zip(text.split("\n"), bare.split("\n"), strict=True), 1):
        if depth == 0 and number not in inside:
            yield number, line
        value = plain.partition("=")[2] if depth == 0 else plain
        depth = max(0, depth + sum(value.count(mark) for mark in "[{") - sum(value.count(mark) for mark in "]}"))


def _continued(text: str) -> set[int]:
    """The lines that begin within a text of several lines."""
    found: set[int] = set()
    for part in _TEXT.finditer(text):
        first = text.count("\n", 0, part.start()) + 1
        found.update(range(first + 1, first + part[0].count("\n") + 1))
    return found


def _names(dotted: str) -> tuple[str, ...]:
    """The steps of a dotted name, as TOML reads it."""
    try:
        content: Any = tomllib.loads(f"{dotted.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted.strip(),)
    steps = []
    while isinstance(content, dict):
        ((name, content),) = content.items()
        steps.append(name)
    return tuple(steps)


def _resolved(names: tuple[str, ...], counts: dict[Place, int], *, is_list: bool) -> Place:
    """The place of a table: within lists of tables, that of the latest entry."""
    place: Place = ()
    for i, name in enumerate(names):
        place = (*place, name)
        if is_list and i == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place
