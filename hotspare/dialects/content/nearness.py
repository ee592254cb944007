"""Whether two short texts ask for the same in other words: the guard beside the similarity of their vectors.

Vectors are nearly blind to what changes an answer most: another number, a "not", another name, the other direction. So
this looks at the words alone, and would rather miss a rewording than take one question for another: the words that
carry meaning must be the same. It knows English words for it; texts of other languages need the very same words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hotspare.dialects.content.wordlists import (
    DIRECTION_WORDS,
    EMPTY_WORDS,
    NARROWING_WORDS,
    NEGATION_WORDS,
    NUMBERS,
    OPPOSITE_PAIRS,
    PHRASES,
    SAME_GROUPS,
    UNIT_WORDS,
)

LONGEST_TEXT_CHARACTERS = 600
"""A longer text says too much: two that share their most part have nearly the same vector, whatever the rest asks."""

_TOKEN = re.compile(
    r"(?P<number>[$€£¥]?\d[\d.,:/]*(?<![.,:/])%?)"
    r"|(?P<word>[^\W\d_][\w'\u2019]*(?:[-._/\\@+#:]+\w+)*[+#]*)"
    r"|(?P<sign>[-+*/^=<>]+)"
    r"|(?P<stop>[.?!;:\n]+)"
)
_GROUPED = re.compile(r"^\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_QUOTED = re.compile(r"\"([^\"]+)\"|`([^`]+)`|“([^”]+)”|«([^»]+)»|(?<!\w)'([^']+)'(?!\w)")
_CAPITAL_INSIDE = re.compile(r"\w[A-Z]|[\d_.@/\\#+]|^[A-Z]{2,}$")


_ARTICLES = frozenset({"a", "an", "the", "my", "your", "our", "his", "her", "their", "its", "this", "that"})
_ASKED = frozenset({"who", "when", "where", "why"})


@dataclass(frozen=True, slots=True)
class Sense:
    """What a text is about, as far as its words tell.

    Attributes:
        facts: what must be equal, and may be looked up: numbers with their units, signs, negations, what is quoted.
        words: all that it says, each in its plain form.
        content: those that carry meaning, in order.
        narrowing: those of them that say which is meant.
        directed: what each "to", "from" or "than" leads to.
        meaning: the content, as a set.
    """

    facts: tuple[tuple[str, ...], ...]
    words: frozenset[str]
    content: tuple[str, ...]
    narrowing: frozenset[str]
    directed: frozenset[tuple[str, str]]
    meaning: frozenset[str]


def sense_of(text: str) -> Sense | None:
    """What a text is about; None for one that is too long, or says nothing."""
    if len(text) > LONGEST_TEXT_CHARACTERS:
        return None
    tokens = list(_tokens(text))
    content = [token.plain for token in tokens if token.carries]
    numbers = tuple(_quantities(tokens))
    negations = str(sum(token.plain in NEGATION_WORDS for token in tokens))
    asked = tuple(sorted({token.plain for token in tokens} & _ASKED))
    signs = tuple(token.plain for token in tokens if token.kind == "sign")
    quoted = tuple(sorted("".join(groups).casefold() for groups in _QUOTED.findall(text)))
    if not (content or numbers or quoted):
        return None
    return Sense(
        facts=(numbers, signs, asked, (negations,), quoted),
        words=frozenset(token.plain for token in tokens),
        content=tuple(content),
        narrowing=frozenset(_narrowing(tokens)),
        directed=frozenset(_directed(tokens)),
        meaning=frozenset(content),
    )


def difference(one: Sense, other: Sense) -> str:
    """What tells that two texts ask for different things, in a word; "" where nothing does."""
    if one.facts != other.facts:
        return "facts"
    more, fewer = (one, other) if len(one.meaning) >= len(other.meaning) else (other, one)
    extra = more.meaning - fewer.meaning
    if len(extra) > 1 or not fewer.meaning <= more.meaning or not extra.isdisjoint(more.narrowing):
        return "words"
    if _opposed(one.words, other.words):
        return "opposites"
    shared = [word for word in more.content if word not in extra]
    return "order" if _turned(shared, fewer.content) or _redirected(one, other) else ""


# ------------------------------------------------------------------ reading
@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    plain: str
    named: bool = False

    @property
    def carries(self) -> bool:
        if self.kind != "word" or self.plain in NEGATION_WORDS:
            return False
        return self.named or self.plain not in EMPTY_FORMS


def _tokens(text: str) -> Iterator[_Token]:
    opening = True
    for found in _TOKEN.finditer(_with_phrases(text)):
        kind, told = found.lastgroup or "", found.group()
        if kind == "word":
            yield from _words(told, opening=opening)
        elif kind == "number":
            yield _Token(kind, told.replace(",", "") if _GROUPED.match(told) else told)
        elif kind == "sign":
            yield _Token(kind, told)
        opening = kind == "stop"


def _words(told: str, *, opening: bool) -> Iterator[_Token]:
    """One word; "don't" is two."""
    plain = told.casefold().replace("\u2019", "'")
    if plain in NUMBERS:
        yield _Token("number", NUMBERS[plain])
        return
    if plain.endswith("n't") or plain == "cannot":
        yield _Token("word", "not")
        plain = plain.removesuffix("n't").removesuffix("not")
    plain = plain.split("'")[0] or plain
    named = bool(_CAPITAL_INSIDE.search(told)) or (told[0].isupper() and not opening and plain not in EMPTY_FORMS)
    yield _Token("word", plain if named else plain_form(plain), named and told != "I")


_PHRASES = re.compile("|".join(f"({phrase})" for phrase in PHRASES), re.IGNORECASE)
_PHRASE_WORDS = ("", *PHRASES.values())


def _with_phrases(text: str) -> str:
    return _PHRASES.sub(lambda found: _PHRASE_WORDS[found.lastindex or 0], text)


@lru_cache(8192)
def plain_form(word: str) -> str:
    """A word without its ending, and one for all that mean the same."""
    stem = _stem(word)
    return _SAME.get(stem, stem)


_STEMMED_E = 6
"""Shorter words keep their last e: a plane is no plan."""


def _stem(word: str) -> str:
    if word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in (
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("shes", "sh"),
        ("ing", ""),
        ("ed", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undoubled(word[: len(word) - len(ending)] + instead, ending)
    return word.removesuffix("e") if len(word) >= _STEMMED_E else word


def _undoubled(stem: str, ending: str) -> str:
    if ending in ("ing", "ed") and len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls":
        return stem[:-1]
    return stem.removesuffix("e") if len(stem) >= _STEMMED_E else stem


_SAME = {_stem(word): _stem(group.split()[0]) for group in SAME_GROUPS for word in group.split()}
_OPPOSITES = tuple((plain_form(left), plain_form(right)) for left, right in OPPOSITE_PAIRS)
EMPTY_FORMS = EMPTY_WORDS | {plain_form(word) for word in EMPTY_WORDS}


def _quantities(tokens: Sequence[_Token]) -> Iterator[str]:
    """Numbers in their order, each with the unit after it."""
    for i, token in enumerate(tokens):
        if token.kind == "number":
            after = tokens[i + 1].plain if i + 1 < len(tokens) else ""
            yield f"{token.plain} {after}" if after in UNIT_WORDS else token.plain


def _narrowing(tokens: list[_Token]) -> Iterator[str]:
    """Words that say which: beside another that carries meaning, after a word like "for" or "in", and all names."""
    for i, token in enumerate(tokens):
        if not token.carries:
            continue
        beside = tokens[max(0, i - 1) : i] + tokens[i + 1 : i + 2]
        led = _before(tokens, i) in NARROWING_WORDS
        if led or token.named or any(near.carries or near.kind == "number" for near in beside):
            yield token.plain


def _before(tokens: Sequence[_Token], i: int) -> str:
    """What stands before a word, articles aside."""
    return next((token.plain for token in reversed(tokens[:i]) if token.plain not in _ARTICLES), "")


def _directed(tokens: Sequence[_Token]) -> Iterator[tuple[str, str]]:
    """What each "to" and "from" leads to."""
    toward = ""
    for token in tokens:
        if token.plain in DIRECTION_WORDS:
            toward = DIRECTION_WORDS[token.plain]
        elif toward and (token.carries or token.kind == "number"):
            yield toward, token.plain
            toward = ""


# ------------------------------------------------------------------ comparing
def _opposed(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a word of one stands where the other has its opposite."""
    mine, yours = one - other, other - one
    return any((left in mine and right in yours) or (right in mine and left in yours) for left, right in _OPPOSITES)


def _turned(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the same words stand in an order that may mean something else: not as they were, nor moved as a whole."""
    mine, yours = tuple(dict.fromkeys(one)), tuple(dict.fromkeys(other))
    if len(mine) < 3:
        return False
    return not any(mine[i:] + mine[:i] == yours for i in range(len(mine)))


def _redirected(one: Sense, other: Sense) -> bool:
    """Whether a "to" leads elsewhere, to something that the other text has too."""
    mine, yours = dict(one.directed), dict(other.directed)
    return any(word in yours and yours[word] != to and yours[word] in one.words for word, to in mine.items())
