"""Say in one line how it goes: for a terminal without a screen, for `status --oneline`, for a shell's prompt."""

from hotspare.router.settings import PICO_PER_USD
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.router.words import span
from hotspare.widgets.figures import ESTIMATED, percent


def status_line(snapshot: Snapshot) -> str:
    """Time, traffic, fallbacks, money, and whatever is not well; ASCII only, whatever the terminal is."""
    today = snapshot.today
    parts = [
        f"{snapshot.requests_per_minute} req/min",
        f"{today.requests} today",
        f"ok {percent(today.answered_rate)}",
        f"fallback {percent(today.fallback_rate)}",
        f"{ESTIMATED * bool(today.estimated_pico_usd)}${today.cost_pico_usd / PICO_PER_USD:.2f}",
    ]
    held_back = [_held_back(view) for view in snapshot.models if view.state != "ok"]
    parts.append("; ".join(dict.fromkeys(held_back)) or "all models ok")
    if snapshot.store.state != "ok":
        parts.append(f"store {snapshot.store.state}")
    if snapshot.instance.screen_lost_at is not None:
        parts.append("screen lost")
    return "  ".join(parts)


def _held_back(view: ModelView) -> str:
    left = "" if view.seconds_left is None else f" {span(view.seconds_left)}"
    return f"{view.name} {view.state}{left}"
