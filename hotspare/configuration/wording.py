"""Say in one sentence what a validation found: the key by its dotted path, what it must be, what it is.

A value is repeated only where it is short and cannot be a secret.
"""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hotspare.configuration.error import ConfigurationError, fault, plain
from hotspare.configuration.section import LIST, TABLE, Section, inner_section, join, outline
from hotspare.configuration.values import looks_like_a_key

SHOWN_VALUE_CHARACTERS = 40
LISTED_KEYS = 12
_HUGE = 10**SHOWN_VALUE_CHARACTERS
_SECRET_WORDS = ("key", "token", "secret", "password", "headers", "authorization")

Context = Mapping[str, Any]
Place = tuple[int | str, ...]
"""Keys and indices, from the top of a file."""
Lines = Mapping[Place, int]
"""Where in its text each place of a file begins."""
NO_LINES: Lines = MappingProxyType({})

MUST_BE: Mapping[str, Callable[[Context], str]] = {
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_parsing_size": lambda _: "must be a smaller number",
    "int_from_float": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "float_parsing": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be true or false",
    "string_type": lambda _: "must be a text",
    "string_unicode": lambda _: "must be a text in Unicode",
    "list_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be a table of names and values",
    "model_type": lambda _: "must be a table of names and values",
    "too_short": lambda _: "must not be empty",
    "literal_error": lambda context: f"must be {context['expected']}",
    "greater_than": lambda context: f"must be more than {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than": lambda context: f"must be less than {context['lt']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:.10g}",
    "value_error": lambda context: str(context["error"]),
}

SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: str(value).lower()),
    (int, lambda value: str(value) if abs(value) < _HUGE else "a huge number"),
    (float, lambda value: "not a number (NaN)" if math.isnan(value) else str(value)),
    (str, lambda value: f"the text '{plain(value)}'" if value else "empty"),
    (type(None), lambda _: "null"),
    (list, lambda _: "a list"),
    (dict, lambda _: "a table"),
)

_RANK: Mapping[str, int] = {"extra_forbidden": 0, "missing": 2}
"""A misspelt key leaves another one missing: the former is said."""


def said(path: Path, root: type[Section], error: ValidationError, lines: Lines = NO_LINES) -> ConfigurationError:
    """The first thing that a validation found, in words, with its line where that is known."""
    what, remedy = said_of(root, error)
    return fault(path, _at(_first(error)["loc"], lines) + what, remedy)


def said_of(root: type[Section], error: ValidationError) -> tuple[str, str]:
    """As `said`, without the file: what is wrong, and the remedy."""
    first, count = _first(error), error.error_count()
    more = f" (and {count - 1} more)" if count > 1 else ""
    what, remedy = _sentence(root, first["type"], first["loc"], first["input"], first.get("ctx", {}))
    return what + more, remedy


def _first(error: ValidationError) -> ErrorDetails:
    return min(error.errors(include_url=False), key=lambda entry: _RANK.get(entry["type"], 1))


def _at(place: Place, lines: Lines) -> str:
    """The line of a place; of what lacks, that of the table around it."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return f"line {lines[place[:length]]}: "
    return ""


def _sentence(root: type[Section], kind: str, place: Place, value: Any, context: Context) -> tuple[str, str]:
    key = dotted(place)
    if kind == "extra_forbidden":
        return _unknown(root, place)
    if kind == "missing":
        return f"the required key {key} is missing", f"add {key}"
    must = MUST_BE[kind](context) if kind in MUST_BE else "has a value that does not fit"
    found = "" if kind == "too_short" else _is(key, value)
    return f"{key} {must}{found}", f"correct {key}, or take it out where a default is meant"


def _is(key: str, value: Any) -> str:
    """What the value is, where that may be said."""
    last = key.rsplit(".", 1)[-1].lower()
    secret = any(word in last for word in _SECRET_WORDS)
    if isinstance(value, str) and (secret or "@" in value or looks_like_a_key(value)):  # user:password@host
        return ""
    if isinstance(value, str) and len(value) > SHOWN_VALUE_CHARACTERS:
        return ""
    shown = next((show(value) for kind, show in SHOWN if isinstance(value, kind)), "")
    return f", is {shown}" if shown else ""


def dotted(place: Sequence[int | str]) -> str:
    """A place in a file as its dotted path."""
    path = ""
    for step in place:
        if step == "[key]":  # it is the name itself that does not fit
            continue
        path = f"{path}[{step}]" if isinstance(step, int) else join(path, plain(step))
    return path


def _unknown(root: type[Section], place: Place) -> tuple[str, str]:
    """An unknown key, with the nearest right one: the same name elsewhere, else one of its own table, else anywhere."""
    table, name = place[:-1], str(place[-1])
    known = {key.rsplit(".", 1)[-1]: key for key in reversed(list(outline(root)))}
    near = "" if name in known else nearest(name, _keys_at(root, table))
    right = join(dotted(table), near) if near else known.get(nearest(name, known), "")
    if right:
        return f"unknown key {dotted(place)}; did you mean {right}?", f"write {right}, or take the key out"
    keys = _keys_at(root, table)
    listed = ", ".join(keys) if len(keys) <= LISTED_KEYS else "what docs/config.md and `hotspare schema` list"
    return f"unknown key {dotted(place)}", f"take it out; {dotted(table) or 'the file'} may hold {listed}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The key that was meant: nearly the same, or the same without its unit; "" where none is."""
    keys = list(known)
    close = difflib.get_close_matches(name, keys, n=1)
    return next(iter(close), "") or next((key for key in keys if key.startswith(f"{name}_")), "")


def _keys_at(root: type[Section], table: Place) -> list[str]:
    """The keys that the table at a place may hold."""
    section, marks = root, ""
    for step in table:
        if marks.startswith(LIST if isinstance(step, int) else TABLE):
            marks = marks.removeprefix(LIST if isinstance(step, int) else TABLE)
            continue
        field = next((f for n, f in section.__pydantic_fields__.items() if (f.alias or n) == step), None)
        inner = None if field is None else inner_section(field.annotation)
        if inner is None:
            return []
        marks, section = inner
    return [field.alias or name for name, field in section.__pydantic_fields__.items()]
