"""A chain's own `score`: an arithmetic formula over a model's figures, read once and never evaluated as Python.

Known are numbers, the names of `FIGURES`, `+ - * / **`, parentheses, and min, max and abs. The highest score is best.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from hotspare.router.error import HotspareError

FIGURES: Mapping[str, str] = {
    "success_rate": "answered of all calls in 15 minutes, from 0 to 1; 1 where none was made",
    "latency_ms": "median time of an answer in 15 minutes; where it is not known, that of the slowest that is",
    "p95_ms": "the time that 95 % of answers did not exceed in 15 minutes; as above",
    "in_flight": "calls under way now",
    "failures_in_row": "of the breaker",
    "usd_per_million_tokens": "three parts input price and one part output price; 0 where it is unknown",
}

Scored = Mapping[str, float]
Formula = Callable[[Scored], float]

MOST_CHARACTERS = 500
_OPERATORS: Mapping[type[ast.operator | ast.unaryop], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
_FUNCTIONS: Mapping[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}


class BadFormula(HotspareError):
    """A formula that is none."""


def read(text: str) -> Formula:
    """The formula as a function, which gives 0 where a figure makes it impossible (a division by 0).

    Raises:
        BadFormula: it holds something else than arithmetic over the figures.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadFormula(f"a score has at most {MOST_CHARACTERS} characters", "make it shorter")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadFormula(f"{text!r} is no formula", _REMEDY) from None
    formula = _read(tree.body)

    def score(figures: Scored) -> float:
        try:
            found = float(formula(figures))
        except (ArithmeticError, TypeError, ValueError):  # by 0, too large, or a root of what is negative
            return 0.0
        return 0.0 if math.isnan(found) else found

    return score


_REMEDY = f"use numbers, + - * / **, parentheses, min, max, abs, and: {', '.join(FIGURES)}"


def _read(node: ast.expr) -> Formula:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return lambda _: value
        case ast.Name(id=name) if name in FIGURES:
            return lambda figures: figures[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _applied(_OPERATORS[type(op)], (_read(operand),))
        case ast.BinOp(op=ast.Pow(), right=right) if not _small(right):
            raise BadFormula("an exponent in a score is a plain number of at most 8", _REMEDY)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            return _applied(_OPERATORS[type(op)], (_read(left), _read(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS and arguments:
            return _applied(_FUNCTIONS[name], tuple(map(_read, arguments)))
    raise BadFormula(f"{ast.unparse(node)!r} cannot stand in a score", _REMEDY)


def _small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) <= 8


def _applied(function: Callable[..., float], parts: tuple[Formula, ...]) -> Formula:
    if function in (min, max) and len(parts) == 1:
        return parts[0]
    if function is abs and len(parts) != 1:
        raise BadFormula("abs takes one value", _REMEDY)
    return lambda figures: function(*[part(figures) for part in parts])
