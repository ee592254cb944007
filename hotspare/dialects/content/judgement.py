"""Judge an answer before its caller has it: is it what was asked for? The rules are written out in docs/routing.md.

Whatever ends at the caller's own limit, and whatever the chain does not pass on, goes out as the model said it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hotspare.dialects.content.expected import Expected, ExpectedCall, ExpectedJson
from hotspare.dialects.content.json_schema import mismatch
from hotspare.dialects.content.loop import repeats
from hotspare.dialects.content.refusal import declines
from hotspare.dialects.content.repair import Repaired, parsed, repaired
from hotspare.dialects.content.statement import MadeCall, Place, Statement
from hotspare.dialects.provider_error import one_line
from hotspare.router.trigger import AttemptFailed, Trigger


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked for."""

    output: bool = True
    repair: bool = True
    loop: bool = True
    content_filter: bool = False
    """An answer that the provider's filter has ended is none."""
    refusal: bool = False
    """An answer that is the model's refusal, by its dialect's own field, is none."""
    refusal_words: bool = False
    """The same, by its words."""


class _Unfit(Exception):
    """A statement that does not serve, and why."""

    def __init__(self, trigger: Trigger, message: str) -> None:
        super().__init__(message)
        self.trigger = trigger
        self.message = message


def judge(said: Sequence[Statement], expected: Expected | None, rules: Rules) -> tuple[str, ...]:
    """What was repaired, in place, in words. An answer serves when one of its choices does.

    Raises:
        AttemptFailed: none does.
    """
    return _best_of(said, lambda statement: _judge(statement, expected, rules))


def judge_refusal(said: Sequence[Statement], rules: Rules) -> None:
    """As much of it as can be said of an answer that has only begun.

    Raises:
        AttemptFailed: the model declines, by its dialect's own field, or the provider's filter has ended the answer.
    """
    _best_of(said, lambda statement: _judge_refused(statement, rules))


def _best_of(said: Sequence[Statement], judged: Callable[[Statement], list[str]]) -> tuple[str, ...]:
    repairs: list[str] = []
    unfit: list[_Unfit] = []
    for statement in said:
        try:
            repairs += judged(statement)
        except _Unfit as fault:
            unfit.append(fault)
    if unfit and len(unfit) == len(said):
        raise AttemptFailed(unfit[0].trigger, unfit[0].message, status=200)
    return tuple(dict.fromkeys(repairs))


def _judge(said: Statement, expected: Expected | None, rules: Rules) -> list[str]:
    if said.stop == "content_filter" or said.refused:
        return _judge_refused(said, rules)
    if said.empty and said.stop != "length":
        raise _Unfit(Trigger.empty, "the answer has no content")
    if (expected is not None or rules.refusal_words) and not said.calls and declines(said.text):
        if rules.refusal_words:
            raise _Unfit(Trigger.refusal, "the model declines in words")
        if not rules.refusal:
            return []
    if rules.loop and said.stop == "length" and any(map(repeats, _texts(said))):
        raise _Unfit(Trigger.loop, "the answer repeats itself up to its limit")
    if expected is None or not rules.output or (said.stop == "length" and expected.limited):
        return []
    return _judge_output(said, expected, rules)


def _judge_refused(said: Statement, rules: Rules) -> list[str]:
    if said.stop == "content_filter" and rules.content_filter:
        raise _Unfit(Trigger.content_filter, "the provider's filter ended the answer")
    if said.refused and rules.refusal:
        raise _Unfit(Trigger.refusal, "the model declines")
    return []


def _texts(said: Statement) -> list[str]:
    arguments = [call.arguments.value for call in said.calls[-1:] if isinstance(call.arguments.value, str)]
    return [said.text, *arguments]


# ------------------------------------------------------------------ what was asked for
def _judge_output(said: Statement, expected: Expected, rules: Rules) -> list[str]:
    match expected:
        case ExpectedJson(schema=schema):
            if said.calls or said.other:
                return []
            return _judge_json(said, schema, rules)
        case ExpectedCall():
            if not said.calls and not said.other:
                raise _Unfit(Trigger.invalid_output, "no tool is called, though one had to be")
            return [done for call in said.calls for done in _judge_call(call, expected, rules)]


def _judge_json(said: Statement, schema: Any, rules: Rules) -> list[str]:
    opening = "[" if isinstance(schema, dict) and schema.get("type") == "array" else "{"
    value, fixed = _value_of(said.text, "the answer", opening, rules)
    if schema is None and not isinstance(value, dict):
        raise _Unfit(Trigger.invalid_output, "the answer is JSON, but no object")
    _check_schema(value, schema, "the answer")
    if fixed is None:
        return []
    said.texts[0].put(fixed.text)
    for other in said.texts[1:]:
        other.put("")
    return [fixed.done]


def _judge_call(call: MadeCall, expected: ExpectedCall, rules: Rules) -> list[str]:
    name = one_line(call.name, 60)
    if not expected.allows(call.name):
        wanted = f": {one_line(expected.name, 60)} had to be" if expected.name else ", which the request does not offer"
        raise _Unfit(Trigger.invalid_output, f"the tool {name} is called{wanted}")
    what = f"what the tool {name} is given"
    value, fixed = _arguments(call.arguments, what, rules)
    if not isinstance(value, dict):
        raise _Unfit(Trigger.invalid_output, f"{what} is no JSON object")
    _check_schema(value, expected.tools.get(call.name), what)
    if fixed is None:
        return []
    call.arguments.put(fixed.text if call.as_text else fixed.value)
    return [fixed.done]


def _arguments(place: Place, what: str, rules: Rules) -> tuple[Any, Repaired | None]:
    told = place.value
    if not isinstance(told, str):
        return told, None
    return _value_of(told, what, "{", rules) if told.strip() else ({}, None)


def _value_of(text: str, what: str, opening: str, rules: Rules) -> tuple[Any, Repaired | None]:
    try:
        return parsed(text), None
    except ValueError:
        fixed = repaired(text, opening) if rules.repair else None
    if fixed is None:
        raise _Unfit(Trigger.invalid_output, f"{what} is not JSON")
    return fixed.value, fixed


def _check_schema(value: Any, schema: Any, what: str) -> None:
    fault = None if schema is None else mismatch(value, schema)
    if fault is not None:
        raise _Unfit(Trigger.invalid_output, f"{what} does not fit its schema: {fault}")
