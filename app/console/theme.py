"""Our own themes: every common one fails a colour-blind reader somewhere (success against error, or contrast).

ok, warn and bad keep apart in all three simulations of colour blindness, and from the background (at least 4:1); and
never do they stand alone: a sign stands beside each.
"""

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="hotspare-dark",
    primary="#56B4E9",
    secondary="#8FA3B5",
    accent="#BBA8F7",
    success="#56B4E9",
    warning="#F0E442",
    error="#F0603A",
    foreground="#DCE3E9",
    background="#101418",
    surface="#182027",
    panel="#243140",
    dark=True,
    variables={
        "foreground-muted": "#98A5B1",
        "foreground-disabled": "#74818D",
        "rule": "#3C4854",
        "block-cursor-text-style": "none",
        "input-selection-background": "#56B4E9 35%",
    },
)

LIGHT = Theme(
    name="hotspare-light",
    primary="#0B6BCB",
    secondary="#4A5A68",
    accent="#5B3FB5",
    success="#0B6BCB",
    warning="#8F7A00",
    error="#8A1200",
    foreground="#15191D",
    background="#FFFFFF",
    surface="#F1F4F6",
    panel="#DDE5EC",
    dark=False,
    variables={
        "foreground-muted": "#55606B",
        "foreground-disabled": "#77828D",
        "rule": "#C3CCD4",
        "block-cursor-text-style": "none",
        "input-selection-background": "#0B6BCB 25%",
    },
)

_NONE = "ansi_default"
PLAIN = Theme(
    name="hotspare-plain",
    ansi=True,
    primary=_NONE,
    secondary=_NONE,
    accent=_NONE,
    success=_NONE,
    warning=_NONE,
    error=_NONE,
    foreground=_NONE,
    background=_NONE,
    surface=_NONE,
    panel=_NONE,
    dark=True,
    variables={
        "ansi-background": _NONE,
        "ansi-foreground": _NONE,
        "foreground-muted": _NONE,
        "foreground-disabled": _NONE,
        "rule": _NONE,
        "border": _NONE,
        "border-blurred": _NONE,
        "block-cursor-foreground": _NONE,
        "block-cursor-background": _NONE,
        "block-cursor-text-style": "reverse",
        "input-cursor-background": _NONE,
        "input-cursor-foreground": _NONE,
        "input-cursor-text-style": "reverse",
        "input-selection-background": _NONE,
        "input-selection-foreground": _NONE,
        "screen-selection-background": _NONE,
        "screen-selection-foreground": _NONE,
    },
)
"""No colour at all: bold, dim and reverse only."""

THEMES: Mapping[str, Theme] = {"dark": DARK, "light": LIGHT, "plain": PLAIN}

_LIGHT_BACKGROUNDS = frozenset({"7", "15"})


def choose_theme(wanted: str, environ: Mapping[str, str]) -> Theme:
    """The theme: no colour where `NO_COLOR` is set, else the wanted one (or `HOTSPARE_THEME`: dark, light, plain), else
    what `COLORFGBG` tells, else dark.
    """
    if environ.get("NO_COLOR", ""):
        return PLAIN
    asked = wanted or environ.get("HOTSPARE_THEME", "")
    if asked in THEMES:
        return THEMES[asked]
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in _LIGHT_BACKGROUNDS else DARK


def is_chosen(wanted: str, environ: Mapping[str, str]) -> bool:
    """Whether somebody said which theme it is to be; else the terminal may be asked."""
    return bool(wanted) or any(environ.get(name, "") for name in ("NO_COLOR", "HOTSPARE_THEME", "COLORFGBG"))
