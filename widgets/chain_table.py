"""Each chain in its effective order, and all that is known about one of its models: may it serve, why not, until when,
and how far it is from being held back.
"""

from collections.abc import Sequence

from hotspare.router.snapshot import ChainView, DecisionView, ModelView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role, state_sign
from hotspare.widgets.going_on import decision_words
from hotspare.widgets.lanes import OUT, lane_key, models_of
from hotspare.widgets.line import Line, Span, fit, spread, width_of, wrap
from hotspare.widgets.row_list import Row
from hotspare.widgets.table import Column, Table

COLUMNS: tuple[Column, ...] = (
    Column("", 1),
    Column("", 1),
    Column("model", 12, grow=True, most=32, middle=True),
    Column("provider", 10, rank=10, grow=True, most=18),
    Column("state", 18, rank=1, grow=True, most=30),
    Column("ok", 7, rank=2, right=True),
    Column("of", 6, rank=7, right=True),
    Column("share", 6, rank=4, right=True),
    Column("p95", 7, rank=3, right=True),
    Column("$/M in", 7, rank=5, right=True),
    Column("out", 6, rank=6, right=True),
    Column("today", 8, rank=8, right=True),
    Column("now", 4, rank=9, right=True),
)
STATE_WORDS: dict[str, str] = {
    "ok": "ready",
    "trial": "being tried",
    "cooling": "cooling down",
    "open": "breaker open",
    "suspended": "suspended",
    "no_key": "no usable key",
    "disabled": "disabled",
    "draining": "draining",
}
MAY_SERVE = frozenset({"ok", "trial"})


def chain_rows(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Row]:
    """The rows of all chains: what the chain came to, then its models with a number each."""
    table = Table.choose(COLUMNS, width)
    rows: list[Row] = []
    for chain in snapshot.chains:
        rows.append(Row(_chain_line(chain, snapshot.window_minutes, width, glyphs)))
        if len(rows) == 1:
            rows.append(Row(table.head(glyphs)))
        rows.extend(
            Row(_model_line(model, chain, table, glyphs), lane_key(chain.name, model.name))
            for model in models_of(snapshot, chain.name)
        )
    return rows


def _chain_line(chain: ChainView, minutes: int, width: int, glyphs: Glyphs) -> Line:
    of = chain.figures
    left: Line = (
        (" ", "text"),
        (glyphs.clean(chain.name, 30), "title"),
        (f"  {chain.kind}, by {chain.strategy.replace('_', ' ')}", "dim"),
    )
    if chain.forced is not None:
        ends = figures.left(chain.force_seconds_left)
        what = f"{glyphs.clean(chain.forced, 30)} forced" if chain.forced else "primary skipped"
        left = (*left, (f"  {glyphs.forced} {what}, {f'{ends} left' if ends else 'until lifted'}", "accent"))
    if not of.requests:
        return fit((*left, (f"  no requests in {figures.span(minutes)}", "dim")), width, glyphs.more)
    told: tuple[Span, ...] = (
        (f"{figures.percent(of.answered_rate)} ok", "text"),
        (f" of {figures.count(of.requests)}", "dim"),
        (f", {figures.percent(of.fallback_rate)} fallback", "dim"),
        (f", p95 {figures.seconds(of.p95_ms)}", "dim"),
    )
    for number in range(len(told), 0, -1):
        right: Line = (*told[:number], (" ", "text"))
        if width_of(left) + 2 + width_of(right) <= width:
            return spread(left, right, width, glyphs.more)
    return fit(left, width, glyphs.more)


def _model_line(model: ModelView, chain: ChainView, table: Table, glyphs: Glyphs) -> Line:
    sign, role = state_sign(model.state, glyphs)
    plain_role: Role = "off" if model.state in OUT else "text"
    answered = model.answered / model.calls if model.calls else None
    name_role: Role = "off" if model.state in OUT else "strong"
    cost = figures.UNKNOWN
    if model.requests_today or model.cost_pico_usd:
        guessed = model.estimated_pico_usd
        cost = figures.known_usd(model.cost_pico_usd, unpriced=model.unpriced, estimated=guessed)
    place = str(chain.models.index(model.name) + 1) if model.name in chain.models else "+"
    return table.line(
        (
            (place, "dim"),
            (sign, role),
            (glyphs.clean(model.name, 80), name_role),
            (glyphs.clean(model.provider, 40), "dim"),
            (_state(model, chain, glyphs), role if model.state != "ok" else "dim"),
            (figures.percent(answered), plain_role),
            (figures.count(model.calls), "dim"),
            (figures.share(model.share) if model.share else figures.UNKNOWN, plain_role),
            (figures.seconds(model.p95_ms), plain_role),
            (per_million(model.input_pico_usd), plain_role),
            (per_million(model.output_pico_usd), plain_role),
            (cost, plain_role),
            (str(model.in_flight), "dim"),
        ),
        glyphs,
    )


