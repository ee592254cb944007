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


class Alike:
    """The likeness of one event, given as its block: its lines without the blank one at the end, in valid UTF-8."""

    __slots__ = ("_first", "_others")

    def __init__(self, block: bytes) -> None:
        at, fixed = 0, []
        for word in _WORDS.finditer(block):
            fixed.append(block[at : word.start(1)])
            at = word.end(1)
        self._first, *self._others = (*fixed, block[at:])

    def __bool__(self) -> bool:
        """Whether anything in it can be different."""
        return bool(self._others)

    def run(self, blocks: list[bytes], at: int) -> int:
        """The place of the first block from `at` on that is unlike it."""
        first, others, begin = self._first, self._others, len(self._first)
        for place in range(at, len(blocks)):
            block = blocks[place]
            if not block.startswith(first):
                return place
            end = begin
            for fixed in others:
                word = _text(block, end)
                end = word.end() if word is not None else end
                if not block.startswith(fixed, end):
                    return place
                end += len(fixed)
            if end != len(block):
                return place
        return len(blocks)
