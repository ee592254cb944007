"""Limits and breaker rules, level over level: the model's, the chain's, the file's, the router's own defaults.

All levels are read, also those that another one covers: they are in force wherever nothing covers them.
"""

from dataclasses import fields, replace
from typing import Any

from hotspare.configuration.model import AttemptKeys, BreakerKeys, LimitKeys
from hotspare.configuration.section import Section
from hotspare.router.settings import BreakerRules, Limits

_OF_THE_REQUEST = "deadline_seconds"
"""A deadline bounds a request over all its models: a model has none of its own."""


def limits(model: AttemptKeys, chain: LimitKeys, file: LimitKeys) -> Limits:
    """The limits of a model in a chain."""
    values = {
        entry.name: _first(entry.name, (model, chain, file))
        for entry in fields(Limits)
        if entry.name != _OF_THE_REQUEST
    }
    values[_OF_THE_REQUEST] = deadline_seconds(chain, file)
    return Limits(**_given(values))


def with_timeout(limits: Limits, seconds: float | None) -> Limits:
    """Limits under one timeout: of a whole attempt, and of a stream's first content and each silence in it."""
    if seconds is None:
        return limits
    return replace(limits, attempt_seconds=seconds, first_content_seconds=seconds, silence_seconds=seconds)


def deadline_seconds(chain: LimitKeys, file: LimitKeys) -> float:
    """The deadline of a chain's requests."""
    own, general = chain.deadline_seconds, file.deadline_seconds
    return own or general or Limits().deadline_seconds


def breaker(model: BreakerKeys, chain: BreakerKeys | None, file: BreakerKeys) -> BreakerRules:
    """The breaker of a model; `chain` is the first that holds it."""
    levels = (model, file) if chain is None else (model, chain, file)
    return BreakerRules(**_given({entry.name: _first(entry.name, levels) for entry in fields(BreakerRules)}))


def _first(name: str, levels: tuple[Section, ...]) -> Any:
    values = [getattr(level, name) for level in levels]
    return next((value for value in values if value is not None), None)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
