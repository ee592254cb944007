"""The one line for a window that is too small for anything else, and the few words for a terminal's title."""

from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role, state_sign
from hotspare.widgets.line import Line, fit

_SIGNS: dict[str, tuple[str, Role]] = {"critical": ("broken", "bad"), "warning": ("limited", "warn")}


def vital_line(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    """Answered and fallback share, every model's state, and the way out first: it must survive any cut."""
    way_out: Line = (("q", "key"), (" quits  ", "text"))
    worst = snapshot.situations[0].severity if snapshot.situations else "ok"
    name, role = _SIGNS.get(worst, ("ok", "ok"))
    line: Line = (
        *way_out,
        (f"{getattr(glyphs, name)} ", role),
        (f"{figures.percent(snapshot.window.answered_rate)} ok", "strong"),
        (f", {figures.percent(snapshot.window.fallback_rate)} fallback", "text"),
    )
    for model in snapshot.models:
        sign, model_role = state_sign(model.state, glyphs)
        line = (*line, (f"  {glyphs.clean(model.name, 40)} ", "dim"), (sign, model_role))
    return fit(line, width, glyphs.more)


def title_text(snapshot: Snapshot | None, glyphs: Glyphs, *, lost: bool) -> str:
    """`✖ prod: 61.2 % ok, 37.9 % fallback`: plain, whole figures only, so that it seldom changes."""
    if snapshot is None:
        return "hotspare"
    name = glyphs.clean(snapshot.instance.name, 40)
    if lost:
        return f"{glyphs.broken} {name}: no answer"
    worst = snapshot.situations[0].severity if snapshot.situations else "ok"
    sign = getattr(glyphs, _SIGNS.get(worst, ("ok", "ok"))[0])
    window = snapshot.window
    if not window.requests:
        return f"{sign} {name}: no requests"
    answered, fallback = figures.percent(window.answered_rate, 0), figures.percent(window.fallback_rate, 0)
    return f"{sign} {name}: {answered} ok, {fallback} fallback"
