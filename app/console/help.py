"""The help of one screen, made from the registry: how each figure there is computed, its keys with what they do and
the command line that does the same, then what the signs mean.
"""

from collections.abc import Sequence

from hotspare.app.action import Action, key_sign, usage_line
from hotspare.app.actions import ACTIONS
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, fit, wrap

MOVING: tuple[tuple[str, str], ...] = (
    ("up down, k j", "Move in the list that has the focus; a click does too."),
    ("esc", "Back, or clear the filter."),
    ("ctrl+p", "Palette: every action by name."),
)
"""On every screen."""
NARROW = 50
"""Below this width a key stands above what it does: beside it there is no room to read."""

FIGURES: tuple[tuple[str, str], ...] = (
    ("primary ok", "answered by the model that was meant, of all requests of the window. Target: 99.9 %."),
    ("fallback", "answered by another model, of all requests of the window. Target: at most 10 %; forced ones count."),
    ("response", "mean time from request read to last byte, of answered requests; usual: the same, rest of the day."),
    ("cost today", "all attempts since midnight, abandoned ones and test prompts included. Unknown prices are named."),
    ("share", "on an arrow: of the chain's answered requests, those that the model answered in place of another."),
    ("chart", "shares of the range's requests a step; on its axis acts, reloads and, as seen here, changes of state."),
    ("ok (lane)", "calls of the model that it answered. A 429 is no failure of health, but it is no answer either."),
)


def help_lines(
    width: int, glyphs: Glyphs, screen: str, about: Sequence[tuple[str, str]], moving: Sequence[tuple[str, str]] = ()
) -> list[Line]:
    """Everything about one screen, for this width.

    Args:
        width: cells.
        glyphs: the signs.
        screen: the screen's id: the keys that act there are told.
        about: what is seen there, and how each number is computed.
        moving: keys that mean something of their own there, and what.
    """
    title = f"figures on {screen} (traffic only; requests less those that were the caller's own fault)"
    lines: list[Line] = [((f" {row}", "dim"),) for row in wrap(title, max(20, width - 2))]
    for name, text in about:
        lines.extend(_entry(name, text, width))
    lines.extend([(), ((" keys", "dim"),)])
    for action in ACTIONS:
        if action.is_on(screen):
            lines.extend(_action(action, width, glyphs))
    lines.extend([(), ((" moving", "dim"),)])
    for keys, text in (*moving, *MOVING):
        lines.extend(_entry(keys, text, width))
    lines.extend([(), ((" signs", "dim"),)])
    for sign, role, text in _signs(glyphs):
        lines.append(((f"   {sign}", role), (f"  {text}", "text")))
    return lines


def _action(action: Action, width: int, glyphs: Glyphs) -> list[Line]:
    lines = _entry(", ".join(map(key_sign, action.keys)), f"{action.title}. {action.help}", width)
    if action.command:
        indent = 3 if width < NARROW else 16
        lines.append(
            fit(((" " * indent, "text"), (f"$ {glyphs.clean(usage_line(action))}", "dim")), width, glyphs.more)
        )
    return lines


def _entry(lead: str, text: str, width: int) -> list[Line]:
    if width < NARROW:
        return [((f" {lead}", "key"),), *(((f"   {row}", "text"),) for row in wrap(text, max(20, width - 4)))]
    rows = wrap(text, max(20, width - 18))
    return [((f" {lead if place == 0 else '':<15}", "key"), (row, "text")) for place, row in enumerate(rows)]


def _signs(glyphs: Glyphs) -> tuple[tuple[str, Role, str], ...]:
    return (
        (glyphs.ok, "ok", "serves"),
        (glyphs.limited, "warn", "limited (429, cooling down) or degraded in that minute"),
        (glyphs.broken, "bad", "open or suspended: our breaker holds it back; or no usable key"),
        (glyphs.trial, "warn", "being tried: one request decides whether it is back"),
        (glyphs.off, "off", "disabled, by you or by the file"),
        (glyphs.draining, "off", "draining"),
        (glyphs.idle, "off", "no request in that minute"),
        (glyphs.forced, "accent", "forced, or the primary skipped; on the chart and in the journal: an act"),
        (glyphs.undone, "off", "an act that was taken back"),
        (glyphs.reload, "accent", "the configuration was taken up anew, or refused"),
    )
