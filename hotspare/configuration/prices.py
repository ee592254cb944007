"""What a token costs: the configured price, else the price library's for that day, else unknown. Never zero.

The library is asked once a model, at load: it takes some 40 ms the first time. Offline: its prices come with it.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from hotspare.configuration.model import ModelKeys
from hotspare.router.settings import PICO_PER_USD, Rates

_PICO_PER_TOKEN = PICO_PER_USD // 1_000_000


def configured(model: ModelKeys) -> Rates | None:
    """The rates that the file gives."""
    prices = {
        "input": model.input_usd_per_million_tokens,
        "output": model.output_usd_per_million_tokens,
        "cache_read": model.cache_read_usd_per_million_tokens,
        "cache_write": model.cache_write_usd_per_million_tokens,
    }
    if prices["input"] is None or prices["output"] is None:
        return None
    rates = {name: _pico(Decimal(str(price))) for name, price in prices.items() if price is not None}
    return Rates(**rates)


def listed(model_id: str, price_id: str | None, today: date) -> Rates | None:
    """The library's rates for a model of a provider; for tiers, the first one."""
    found = _find(model_id, price_id) if price_id is not None else None
    if found is None:
        return None
    price = found[1].get_prices(datetime.combine(today, time(12), UTC))
    given, answered = _base(price.input_mtok), _base(price.output_mtok)
    if given is None or (answered is None and not model_id.startswith("text-embedding-")):
        return None
    return Rates(
        _pico(given), _pico(answered or Decimal(0)), _rate(price.cache_read_mtok), _rate(price.cache_write_mtok)
    )


def provider_of(model_id: str) -> str | None:
    """Whose model it is, by the library, in the library's own names; None where it does not know the very model."""
    found = _find(model_id, None)
    return None if found is None else str(found[0].id)


def _find(model_id: str, price_id: str | None) -> tuple[Any, Any] | None:
    from genai_prices import data_snapshot  # noqa: PLC0415 - half a second where it is not compiled yet

    try:
        return data_snapshot.get_snapshot().find_provider_model(model_id, None, price_id, None)
    except LookupError:
        return None


def _base(price: Any) -> Decimal | None:
    base: Decimal | None = getattr(price, "base", price)
    return base


def _rate(price: Any) -> int | None:
    base = _base(price)
    return None if base is None else _pico(base)


def _pico(usd_per_million: Decimal) -> int:
    return int((usd_per_million * _PICO_PER_TOKEN).to_integral_value())
