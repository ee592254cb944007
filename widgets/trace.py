"""Why a request went where it went: candidates with the reason each was passed over, attempts as a waterfall, and the
rule that ended it. A rendering of the Record; the words stand in the tables of `story` and nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, Span, cut, cut_middle, pad, spread, width_of, wrap
from hotspare.widgets.story import SKIPS, ending, waiting

NAME_CELLS = 24


def trace_lines(trace: Mapping[str, Any], width: int, glyphs: Glyphs) -> list[Line]:
    """The whole explanation; `trace` has the contract's fields of `explain` (and those of `requests`, where told)."""
    attempts = _list(trace, "attempts")
    candidates = _list(trace, "candidates")
    names = [_text(one, "model", glyphs) for one in (*attempts, *candidates)]
    name = min(max((len(text) for text in names), default=5), NAME_CELLS, max(6, width // 4))
    return [
        *_summary(trace, width, glyphs),
        (),
        ((" considered, in order", "dim"),),
        *(_candidate(one, attempts, name, width, glyphs) for one in candidates),
        (),
        *_waterfall(trace, attempts, name, width, glyphs),
        (),
        *_ending(trace, width, glyphs),
    ]


def _summary(trace: Mapping[str, Any], width: int, glyphs: Glyphs) -> list[Line]:
    at = trace.get("at")
    when = figures.clock(at) if isinstance(at, int | float) else glyphs.clean(str(at or ""), 30)
    asked = _text(trace, "asked", glyphs) or _text(trace, "chain", glyphs)
    asker = _text(trace, "caller", glyphs) or "a caller"
    first: Line = ((f" {when}  ", "dim"), (asker, "strong"), (" asked for ", "text"), (asked, "strong"))
    model, status = _text(trace, "model", glyphs), trace.get("status")
    second: Line = ((f" {glyphs.good} ", "ok"), (f"answered by {model}", "text"))
    if not model:
        second = ((f" {glyphs.bad} ", "bad"), ("not answered", "text"))
    facts = [f"status {status}"] if status else []
    if trace.get("duration_ms") is not None:
        facts.append(figures.seconds(trace["duration_ms"]))
    if waited := waiting(trace):
        facts.append(waited)
    if trace.get("input_tokens") or trace.get("output_tokens"):
        tokens = f"{figures.count(trace.get('input_tokens') or 0)} + {figures.count(trace.get('output_tokens') or 0)}"
        facts.append(f"{tokens} tokens")
    cost = trace.get("cost_usd")
    facts.append("price unknown" if cost is None else _usd(trace, cost))
    second = (*second, (f", {', '.join(facts)}", "dim"))
    right: Line = ((f"{_text(trace, 'id', glyphs)} ", "dim"),)
    return [
        spread(first, right if width_of(right) < width // 2 else (), width, glyphs.more),
        _within(second, width, glyphs),
    ]


def _candidate(
    one: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]], name: int, width: int, glyphs: Glyphs
) -> Line:
    model, skip = _text(one, "model", glyphs), str(one.get("skip") or "")
    lead = f"{pad(cut_middle(model, name, glyphs.more), name)}  "
    if skip:
        words = SKIPS.get(skip, glyphs.clean(skip, 40))
        remaining = one.get("seconds_left")
        words += f", {figures.left(remaining)} left" if isinstance(remaining, int | float) else ""
        by = _text(one, "by", glyphs)
        line: Line = ((f"   {glyphs.off} ", "warn"), (lead, "text"), (f"skipped: {words}", "warn"))
        return _within((*line, (f"  by {by}", "dim")) if by else line, width, glyphs)
    calls = [call for call in attempts if call.get("model") == one.get("model")]
    if not calls:
        return ((f"   {glyphs.idle} ", "dim"), (lead, "dim"), ("not needed", "dim"))
    served = any(not call.get("trigger") for call in calls)
    sign: Span = (f"   {glyphs.good} ", "ok") if served else (f"   {glyphs.bad} ", "bad")
    times = "" if len(calls) == 1 else f" {len(calls)} times"
    return (sign, (lead, "strong"), (f"called{times}", "text"))


def _waterfall(
    trace: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]], name: int, width: int, glyphs: Glyphs
) -> list[Line]:
    if not attempts:
        return [((" no attempt was made", "dim"),)]
    total = max([1.0, *(_number(one, "ended_ms") for one in attempts), _number(trace, "duration_ms")])
    told = min(30 if width < 90 else 56, max(10, width - name - 18))
    cells = max(8, width - 5 - name - 2 - 1 - told - 1)
    scale = f"{'0':<{max(1, cells - 8)}}{figures.seconds(total):>8}"
    lines: list[Line] = [
        ((f" {pad('attempts', name + 4)}", "dim"), (f"  {scale}", "dim")),
    ]
    lines.extend(_attempt(one, total, cells, name, told, glyphs) for one in attempts)
    for one in attempts:
        lines.extend(_small_print(one, width, glyphs))
    return lines


