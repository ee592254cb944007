"""What it would mean if a model answered a chain's traffic first: at the tokens of the last minutes and its own prices.

An estimate, and said to be one: the same requests, read and answered at the same length.
"""

from hotspare.router.snapshot import ChainView, ModelView
from hotspare.widgets import figures
from hotspare.widgets.chain_table import MAY_SERVE, STATE_WORDS
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, wrap


def preview_words(model: ModelView, chain: ChainView, minutes: int) -> str:
    """Its cost an hour and its p95, beside those of the chain as it is.

    Args:
        model: would answer first.
        chain: its chain, with the figures of the window.
        minutes: the window's length.
    """
    if model.state not in MAY_SERVE:
        return f"{model.name} cannot serve now ({STATE_WORDS[model.state]}): the next one would"
    now = chain.figures
    if not now.requests or not minutes:
        return "no traffic in the last minutes to tell what it would cost"
    cost = f"its price is not known, now {_hourly(now.cost_pico_usd, minutes)}"
    if model.input_pico_usd is not None and model.output_pico_usd is not None:
        would = now.input_tokens * model.input_pico_usd + now.output_tokens * model.output_pico_usd
        cost = f"about {_hourly(would, minutes)}, now {_hourly(now.cost_pico_usd, minutes)}"
    speed = "" if model.p95_ms is None else f"; p95 {figures.seconds(model.p95_ms)}, now {figures.seconds(now.p95_ms)}"
    return f"all by {model.name}: {cost}{speed}"


def preview_lines(model: ModelView, chain: ChainView, minutes: int, width: int, glyphs: Glyphs) -> list[Line]:
    """The same for a dialog of this width."""
    rows = wrap(glyphs.clean(preview_words(model, chain, minutes), 300), max(20, width - 4))
    return [((f"   {row}", "accent"),) for row in rows]


def _hourly(pico: int, minutes: int) -> str:
    return f"{figures.usd(pico * 60 // minutes)}/h"
