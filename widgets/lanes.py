"""The chains: each as a flow (who answers now, with what share) and, per model, a lane of the last minutes, a column a
minute, the newest at the right. A lane never guesses: minutes that nobody saw stay empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hotspare.router.snapshot import LANE_MINUTES, ChainView, ModelView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import LANE_CELLS, Glyphs, Role, state_sign
from hotspare.widgets.line import Line, Span, cut_middle, fit, pad, padded, width_of
from hotspare.widgets.row_list import Row

OUT = frozenset({"disabled", "draining"})
NARROW, WIDE = 56, 110
LEAST_STATE = 14
"""Cells below which the state of now is not told in words."""


def lane_key(chain: str, model: str) -> str:
    """What a model's row is known by: a model may stand in several chains."""
    return f"{chain}\n{model}"


def split_key(key: str) -> tuple[str, str]:
    """Chain and model of a row's key."""
    chain, _, model = key.partition("\n")
    return chain, model


def lane_rows(snapshot: Snapshot, width: int, glyphs: Glyphs, *, with_head: bool = True) -> list[Row]:
    """The rows of all chains: the flow, below the first one the columns' names, then the models."""
    columns = Columns.for_models(snapshot.models, width, glyphs)
    rows: list[Row] = []
    for chain in snapshot.chains:
        models = models_of(snapshot, chain.name)
        rows.append(Row(flow_line(chain, models, width, glyphs)))
        if with_head and len(rows) == 1:
            rows.append(Row(columns.head(glyphs)))
        rows.extend(Row(columns.line(model, glyphs), lane_key(chain.name, model.name)) for model in models)
    return rows


def models_of(snapshot: Snapshot, chain: str) -> tuple[ModelView, ...]:
    """The models of a chain in its effective order."""
    return tuple(sorted((one for one in snapshot.models if one.chain == chain), key=lambda one: one.position))


# ------------------------------------------------------------------ flow
def flow_line(chain: ChainView, models: Sequence[ModelView], width: int, glyphs: Glyphs) -> Line:
    """` main   claude ◐ 38 s ──97 %──▶ gpt-5 ● ──3 %──▶ haiku ●`, as much of it as fits."""
    lead: Line = ((" ", "text"), (glyphs.clean(chain.name, 24), "title"), ("   ", "text"))
    order = _order_text(chain, glyphs)
    shown = [model for model in models if model.state not in OUT]
    if not shown:
        return fit((*lead, ("no model can serve", "bad"), *order), width - 1, glyphs.more)
    for arm, limit in ((2, 40), (1, 24), (0, 12), (0, 8)):
        line = (*lead, *_flow(shown, arm, limit, glyphs), *order)
        if width_of(line) < width:
            return line
    return fit((*lead, *_flow(shown, 0, 8, glyphs), *order), width - 1, glyphs.more)


def _flow(models: Sequence[ModelView], arm: int, limit: int, glyphs: Glyphs) -> Line:
    spans: list[Span] = []
    for place, model in enumerate(models):
        if place:
            spans.extend(_arrow(model, arm, glyphs))
        sign, role = state_sign(model.state, glyphs)
        name = cut_middle(glyphs.clean(model.name, 80), limit, glyphs.more)
        spans.extend(((name, "strong" if model.share else "text"), (f" {sign}", role)))
        remaining = figures.left(model.seconds_left)
        if remaining:
            spans.append((f" {remaining}", role))
    return tuple(spans)


def _arrow(model: ModelView, arm: int, glyphs: Glyphs) -> Line:
    rule = glyphs.rule * arm
    label = figures.share(model.fallback_share) if model.fallback_share else glyphs.rule * (2 if arm else 0)
    role: Role = "accent" if model.fallback_share else "off"
    if not arm:
        return ((" ", "text"), (f"{label}{glyphs.arrow}", role), (" ", "text"))
    return ((" ", "text"), (f"{rule}{label}{rule}{glyphs.arrow}", role), (" ", "text"))


def _order_text(chain: ChainView, glyphs: Glyphs) -> Line:
    if chain.forced is None:
        return ()
    ends = figures.left(chain.force_seconds_left)
    ends = f", {ends} left" if ends else ", until lifted"
    what = f"{glyphs.clean(chain.forced, 40)} forced" if chain.forced else "primary skipped"
    return ((f"   {glyphs.forced} {what}{ends}", "accent"),)


