"""Whether an answer declines, by its first words: a rule that would rather miss a refusal than take an answer for one.

English here, other languages in `refusals`. Short answers only. The first sentence must say that the speaker can't or
won't, and what it can't must be the request itself (`that`, `this request`, `such content`), or helping with it.
"""

import re

from hotspare.dialects.content.refusals import OTHER_LANGUAGES

LONGEST_REFUSAL_CHARACTERS = 600
"""A longer answer says more than no."""

_SORRY = (
    r"(?:(?:i'm|i am) (?:so |very |really |truly )?sorry|sorry|(?:i|we) apologi[sz]e|(?:my )?apologies|unfortunately)"
)
_SELF = r"(?:as an ai[^,.]{0,60}, ?)"
_CANNOT = (
    r"(?:i|we)(?: really| simply| just)?"
    r"(?: can't| cannot| can not| won't| will not|(?: am|'m|'re| are) (?:not able|unable|not going) to"
    r"|(?: must| have to| need to) (?:respectfully )?(?:decline|refuse) to)"
)
_HELP = (
    r"(?:assist(?: you)? (?:with|in)|help(?: you)? with|comply with|(?:fulfil|fulfill) (?:this|that|your|the|such))\b"
)
_MAKE = (
    r"(?:provide|create|generate|write|produce|share|answer|discuss|engage in|participate in|support|give|offer"
    r"|process|respond to|facilitate)\b[^.!?\n]{0,120}?\b(?:that|this request|this content|this kind|this type"
    r"|such|your request|the request|these requests|requests like this|content like this)\b"
)
_DECLINE = (
    r"(?:i|we)(?: must|'ll have to| have to|'m going to have to) (?:respectfully )?decline(?: this| that| your|\.|$)"
)
_REFUSAL = re.compile(
    rf"(?:{_SORRY}[,.!;:]? ?(?:but |however,? )?)?{_SELF}?(?:{_CANNOT} (?:{_HELP}|{_MAKE})|{_DECLINE})"
    r"(?![^.!?\n]{0,40} (?:without|until|unless)\b)"
)
_ONLY_NO = re.compile(
    rf"{_SORRY}[,.!;:]? ?(?:but )?{_CANNOT} (?:do that|comply|assist|help|continue with (?:this|that))[.!]?$"
)

_ELSEWHERE = re.compile("|".join(f"(?:{pattern})" for pattern in OTHER_LANGUAGES.values()))


def declines(text: str) -> bool:
    """Whether the text is a refusal."""
    if len(text) > LONGEST_REFUSAL_CHARACTERS:
        return False
    plain = " ".join(text.replace("\u2019", "'").lower().split())
    return bool(_REFUSAL.match(plain) or _ONLY_NO.match(plain) or _ELSEWHERE.match(plain))
