"""Recognise events that differ from one that was read in nothing but the text they carry: they need not be read again.

Nearly all events of a stream are such: the same bytes around another word. To say so takes a comparison and one look at
the word; to read an event takes ten times that.
"""

import re
from operator import itemgetter

_TEXT = rb'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*+'
"""The inside of a JSON string; half characters are left to who reads."""

_SAYS = rb"content|text|thinking|reasoning_content|reasoning|refusal|transcript|arguments|partial_json"
_PADS = b"obfuscation"
_DELTA = b'"delta"'


def _fields(names: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'"(?:' + names + rb')":\s?"(' + _TEXT + rb')"')


_SAID = _fields(_SAYS)
_WORDS = _fields(_SAYS + b"|" + _PADS)
"""Fields whose text does not change what an event says of its stream, once there has been content."""

PADDED_BYTES = 4
"""What an event is taken to say that is as long as its padding makes it: about one token."""

_CUT_BYTES = 8
"""So much before and after a word is looked for where events are cut."""

_find_word = _WORDS.search
_text = re.compile(_TEXT).match
_all_text = re.compile(_TEXT).fullmatch


def said_bytes(data: bytes) -> int:
    """How much text of an answer there is in an event, or in a whole answer, of either dialect."""
    return sum(map(len, _SAID.findall(data)))


def said_bytes_of(event: bytes) -> int:
    """The same of an event alone: what lies before its first delta says nothing."""
    said = _SAID.findall(event, max(0, event.find(_DELTA)))
    return len(said[0]) if len(said) == 1 else sum(map(len, said))


class Alike:
    """The likeness of one event, given as it came, with its blank line, in valid UTF-8."""

    __slots__ = (
        "_between",
        "_first",
        "_fixed_bytes",
        "_head_size",
        "_mark",
        "_others",
        "_padded",
        "_tail_size",
        "_word",
    )

    def __init__(self, event: bytes) -> None:
        self._padded = _PADS in event
        at, fixed, fixed_bytes = 0, [], len(event)
        word = _find_word(event, 0 if self._padded else max(0, event.find(_DELTA)))
        while word is not None:
            begin, end = word.span(1)
            fixed.append(event[at:begin])
            fixed_bytes -= end - begin
            at = end
            word = _find_word(event, end)
        fixed.append(event[at:])
        self._first, self._others, self._fixed_bytes = fixed[0], fixed[1:], fixed_bytes
        if len(fixed) == 2:
            self._learn(fixed[1])

    def _learn(self, other: bytes) -> None:
        """What lies between the words of one event and of the next, and the short part of it where they are cut: to
        look for all of it takes longer than to see afterwards that it was all there.
        """
        head, tail = self._first[:_CUT_BYTES], other[1:][-_CUT_BYTES:]
        self._between = other + self._first
        self._mark = tail + head
        self._head_size, self._tail_size = len(head), len(tail)
        self._word = itemgetter(slice(len(self._first) - len(head), len(tail) - len(other)))

    def __bool__(self) -> bool:
        """Whether anything in it can be different."""
        return bool(self._others)

    def said_in(self, data: bytes) -> int:
        """How much text there is in what is one event like it, and nothing else; -1 where it is not."""
        size, others = len(data), self._others
        if len(others) > 1:
            return self.said_bytes(size, 1) if self._end(data, 0) == size else -1
        if not (data.startswith(self._first) and data.endswith(others[0])):
            return -1
        begin, word_bytes = len(self._first), size - self._fixed_bytes
        if not _all_text(data, begin, begin + word_bytes):
            return -1
        return PADDED_BYTES if self._padded else word_bytes

    def said_bytes(self, size: int, events: int) -> int:
        """How much text there is in so many bytes, which are so many events like it."""
        return events * PADDED_BYTES if self._padded else size - events * self._fixed_bytes

    def run(self, data: bytes, begin: int) -> tuple[int, int]:
        """The end of the events from `begin` on that are like it, and their number."""
        if not data.startswith(self._first, begin):
            return begin, 0
        if len(self._others) == 1:
            other = self._others[0]
            if data.endswith(other) and _all_text(data, begin + len(self._first), len(data) - len(other)):
                return len(data), 1
            end, words = self._words(data, begin, other)
            if _all_text(b" ".join(words)):  # an escape that is cut would take the blank
                return end, len(words)
        return self._one_by_one(data, begin)

    def _words(self, data: bytes, begin: int, other: bytes) -> tuple[int, list[bytes]]:
        """The words of all events up to the last that ends like it; a quote, which is no text, where one is unlike."""
        last = data.rfind(other, begin)
        end = last + len(other)
        parts = data[begin + self._head_size : end - self._tail_size].split(self._mark)
        words = list(map(self._word, parts))
        inside, at = self._between.join(words), begin + len(self._first)
        alike = at + len(inside) == last and data.startswith(inside, at)
        return end, words if alike else [b'"']

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
