"""From the roles of a line's pieces to styles, by the names of the theme's variables. Component classes would be the
common way; fourteen of them in each of seventeen views were half of the time to the first frame (measured).
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from rich.style import Style
from textual.color import Color

from hotspare.widgets.glyphs import Role

_VARIABLES: Mapping[Role, str] = MappingProxyType(
    {
        "text": "foreground",
        "dim": "foreground-muted",
        "strong": "foreground",
        "title": "foreground",
        "key": "accent",
        "accent": "accent",
        "ok": "success",
        "warn": "warning",
        "bad": "error",
        "off": "foreground-disabled",
        "badge": "accent",
        "alarm": "error",
        "rule": "rule",
    }
)
_FALLBACKS: Mapping[str, str] = {"rule": "foreground-disabled", "foreground-disabled": "foreground-muted"}
"""For themes other than ours."""

_BOLD = frozenset({"strong", "title", "key", "bad", "badge", "alarm"})
_REVERSE = frozenset({"badge", "alarm"})
_FAINT = frozenset({"dim", "off", "rule"})
"""Dimmed by the terminal where the theme has no colours of its own."""

CURSOR = "panel"
"""The variable of the background of the line under the cursor."""


def styles_of(variables: Mapping[str, str], background: Color, *, ansi: bool) -> Mapping[Role, Style]:
    """The style of each role on a background.

    Args:
        variables: the theme's, as `App.theme_variables` has them.
        background: what the lines stand on.
        ansi: the terminal's own colours are used, so nothing can be mixed.
    """
    values = tuple(_value(variables, name) for name in _VARIABLES.values())
    return _styles(values, background, ansi=ansi)


def cursor_background(variables: Mapping[str, str]) -> Style:
    """What is laid over a line under the cursor."""
    return Style(bgcolor=Color.parse(variables[CURSOR]).rich_color)


def _value(variables: Mapping[str, str], name: str) -> str:
    while name not in variables:
        name = _FALLBACKS[name]
    return variables[name]


@lru_cache(32)
def _styles(values: tuple[str, ...], background: Color, *, ansi: bool) -> Mapping[Role, Style]:
    return {
        role: Style(
            color=(background + Color.parse(value)).rich_color,
            bgcolor=background.rich_color,
            bold=role in _BOLD or (ansi and role == "warn") or None,
            reverse=role in _REVERSE or None,
            dim=(ansi and role in _FAINT) or None,
        )
        for role, value in zip(_VARIABLES, values, strict=True)
    }
