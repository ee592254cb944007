"""Ask the terminal whether it is light or dark (OSC 11), and take its answer out of what is typed.

Textual does not ask, and would take an answer for keys, which act.
"""

import re
from collections.abc import Callable

ASK_BACKGROUND = "\x1b]11;?\x1b\\"

_ANSWER = re.compile(
    "\x1b]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})[^\x07\x1b]*(?:\x07|\x1b\\\\)"
)
_BEGIN = "\x1b]11;"
LONGEST = 64
HALF = 0.5


class BackgroundAnswer:
    """Watches what comes from the terminal until it has answered."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        """Begin; `tell` is called once, with whether the background is light."""
        self.asked = False
        self._tell = tell
        self._held = ""

    def feed(self, text: str) -> str:
        """What is left for others of what came; a part of an answer is held until the rest of it is there."""
        if not self.asked:
            return text
        text, self._held = self._held + text, ""
        found = _ANSWER.search(text)
        if found is not None:
            self.asked = False
            self._tell(_is_light(found.groups()))
            return text[: found.start()] + text[found.end() :]
        begin = text.find(_BEGIN) if _BEGIN in text else text.rfind("\x1b")
        tail = text[begin:] if begin >= 0 else ""
        if tail and len(tail) < LONGEST and (_BEGIN.startswith(tail) or tail.startswith(_BEGIN)):
            self._held = tail
            return text[:begin]
        return text

    def let_go(self) -> str:
        """Nothing has come for a while: what was held, as far as it is no part of an answer."""
        held, self._held = self._held, ""
        return "" if held.startswith(_BEGIN) else held


def _is_light(colours: tuple[str, ...]) -> bool:
    """By the luminance of red, green and blue, each of one to four hexadecimal digits."""
    red, green, blue = (int(digits, 16) / (16 ** len(digits) - 1) for digits in colours)
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue > HALF)
