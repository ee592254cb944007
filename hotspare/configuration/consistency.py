"""What a file must not say, taken as a whole: names given twice, models that are not there, two chains for one name.

Looks at the draft only; what lies around it (keys, addresses) is judged when it is compiled.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.model import CallerKeys, ChainKeys, ModelKeys, TaskKeys, TaskMatchKeys
from hotspare.configuration.patterns import overlap
from hotspare.router.score import BadFormula
from hotspare.router.score import read as read_score

Finding = tuple[str, str]
"""What is wrong, and the remedy."""


def check(path: Path, draft: Draft) -> None:
    """Refuse a draft that contradicts itself.

    Raises:
        ConfigurationError: with the first thing found.
    """
    for what, remedy in _findings(draft):
        raise fault(path, what, remedy)


def _findings(draft: Draft) -> Iterator[Finding]:
    models: list[ModelKeys] = draft.file.peek("models")
    chains: dict[str, ChainKeys] = draft.file.peek("chains")
    yield from _nothing(models, chains)
    yield from _models(draft, models)
    names = {model.peek("name") for model in models}
    for name, chain in chains.items():
        yield from _chain(name, chain, names)
        yield from _similar(name, chain, chains)
    yield from _answers(chains)
    yield from _callers(draft.file.peek("callers"), chains)


def _nothing(models: list[ModelKeys], chains: dict[str, ChainKeys]) -> Iterator[Finding]:
    if not models:
        yield "there is no model in it", 'add one: [[models]] with name = "…" and provider = "…"'
    if not chains:
        yield "there is no chain in it", 'add one: [chains.main] with models = ["…"]'


def _models(draft: Draft, models: list[ModelKeys]) -> Iterator[Finding]:
    names = [model.peek("name") for model in models]
    if (twice := _twice(names)) is not None:
        keys = " and ".join(draft.key(f"models[{i}].name") for i, name in enumerate(names) if name == twice)
        yield f"the model {plain(twice)} is given twice ({keys})", "leave one of them, or give it another name"
    for i, model in enumerate(models):
        prices = [model.peek(f"{side}_usd_per_million_tokens") for side in ("input", "output")]
        if (prices[0] is None) != (prices[1] is None):
            given, lacks = ("input", "output") if prices[1] is None else ("output", "input")
            lacking = draft.key(f"models[{i}].{given}_usd_per_million_tokens").replace(given, lacks)
            yield f"{lacking} is missing, where the price of its {given} is given", f"add {lacking}"
        cache = [side for side in ("read", "write") if model.peek(f"cache_{side}_usd_per_million_tokens") is not None]
        if cache and prices[0] is None:
            key = f"models[{i}].cache_{cache[0]}_usd_per_million_tokens"
            yield f"{key} is given without the model's other prices", "add input_ and output_usd_per_million_tokens"


def _chain(name: str, chain: ChainKeys, known: set[str]) -> Iterator[Finding]:
    key = f"chains.{plain(name)}.models"
    models: list[str] = chain.peek("models")
    if not models:
        yield f"{key} is empty", "name the models in their order, the primary first"
    if (twice := _twice((*models, *chain.peek("guests")))) is not None:
        yield f"{key} holds {plain(twice)} twice", "name it once, in models or in guests"
    for model in (*models, *chain.peek("guests")):
        if model not in known:
            names = ", ".join(sorted(map(plain, known)))
            yield f"{key} holds {plain(model)}, which is no model of this file", f"define it, or use one of: {names}"
    yield from _strategy(name, chain)
    for pattern in chain.peek("answers"):
        if "[" in pattern:
            yield f"chains.{plain(name)}.answers holds {plain(pattern)}", "only * and ? stand for something there"


def _similar(name: str, chain: ChainKeys, chains: dict[str, ChainKeys]) -> Iterator[Finding]:
    """What finds similar requests in the emergency cache."""
    key, embeddings = f"chains.{plain(name)}.emergency_cache_embeddings", chain.peek("emergency_cache_embeddings")
    if embeddings is None:
        return
    if not chain.peek("emergency_cache"):
        yield f"{key} is given, and the chain keeps no answers", "add emergency_cache = true, or take it out"
    if chain.peek("kind") != "chat":
        yield f"{key} is given for a chain of embeddings, whose answers are no words", "take it out"
    found = chains.get(embeddings)
    if found is None or found.peek("kind") != "embeddings":
        others = ", ".join(plain(other) for other, keys in chains.items() if keys.peek("kind") == "embeddings")
        what = "no chain of this file" if found is None else "no chain of embeddings"
        yield f"{key} is {plain(embeddings)}, which is {what}", _one_of(others)


def _one_of(chains: str) -> str:
    return (
        f"use one of: {chains}"
        if chains
        else 'add one: [chains.embeddings] with models = ["…"] and kind = "embeddings"'
    )


def _strategy(name: str, chain: ChainKeys) -> Iterator[Finding]:
    """What a strategy needs, and what its keys name."""
    chosen, own = chain.peek("strategy"), plain(name)
    models = chain.peek("models")
    tasks: list[TaskKeys] = chain.peek("tasks")
    named = [("weights", model) for model in chain.peek("weights")] + [("tasks", task.peek("start")) for task in tasks]
    for key, model in named:
        if model not in models:
            yield (
                f"chains.{own}.{key} names {plain(model)}, which is not in the chain",
                f"use one of: {', '.join(models)}",
            )
    if chosen == "weighted" and not any(chain.peek("weights").values()):
        yield f"chains.{own} has no weights", "say how much each arm gets: weights = { claude = 90, gpt = 10 }"
    if chosen == "task" and not tasks:
        yield f"chains.{own} has no tasks", f"add one: [[chains.{own}.tasks]] with match and start"
    for i, task in enumerate(tasks):
        yield from _match(f"chains.{own}.tasks[{i}].match", task.peek("match"))
    try:
        read_score(chain.peek("score") or "1")
    except BadFormula as bad:
        yield f"chains.{own}.score: {bad.title}", bad.hint


def _match(key: str, match: TaskMatchKeys) -> Iterator[Finding]:
    asked = [name for name in ("header", "metadata", "prompt_tokens_below") if match.peek(name) is not None]
    if len(asked) != 1:
        yield f"{key} must hold one of header, metadata, prompt_tokens_below", "give each rule a table of its own"
    elif (match.peek("equals") is None) == (asked[0] != "prompt_tokens_below"):
        what = "lacks equals" if match.peek("equals") is None else "holds equals beside prompt_tokens_below"
        yield f"{key} {what}", 'as in match = { header = "x-task", equals = "simple" }'


def _answers(chains: dict[str, ChainKeys]) -> Iterator[Finding]:
    """Two chains that would answer for one name."""
    for (one, first), (other, second) in combinations(chains.items(), 2):
        for mine in (*first.peek("answers"), one):
            for yours in (*second.peek("answers"), other):
                if overlap(mine, yours):
                    pair = f"{plain(mine)} of {plain(one)} and {plain(yours)} of {plain(other)}"
                    yield f"two chains answer for the same names: {pair}", "let one of them answer for fewer"


def _callers(callers: list[CallerKeys], chains: dict[str, ChainKeys]) -> Iterator[Finding]:
    if (twice := _twice(caller.peek("name") for caller in callers)) is not None:
        yield f"the caller {plain(twice)} is given twice", "leave one of them, or give it another name"
    for i, caller in enumerate(callers):
        named: list[str] | None = caller.peek("chains")
        if named == []:
            yield f"callers[{i}].chains is empty", "name the chains it may use, or take the key out: then it is all"
        for chain in named or ():
            if chain not in chains:
                names = ", ".join(map(plain, chains))
                yield f"callers[{i}].chains holds {plain(chain)}, which is no chain of this file", f"it has: {names}"


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