def _attempt(one: Mapping[str, Any], total: float, cells: int, name: int, told: int, glyphs: Glyphs) -> Line:
    trigger = _text(one, "trigger", glyphs)
    role: Role = "bad" if trigger else "ok"
    if one.get("cancelled"):
        trigger, role = "cancelled", "dim"
    status = one.get("status")
    took = figures.seconds(_number(one, "ended_ms") - _number(one, "started_ms"))
    words = f"{trigger or 'served'}{f' {status}' if status else ''} {took}"
    if told > 40:
        first = one.get("first_content_ms")
        words += f", first token {figures.seconds(first)}" if isinstance(first, int | float) else ""
        queued = _number(one, "queued_ms")
        words += f", {figures.seconds(queued)} in line" if queued else ""
        cost = one.get("cost_usd")
        words += f", {_usd(one, cost)}" if cost else ""
    model = cut_middle(_text(one, "model", glyphs), name, glyphs.more)
    number = str(one.get("number") or "")
    return (
        (f" {number:>3} ", "dim"),
        (f"{pad(model, name)}  ", "strong"),
        *_bar(one, total, cells, role, glyphs),
        (f" {cut(words, told, glyphs.more)}", role),
    )


def _bar(one: Mapping[str, Any], total: float, cells: int, role: Role, glyphs: Glyphs) -> Line:
    """Blank until it began, light while it waited, full while content came."""

    def place(milliseconds: float) -> int:
        return min(cells, max(0, round(milliseconds / total * cells)))

    begin = min(place(_number(one, "started_ms")), cells - 1)
    end = max(place(_number(one, "ended_ms")), begin + 1)
    first = one.get("first_content_ms")
    content = min(max(place(first), begin), end) if isinstance(first, int | float) else end
    if content == end and isinstance(first, int | float):
        content = max(begin, end - 1)
    return (
        (" " * begin, "text"),
        (glyphs.waiting * (content - begin), role),
        (glyphs.talking * (end - content), role),
        (" " * (cells - end), "text"),
    )


def _small_print(one: Mapping[str, Any], width: int, glyphs: Glyphs) -> list[Line]:
    parts = [
        f"{label} {_text(one, field, glyphs)}"
        for label, field in (("key", "key"), ("provider id", "provider_request_id"))
        if one.get(field)
    ]
    message = _text(one, "message", glyphs)
    if message:
        parts.insert(0, message)
    if not parts:
        return []
    texts = wrap(", ".join(parts), max(10, width - 8))[:3]
    number = str(one.get("number") or "")
    return [((f" {number if place == 0 else '':>3}   ", "dim"), (text, "dim")) for place, text in enumerate(texts)]


def _ending(trace: Mapping[str, Any], width: int, glyphs: Glyphs) -> list[Line]:
    rule = str(trace.get("ended_by") or "")
    words = ending(trace) or glyphs.clean(rule, 60) or "unknown"
    return [
        _within(((" ended by  ", "dim"), (glyphs.clean(rule, 40), "strong"), (f": {words}", "text")), width, glyphs)
    ]


def _within(line: Line, width: int, glyphs: Glyphs) -> Line:
    return spread(line, (), width, glyphs.more)


def _list(trace: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = trace.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _text(one: Mapping[str, Any], name: str, glyphs: Glyphs) -> str:
    value = one.get(name)
    return glyphs.clean(str(value), 200) if value not in {None, ""} else ""


def _number(one: Mapping[str, Any], name: str) -> float:
    value = one.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _usd(of: Mapping[str, Any], value: float) -> str:
    return figures.usd(figures.pico_of(value), estimated=bool(of.get("estimated")))