# ------------------------------------------------------------------ lanes
@dataclass(frozen=True, slots=True)
class Columns:
    """How wide each column is; 0 leaves one out."""

    name: int
    lane: int
    ok: int
    p95: int
    cost: int
    state: int
    gap: int

    @classmethod
    def for_models(cls, models: Sequence[ModelView], width: int, glyphs: Glyphs) -> "Columns":
        """The columns that fit into `width` cells and let the names be read."""
        longest = max((len(glyphs.clean(model.name, 80)) for model in models), default=5)
        ok, p95, cost = 7, 8, 9
        gap = 3 if width >= 76 else 2
        if width < NARROW:
            p95, cost, gap = 0, 8, 1
        fixed = 1 + 1 + gap + ok + p95 + cost
        name = max(5, min(longest, 28 if width >= WIDE else 20, (width - fixed) // 2))
        rest = width - fixed - name
        state = rest - LANE_MINUTES if width >= WIDE and rest - LANE_MINUTES >= LEAST_STATE else 0
        return cls(name, max(0, min(LANE_MINUTES, rest - state)), ok, p95, cost, state, gap)

    def head(self, glyphs: Glyphs) -> Line:
        """The names of the columns."""
        told = f"state, last {self.lane} min (a column a minute)"
        if len(told) > self.lane:
            told = f"last {self.lane} min"
        text = f" {pad('model', self.name)} {pad(told, self.lane, glyphs.more)}{' ' * self.gap}{pad('ok', self.ok)}"
        if self.p95:
            text += pad("p95", self.p95)
        text += pad("cost", self.cost)
        if self.state:
            text += "now"
        return ((text.rstrip(), "dim"),)

    def line(self, model: ModelView, glyphs: Glyphs) -> Line:
        """One model's lane and figures."""
        out = model.state in OUT
        role: Role = "off" if out else "text"
        name = pad(cut_middle(glyphs.clean(model.name, 80), self.name, glyphs.more), self.name)
        answered = model.answered / model.calls if model.calls else None
        spans: list[Span] = [(" ", "text"), (name, "off" if out else "strong"), (" ", "text")]
        spans.extend(lane_spans(model, self.lane, glyphs))
        spans.append((" " * self.gap + pad(figures.percent(answered, _digits(answered)), self.ok), role))
        if self.p95:
            spans.append((pad(figures.seconds(model.p95_ms), self.p95), role))
        spans.append((pad(_cost_or_state(model, known=bool(self.state)), self.cost, glyphs.more), role))
        if self.state:
            spans.extend(_now(model, self.state, glyphs))
        return tuple(spans)


def lane_spans(model: ModelView, cells: int, glyphs: Glyphs) -> list[Span]:
    """The newest `cells` minutes, runs of the same state as one piece."""
    spans: list[Span] = []
    lane = model.lane[-cells:] if cells else ()
    missing = cells - len(lane)
    if missing > 0:
        spans.append((glyphs.gap * missing, "off"))
    for cell in lane:
        name, role = LANE_CELLS[cell]
        sign = getattr(glyphs, name)
        if spans and spans[-1][1] == role and spans[-1][0][-1:] == sign:
            spans[-1] = (spans[-1][0] + sign, role)
        else:
            spans.append((sign, role))
    return spans


def _digits(rate: float | None) -> int:
    return 1 if rate is not None and rate >= 0.9 else 0


def _cost_or_state(model: ModelView, *, known: bool) -> str:
    if not known and model.state in OUT:
        return model.state
    if model.unpriced and not model.cost_pico_usd:
        return figures.UNKNOWN if model.requests_today == 0 else "no price"
    if not model.requests_today and not model.cost_pico_usd:
        return figures.UNKNOWN
    return figures.usd(model.cost_pico_usd, estimated=model.estimated_pico_usd)


def _now(model: ModelView, cells: int, glyphs: Glyphs) -> Line:
    sign, role = state_sign(model.state, glyphs)
    words = "" if model.state == "ok" else model.state.replace("_", " ")
    if model.reason:
        words = f"{words}: {glyphs.clean(model.reason, 120)}" if words else glyphs.clean(model.reason, 120)
    remaining = figures.left(model.seconds_left)
    if remaining:
        words += f", {remaining} left"
    if not words and model.in_flight:
        words = f"{model.in_flight} in flight"
    return padded(((f"{sign} ", role), (words, role if model.state != "ok" else "dim")), cells - 1, glyphs.more)
