"""Read YAML as plain values, under bounds: no tags are carried out, aliases may not multiply, a key stands once.

As the programs that wrote these files read it: YAML 1.1, where `yes` is true.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hotspare.configuration.error import fault, plain
from hotspare.configuration.reading import malformed
from hotspare.configuration.wording import Lines, Place

MAX_CHARACTERS = 400_000
"""Some 250 kB are read in a second."""
MAX_VALUES = 50_000
MAX_DEPTH = 60

_TAG = "tag:yaml.org,2002:"


def parse(path: Path, text: str) -> tuple[dict[str, Any], Lines]:
    """The mapping that the text holds, and the line of each of its keys and entries.

    Raises:
        ConfigurationError: it is malformed, names a key twice, is no mapping, or is more than the bounds allow.
    """
    if len(text) > MAX_CHARACTERS:
        raise fault(path, f"it is longer than {MAX_CHARACTERS // 1000} kB", "name a configuration file")
    reading = _Plain(path)
    try:
        content = reading.value(_composed(path, text), ())
    except RecursionError:
        raise fault(path, "it is nested too deeply", "flatten it") from None
    if not isinstance(content, dict):
        raise fault(path, "it is no mapping of keys and values", "see examples/")
    return content, reading.lines


def _composed(path: Path, text: str) -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only YAML files need it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    try:
        return yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "this is no YAML" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
        raise malformed(path, where, plain(str(error.problem or error.context), 120)) from None
    except YAMLError as error:
        raise malformed(path, "this is no YAML", plain(str(error).split("\n", 1)[0], 120)) from None


class _Plain:
    """Turns nodes into values, and counts them: an alias counts as often as it is used."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self._path = path

    def value(self, node: Any, place: Place) -> Any:
        """What stands at a place."""
        if node is None:
            return None
        self.lines[place] = _line(node)
        if len(place) > MAX_DEPTH or len(self.lines) > MAX_VALUES:
            raise fault(self._path, f"line {_line(node)}: it holds too much, or itself", "write it without aliases")
        match node.id:
            case "mapping":
                return self._mapping(node, place)
            case "sequence":
                return [self.value(entry, (*place, i)) for i, entry in enumerate(node.value)]
            case _:
                return _scalar(node)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for name, inner in node.value:
            key = str(name.value) if name.id == "scalar" else "?"
            if name.tag == f"{_TAG}merge":
                merged |= self._merged(inner, (*place, key))
                continue
            if key in own:
                what = f"line {_line(name)}: the key {plain(key)} is given twice"
                raise fault(self._path, what, "leave one of them")
            own[key] = self.value(inner, (*place, key))
            self.lines[*place, key] = _line(name)
        return merged | own

    def _merged(self, node: Any, place: Place) -> dict[str, Any]:
        """What `<<` brings in; of several mappings the first wins."""
        value = self.value(node, place)
        found: dict[str, Any] = {}
        for part in reversed(value if isinstance(value, list) else [value]):
            found |= part if isinstance(part, dict) else {}
        return found


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _scalar(node: Any) -> Any:
    read = _READ.get(str(node.tag).removeprefix(_TAG))
    try:
        return node.value if read is None else read(node.value)
    except ValueError:
        return node.value


def _whole(text: str) -> int:
    digits = text.replace("_", "")
    octal = digits.lstrip("+-").startswith("0") and digits.lstrip("+-").isdigit()
    return int(digits, 8) if octal else int(digits, 0)


def _truth(text: str) -> bool | str:
    """What PyYAML takes for a truth value; y and n are texts to it."""
    return text if text.lower() in ("y", "n") else text.lower() in ("yes", "true", "on")


_READ: Mapping[str, Callable[[str], Any]] = {
    "int": _whole,
    "float": lambda text: float(text.replace("_", "")),
    "bool": _truth,
    "null": lambda _: None,
}


def top_key(*names: str) -> Callable[[str], bool]:
    """Whether a text has one of these keys at its left margin, as YAML writes them."""
    pattern = re.compile(rf"^[\"']?({'|'.join(map(re.escape, names))})[\"']?[ \t]*:(\s|\Z)", re.MULTILINE)
    return lambda text: bool(pattern.search(text))
