"""Today's cost in words: against its limit, at which rate, what is beside the traffic, and what has no price."""

from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, Span, fit, wrap
from hotspare.widgets.tiles import day_cost

BAR = 30
MINUTES_A_DAY = 1440


def today_lines(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """Two or three lines, and an empty one."""
    lines = [_against_limit(snapshot, width, glyphs), _made_of(snapshot, width, glyphs)]
    unpriced = dict.fromkeys(model.name for model in snapshot.models if model.input_pico_usd is None)
    if unpriced:
        names = ", ".join(glyphs.clean(name, 60) for name in unpriced)
        text = f"no price known for {names}: their calls are not in these sums"
        lines.extend(((f" {row}", "warn"),) for row in wrap(text, max(20, width - 2))[:2])
    return [*lines, ()]


def _against_limit(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    spent, limit = day_cost(snapshot), snapshot.daily_limit_pico_usd
    lead: Line = ((" today ", "dim"), (figures.usd(spent, estimated=snapshot.today.estimated_pico_usd), "strong"))
    rate = _per_hour(snapshot)
    at_rate: Line = ((f"   now {figures.usd(rate)}/h", "text"),) if rate is not None else ()
    if limit is None:
        return fit((*lead, ("  no limit is set", "dim"), *at_rate), width, glyphs.more)
    used = spent / limit if limit else 1.0
    cells = BAR if width >= 90 else 8
    full = min(cells, round(used * cells))
    role: Role = "bad" if used > 1 else "warn" if snapshot.budget_gone_at is not None else "ok"
    bar: list[Span] = [
        (f" of {figures.usd(limit)}  ", "dim"),
        (glyphs.talking * full, role),
        (glyphs.waiting * (cells - full), "off"),
        (f" {figures.percent(used, 0)}", role),
    ]
    ends: Line = ((f"   {glyphs.good} lasts the day", "ok"),)
    if used > 1:
        ends = ((f"   {glyphs.bad} over the limit", "bad"),)
    elif snapshot.budget_gone_at is not None:
        ends = ((f"   gone at {figures.minute(snapshot.budget_gone_at)} UTC at this rate", "warn"),)
    return fit((*lead, *bar, *ends, *at_rate), width, glyphs.more)


def _made_of(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    today = snapshot.today
    each = figures.usd(today.cost_pico_usd // today.requests) if today.requests else figures.UNKNOWN
    spans: list[Span] = [
        (f" traffic {figures.usd(today.cost_pico_usd, estimated=today.estimated_pico_usd)}", "text"),
        (f" for {figures.count(today.requests)} requests, {each} each", "dim"),
        (f"   probes, tests and drills {figures.usd(snapshot.today_other_pico_usd)}", "text"),
    ]
    if today.estimated_pico_usd:
        spans.append((f"   {figures.usd(today.estimated_pico_usd)} of it estimated", "dim"))
    if today.unpriced_requests:
        spans.append((f"   {figures.count(today.unpriced_requests)} requests without a price", "warn"))
    return fit(tuple(spans), width, glyphs.more)


def _per_hour(snapshot: Snapshot) -> int | None:
    """At the rate of the window; None while it saw nothing."""
    if not snapshot.window.requests or not snapshot.window_minutes:
        return None
    return snapshot.window.cost_pico_usd * 60 // snapshot.window_minutes
