"""Whether a value fits a JSON schema, as far as this module knows schemas: what it does not know, it lets pass.

A caller's schema is untrusted: nothing is fetched (a `$ref` to elsewhere passes), no regular expression of it is run,
and the work is bounded, however often its references multiply. Never says that a value does not fit when it does.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hotspare.dialects.provider_error import one_line

MOST_STEPS = 20_000
"""Sub-schemas looked at; what is beyond passes."""

KNOWN = (
    "type", "enum", "const", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
    "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "allOf", "anyOf", "oneOf", "$ref",
)  # fmt: skip
"""`oneOf` is taken for `anyOf`; `$ref` within the schema only, and alone, as older drafts have it."""

_PATH_CHARACTERS = 120


class _Exhausted(Exception):
    """The bound is reached."""


def mismatch(value: Any, schema: Any) -> str | None:
    """Where and how a value does not fit, in words; None where it fits, or nobody can say."""
    try:
        return next(_Fitting(schema).faults(value, schema, "$"), None)
    except (_Exhausted, RecursionError):
        return None


class _Fitting:
    """One value against one schema."""

    __slots__ = ("_left", "_root")

    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = MOST_STEPS

    def faults(self, value: Any, schema: Any, path: str) -> Iterator[str]:
        self._left -= 1
        if self._left < 0:
            raise _Exhausted
        if schema is False:
            yield f"{_shown(path)} must not be there"
        if not isinstance(schema, dict):
            return
        if isinstance(schema.get("$ref"), str):
            yield from self.faults(value, self._referred(schema["$ref"]), path)
            return
        for name, check in _CHECKS.items():
            if name in schema and (fault := check(value, schema[name], schema)) is not None:
                yield f"{_shown(path)} {fault}"
        yield from self._combined(value, schema, path)
        if isinstance(value, dict):
            yield from self._of_object(value, schema, path)
        elif isinstance(value, list):
            yield from self._of_list(value, schema, path)

    def _fits(self, value: Any, schema: Any, path: str) -> bool:
        return next(self.faults(value, schema, path), None) is None

    def _combined(self, value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
        for one in _list(schema.get("allOf")):
            yield from self.faults(value, one, path)
        for name in ("anyOf", "oneOf"):
            options = _list(schema.get(name))
            if options and not any(self._fits(value, one, path) for one in options):
                yield f"{_shown(path)} fits none of its alternatives"

    def _of_object(self, value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
        properties = _table(schema.get("properties"))
        others = schema.get("additionalProperties", True) if "patternProperties" not in schema else True
        for name, inner in value.items():
            within = f"{path}.{name}"
            if name in properties:
                yield from self.faults(inner, properties[name], within)
            elif others is not True:
                yield from self.faults(inner, others, within)

    def _of_list(self, value: list[Any], schema: dict[str, Any], path: str) -> Iterator[str]:
        own = schema.get("items")
        first = _list(schema.get("prefixItems")) or _list(own)
        rest = schema.get("additionalItems") if isinstance(own, list) else own
        for at, inner in enumerate(value):
            one = first[at] if at < len(first) else rest
            if one is not None:
                yield from self.faults(inner, one, f"{path}[{at}]")

    def _referred(self, reference: str) -> Any:
        """The part of this schema that a reference names; True (anything fits) where it names none."""
        found = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                return True
            found = found[name]
        return found if reference == "#" or reference.startswith("#/") else True


# ------------------------------------------------------------------ the keywords of one value
def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == value // 1,
}


def _type(value: Any, wanted: Any, schema: dict[str, Any]) -> str | None:
    kinds = [wanted] if isinstance(wanted, str) else _list(wanted)
    if value is None and schema.get("nullable") is True:
        return None
    if not kinds or any(kind not in _KINDS or _KINDS[kind](value) for kind in kinds if isinstance(kind, str)):
        return None
    return f"is {_kind_of(value)}, not {' or '.join(str(kind) for kind in kinds)}"


def _enum(value: Any, wanted: Any, _schema: dict[str, Any]) -> str | None:
    options = _list(wanted)
    return (
        "is none of the values that are allowed" if options and not any(_same(value, one) for one in options) else None
    )


def _const(value: Any, wanted: Any, _schema: dict[str, Any]) -> str | None:
    return None if _same(value, wanted) else "is not the one value that is allowed"


def _required(value: Any, wanted: Any, _schema: dict[str, Any]) -> str | None:
    if not isinstance(value, dict):
        return None
    missing = [name for name in _list(wanted) if isinstance(name, str) and name not in value]
    return f"lacks {one_line(missing[0], 60)}" if missing else None


def _bound(
    kind: Callable[[Any], bool], measure: Callable[[Any], Any], holds: Callable[[Any, Any], bool], words: str
) -> Callable[[Any, Any, dict[str, Any]], str | None]:
    """The check for a keyword that is one number."""

    def check(value: Any, bound: Any, _schema: dict[str, Any]) -> str | None:
        if not kind(value) or not _is_number(bound) or holds(measure(value), bound):
            return None
        return f"{words} {bound}"

    return check


def _itself(value: Any) -> Any:
    return value


def _at_least(value: Any, bound: Any) -> bool:
    return bool(value >= bound)


def _at_most(value: Any, bound: Any) -> bool:
    return bool(value <= bound)


_CHECKS: Mapping[str, Callable[[Any, Any, dict[str, Any]], str | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "minProperties": _bound(_KINDS["object"], len, _at_least, "has fewer properties than"),
    "maxProperties": _bound(_KINDS["object"], len, _at_most, "has more properties than"),
    "minItems": _bound(_KINDS["array"], len, _at_least, "has fewer items than"),
    "maxItems": _bound(_KINDS["array"], len, _at_most, "has more items than"),
    "minLength": _bound(_KINDS["string"], len, _at_least, "has fewer characters than"),
    "maxLength": _bound(_KINDS["string"], len, _at_most, "has more characters than"),
    "minimum": _bound(_is_number, _itself, _at_least, "is less than"),
    "maximum": _bound(_is_number, _itself, _at_most, "is more than"),
    "exclusiveMinimum": _bound(_is_number, _itself, lambda value, bound: bool(value > bound), "is not more than"),
    "exclusiveMaximum": _bound(_is_number, _itself, lambda value, bound: bool(value < bound), "is not less than"),
}


def _same(one: Any, other: Any) -> bool:
    """JSON's equality: 1 is 1.0, and neither is true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(path: str) -> str:
    return one_line(path, _PATH_CHARACTERS)
