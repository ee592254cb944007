"""Make foreign text fit to be shown: the one place where model output, error messages and callers' names become
display text. It works on single characters, so that a sequence split over two pieces is caught as well, and it never
reads markup; whoever shows its result must not either.
"""

_ESCAPED = "\\x{:02x}"
_NAMED = "⟪U+{:04X}⟫"
_NAMED_ASCII = "<U+{:04X}>"

_INVISIBLE_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x061C, 0x061C),  # Arabic letter mark
    (0x180E, 0x180E),  # Mongolian vowel separator
    (0x200B, 0x200F),  # zero width, and left and right marks
    (0x2028, 0x202E),  # line and paragraph separators, embeddings and overrides
    (0x2060, 0x206F),  # joiners, isolates, deprecated shaping
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFF9, 0xFFFB),  # interlinear annotation
    (0xE0000, 0xE007F),  # tags: a whole text nobody sees
)
"""Bidirectional and zero-width controls: they change what the reader believes to see."""


def _marks() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20)}
    table[0x7F] = "␡"
    table.update({code: _ESCAPED.format(code) for code in range(0x80, 0xA0)})
    for first, last in _INVISIBLE_RANGES:
        table.update({code: _NAMED.format(code) for code in range(first, last + 1)})
    table.update(dict.fromkeys(range(55296, 57344), "�"))  # lone surrogates cannot be encoded
    return table


_ONE_LINE = _marks()
_ONE_LINE[0x09] = " "
_MANY_LINES = {**_ONE_LINE, 0x09: "    "}
del _MANY_LINES[0x0A]


def _ascii(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return _ESCAPED.format(code)
    if code < 0x80:
        return character
    return "?" if _ONE_LINE.get(code) is None else _NAMED_ASCII.format(code)


def plain(text: str, limit: int = 200, *, many_lines: bool = False, ascii_only: bool = False) -> str:
    """The text with every control character replaced by a visible mark, and cut to `limit` characters.

    Args:
        text: from outside; any characters.
        limit: how many characters of it are looked at. Cut before anything is measured.
        many_lines: keep newlines, which otherwise become a mark too.
        ascii_only: marks and everything else in ASCII.
    """
    cut = text[:limit]
    if not (cut.isascii() and cut.isprintable()):
        cut = _translated(cut, many_lines=many_lines, ascii_only=ascii_only)
    if len(text) > limit:
        cut += "..." if ascii_only else "…"
    return cut


def _translated(text: str, *, many_lines: bool, ascii_only: bool) -> str:
    table = _MANY_LINES if many_lines else _ONE_LINE
    if not ascii_only:
        return text.translate(table)
    kept = "\n\t" if many_lines else "\t"
    return "".join(character if character in kept else _ascii(character) for character in text).replace("\t", " ")
