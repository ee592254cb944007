"""What a token costs: the configured price, else the price library's for that day, else unknown. Never zero.

The library is asked at load, which takes some 40 ms the first time, and now and then what its prices are by now: they
change at dates, and some by the time of day. Offline: its prices come with it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hotspare.configuration.model import ModelKeys
from hotspare.router.settings import PICO_PER_USD, Rates

_PICO_PER_TOKEN = PICO_PER_USD // 1_000_000


def configured(model: ModelKeys) -> Rates | None:
    """The rates that the file gives."""
    given, answered = model.input_usd_per_million_tokens, model.output_usd_per_million_tokens
    if given is None or answered is None:
        return None
    return Rates(
        _pico(_exactly(given)),
        _pico(_exactly(answered)),
        _own(model.cache_read_usd_per_million_tokens),
        _own(model.cache_write_usd_per_million_tokens),
    )


def _own(usd_per_million: float | None) -> int | None:
    return None if usd_per_million is None else _pico(_exactly(usd_per_million))


def _exactly(usd: float) -> Decimal:
    """As it is written in the file."""
    return Decimal(str(usd))


def listed(model_id: str, price_id: str | None, at: date) -> Rates | None:
    """The library's rates for a model of a provider, at a moment, or at the noon of a day."""
    found = _find(model_id, price_id) if price_id is not None else None
    if found is None:
        return None
    moment = at if isinstance(at, datetime) else datetime.combine(at, time(12), UTC)
    price = found[1].get_prices(moment)
    base = _rates(price, 0, embeds=model_id.startswith("text-embedding-"))
    return None if base is None else replace(base, long=tuple(_long(price)))


def _rates(price: Any, tokens: int, *, embeds: bool = False) -> Rates | None:
    """What holds for a prompt of more tokens than these; None where the library does not say enough."""
    given, answered = _usd_of(price.input_mtok, tokens), _usd_of(price.output_mtok, tokens)
    if given is None or (answered is None and not embeds):
        return None
    return Rates(
        _pico(given),
        _pico(answered or Decimal(0)),
        _rate(price.cache_read_mtok, tokens),
        _rate(price.cache_write_mtok, tokens),
        _rate(price.cache_write_1h_mtok, tokens),
    )


def _long(price: Any) -> Iterator[tuple[int, Rates]]:
    """The rates of long prompts, the shortest of these first."""
    starts = {tier.start for part in vars(price).values() for tier in getattr(part, "tiers", ())}
    for start in sorted(starts):
        if (rates := _rates(price, start)) is not None:
            yield start, rates


def provider_of(model_id: str) -> str | None:
    """Whose model it is, by the library, in the library's own names; None where it does not know the very model."""
    found = _find(model_id, None)
    return None if found is None else str(found[0].id)


@lru_cache(1024)
def _find(model_id: str, price_id: str | None) -> tuple[Any, Any] | None:
    from genai_prices import data_snapshot  # noqa: PLC0415 - half a second where it is not compiled yet

    try:
        return data_snapshot.get_snapshot().find_provider_model(model_id, None, price_id, None)
    except LookupError:
        return None


def _usd_of(price: Any, tokens: int) -> Decimal | None:
    """USD per million where the prompt is longer than so many tokens. A price without tiers holds for all."""
    usd: Decimal | None = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        usd = tier.price if tokens >= tier.start else usd
    return usd


def _rate(price: Any, tokens: int) -> int | None:
    usd = _usd_of(price, tokens)
    return None if usd is None else _pico(usd)


def _pico(usd_per_million: Decimal) -> int:
    return int((usd_per_million * _PICO_PER_TOKEN).to_integral_value())