def _state(model: ModelView, chain: ChainView, glyphs: Glyphs) -> str:
    words = STATE_WORDS[model.state]
    if model.state == "ok" and chain.forced == model.name:
        words = "forced"
    elif model.state == "ok" and chain.forced is not None and model.name == chain.primary:
        words = "passed over by force"
    left = figures.left(model.seconds_left)
    return glyphs.clean(f"{words}, {left}" if left else words)


def per_million(pico: int | None) -> str:
    """A price a token as dollars a million tokens: "3", "0.15"; "-" where none is known."""
    return figures.UNKNOWN if pico is None else f"{pico / 1e6:,.3f}".rstrip("0").rstrip(".")


# ------------------------------------------------------------------ one model
def model_lines(model: ModelView, snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """May it serve, why not, until when; then how far each trip condition is, and what stands about it."""
    chain = next(one for one in snapshot.chains if one.name == model.chain)
    lines: list[Line] = [_title(model, chain, width, glyphs), *_verdict(model, chain, width, glyphs)]
    facts: list[tuple[str, Sequence[str], Role]] = [
        ("held back at", model.conditions or ("never: its breaker is switched off",), "text"),
        ("last seen", (_seen(model),), "text"),
        ("price", (_price(model),), "text"),
        *(("stands", (words,), "accent") for words in _standing(model, snapshot.decisions)),
    ]
    for name, texts, role in facts:
        for place, text in enumerate(texts):
            rows = wrap(glyphs.clean(text, 300), max(20, width - 17))
            lines.extend(
                ((f" {name if place == row == 0 else '':<14}", "dim"), (told, role)) for row, told in enumerate(rows)
            )
    return lines


def _title(model: ModelView, chain: ChainView, width: int, glyphs: Glyphs) -> Line:
    place = chain.models.index(model.name) + 1 if model.name in chain.models else 0
    where = "only for requests that name it" if not place else "primary" if place == 1 else f"place {place}"
    text = f"  {glyphs.clean(model.provider, 40)}, {where} of {glyphs.clean(chain.name, 30)}"
    return fit(((" ", "text"), (glyphs.clean(model.name, 80), "title"), (text, "dim")), width, glyphs.more)


def _verdict(model: ModelView, chain: ChainView, width: int, glyphs: Glyphs) -> list[Line]:
    sign, role = state_sign(model.state, glyphs)
    if model.state in MAY_SERVE:
        words = "may serve"
        if model.state == "trial":
            words = "is being tried: one request decides whether it is back"
        elif chain.forced is not None and chain.forced != model.name and model.name == chain.primary:
            words = "may serve, but is passed over by force"
    else:
        words = f"is passed over: {STATE_WORDS[model.state]}"
        if model.reason:
            words += f" ({model.reason})"
        if model.since is not None:
            words += f", since {figures.clock(model.since)} UTC"
        left = figures.left(model.seconds_left)
        words += f", another {left}" if left else ""
    rows = wrap(glyphs.clean(words, 400), max(20, width - 5))
    return [((f" {' ' if row else sign} ", role), (text, role)) for row, text in enumerate(rows)]


def _seen(model: ModelView) -> str:
    checked = "not yet" if model.checked_at is None else f"{figures.clock(model.checked_at)} UTC"
    calls = f"{figures.count(model.answered)} of {figures.count(model.calls)} calls answered in the window"
    return f"{checked}; {calls}; {model.in_flight} in flight"


def _price(model: ModelView) -> str:
    if model.input_pico_usd is None:
        return "unknown: what it costs cannot be counted"
    told = f"${per_million(model.input_pico_usd)} a million tokens in, ${per_million(model.output_pico_usd)} out"
    if not model.requests_today:
        return told
    each = figures.usd(model.cost_pico_usd // model.requests_today)
    return f"{told}; today {figures.usd(model.cost_pico_usd, estimated=model.estimated_pico_usd)}, {each} a call"


def _standing(model: ModelView, decisions: Sequence[DecisionView]) -> list[str]:
    return [decision_words(one) for one in decisions if one.subject in {model.name, model.chain}]
