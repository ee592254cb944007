"""Recognise events that differ from one that was read in nothing but the text they carry: they need not be read again.

Nearly all events of a stream are such: the same bytes around another word. To say so takes a comparison and one look at
the word; to read an event takes ten times that.
"""

import re

_TEXT = rb'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*+'
"""The inside of a JSON string; half characters are left to who reads."""

_WORDS = re.compile(
    rb'"(?:content|text|thinking|reasoning_content|reasoning|arguments|partial_json|obfuscation)":\s?"('
    + _TEXT
    + rb')"'
)
"""Fields whose text does not change what an event says of its stream, once there has been content."""

_text = re.compile(_TEXT).match
_all_text = re.compile(_TEXT).fullmatch


class Alike:
    """The likeness of one event, given as it came, with its blank line, in valid UTF-8."""

    __slots__ = ("_first", "_others")

    def __init__(self, event: bytes) -> None:
        at, fixed = 0, []
        for word in _WORDS.finditer(event):
            fixed.append(event[at : word.start(1)])
            at = word.end(1)
        self._first, *self._others = (*fixed, event[at:])

    def __bool__(self) -> bool:
        """Whether anything in it can be different."""
        return bool(self._others)

    def run(self, data: bytes, begin: int) -> tuple[int, int]:
        """The end of the events from `begin` on that are like it, and their number."""
        if not data.startswith(self._first, begin):
            return begin, 0
        if len(self._others) == 1:
            first, size = self._first, len(self._first)
            *parts, rest = data[begin:].split(self._others[0])
            words = [part[size:] for part in parts if part.startswith(first)]
            if len(words) == len(parts) and _all_text(b" ".join(words)):  # an escape that is cut would take the blank
                return len(data) - len(rest), len(words)
        return self._one_by_one(data, begin)

    def _one_by_one(self, data: bytes, begin: int) -> tuple[int, int]:
        events = 0
        while (end := self._end(data, begin)) >= 0:
            begin = end
            events += 1
        return begin, events

    def _end(self, data: bytes, begin: int) -> int:
        """Where the one that begins there ends; -1: it is unlike it."""
        if not data.startswith(self._first, begin):
            return -1
        end = begin + len(self._first)
        for fixed in self._others:
            word = _text(data, end)
            end = word.end() if word is not None else end
            if not data.startswith(fixed, end):
                return -1
            end += len(fixed)
        return end
