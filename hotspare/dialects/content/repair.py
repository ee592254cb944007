"""Free JSON of what models put around it. Nothing is made up: what is cut off or may mean two things stays as it is.

Three things are done, in this order, and no other: a block of reasoning at the beginning is left out; text or a code
fence around the one value is left out; commas before a closing bracket are left out. Time is linear in the length.
"""

import json
import re
from typing import Any, NamedTuple, NoReturn

import msgspec

REPAIRED_CHARACTERS = 256 * 1024
"""Longer texts are not repaired."""

_STRING = r'"(?:[^"\\]|\\.)*+"?'
_TOKEN = re.compile(_STRING + r"|[{}\[\]]", re.DOTALL)
_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_BRACKET = re.compile(r"[{}\[\]]")
_REASONING = re.compile(r"\s*<think>.*?</think>", re.DOTALL)


class Repaired(NamedTuple):
    """A text that is JSON now."""

    text: str
    value: Any
    done: str
    """What was left out, in words."""


def parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    try:
        return json.loads(text, parse_constant=_refuse)  # numbers of any size, which msgspec does not take
    except RecursionError:
        raise ValueError("nested too deeply") from None


def repaired(text: str, opening: str = "{") -> Repaired | None:
    """The one value in a text, which begins with `opening`; None where it cannot be had for certain."""
    if len(text) > REPAIRED_CHARACTERS:
        return None
    reasoning = _REASONING.match(text)
    inner = text if reasoning is None else text[reasoning.end() :]
    found = _only_value(inner, opening)
    if found is None:
        return None
    value, around = found
    told = ["code fence" if "```" in around else "text around it"] if around.strip() or inner != text else []
    return _read(value, told) or _read(_without_commas(value), [*told, "trailing commas"])


def _read(text: str, told: list[str]) -> Repaired | None:
    try:
        return Repaired(text, parsed(text), " and ".join(told))
    except ValueError:
        return None


def _only_value(text: str, opening: str) -> tuple[str, str] | None:
    """The text from the first bracket to the one that closes it, and what is around it: no further bracket may be."""
    start = text.find(opening)
    end = _end(text, start) if start >= 0 else None
    if end is None:
        return None
    around = text[:start] + text[end:]
    return None if _BRACKET.search(around) else (text[start:end], around)


def _end(text: str, start: int) -> int | None:
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def _without_commas(text: str) -> str:
    return _COMMA.sub(lambda found: "" if found[0] == "," else found[0], text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
