"""Recognise events that differ from one that was read in nothing but the text they carry: they need not be read again.

Nearly all events of a stream are such: the same bytes around another word. To say so takes a comparison and one look at
the word; to read an event takes ten times that.
"""

import re

_TEXT = rb'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*+'
"""The inside of a JSON string; half characters are left to who reads."""

_SAYS = rb"content|text|thinking|reasoning_content|reasoning|arguments|partial_json"
_PADS = b"obfuscation"


def _fields(names: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'"(?:' + names + rb')":\s?"(' + _TEXT + rb')"')


_SAID = _fields(_SAYS)
_WORDS = _fields(_SAYS + b"|" + _PADS)
"""Fields whose text does not change what an event says of its stream, once there has been content."""

PADDED_BYTES = 4
"""What an event is taken to say that is as long as its padding makes it: about one token."""

_text = re.compile(_TEXT).match
_all_text = re.compile(_TEXT).fullmatch


def said_bytes(data: bytes) -> int:
    """How much text of an answer there is in an event, or in a whole answer, of either dialect."""
    return sum(word.end(1) - word.start(1) for word in _SAID.finditer(data))


class Alike:
    """The likeness of one event, given as it came, with its blank line, in valid UTF-8."""

    __slots__ = ("_first", "_fixed_bytes", "_others", "_padded")

    def __init__(self, event: bytes) -> None:
        at, fixed = 0, []
        for word in _WORDS.finditer(event):
            fixed.append(event[at : word.start(1)])
            at = word.end(1)
        self._first, *self._others = (*fixed, event[at:])
        self._fixed_bytes = len(self._first) + sum(map(len, self._others))
        self._padded = _PADS in event

    def __bool__(self) -> bool:
        """Whether anything in it can be different."""
        return bool(self._others)

    def said_bytes(self, size: int, events: int) -> int:
        """How much text there is in so many bytes, which are so many events like it."""
        return events * PADDED_BYTES if self._padded else size - events * self._fixed_bytes

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
