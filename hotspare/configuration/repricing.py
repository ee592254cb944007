"""What models cost by now: the price library's prices change at dates, and an instance runs for weeks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from hotspare.configuration import prices
from hotspare.configuration.compiled import Configuration
from hotspare.router.settings import Rates


def changed_rates(configuration: Configuration, at: datetime) -> Mapping[str, Rates | None]:
    """The models whose price at a moment is another than the configuration has, and that price; None: unknown by now.

    Prices that the file gives stay as they are.
    """
    models = configuration.settings.models
    now = {name: prices.listed(*place, at) for name, place in configuration.listed_as.items()}
    return {name: rates for name, rates in now.items() if rates != models[name].rates}


def repriced(configuration: Configuration, rates: Mapping[str, Rates | None]) -> Configuration:
    """The same with other prices."""
    models = {
        name: replace(model, rates=rates[name]) if name in rates else model
        for name, model in configuration.settings.models.items()
    }
    return replace(configuration, settings=replace(configuration.settings, models=models))
