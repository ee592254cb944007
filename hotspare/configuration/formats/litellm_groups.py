"""LiteLLM's groups as chains: who is in one, in which order, and where it falls back to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hotspare.configuration.formats.litellm_keys import Deployment, Proxy, Routes, Routing
from hotspare.configuration.formats.translation import Translation

DEPTH = 5
"""How many groups LiteLLM follows one after another."""

STRATEGIES: Mapping[str, str] = {
    "simple-shuffle": "weighted",
    "least-busy": "load_balanced",
    "usage-based-routing": "load_balanced",
    "usage-based-routing-v2": "load_balanced",
    "latency-based-routing": "load_balanced",
    "cost-based-routing": "cost",
}
ALIKE = frozenset({"simple-shuffle", "cost-based-routing"})
"""Those that mean the same here."""

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Member:
    """One deployment: its place in the list, its name here, its group."""

    index: int
    name: str
    group: str
    deployment: Deployment


class Groups:
    """All groups of a file.

    Attributes:
        warnings: what the file contradicts itself in, and what it names that is not there.
    """

    def __init__(self, proxy: Proxy, members: Sequence[Member], to: Translation) -> None:
        self.warnings: list[str] = []
        self._proxy = proxy
        self._to = to
        self._members: dict[str, list[Member]] = {}
        for member in members:
            self._members.setdefault(member.group, []).append(member)
        self._fallbacks = self._merged("fallbacks")
        self._context = self._merged("context_window_fallbacks")
        self._policy = self._merged("content_policy_fallbacks")
        self._default = self._defaults()

    # ------------------------------------------------------------ what both places say
    def _places(self) -> tuple[tuple[str, Routing], ...]:
        return ("router_settings", self._proxy.router_settings), ("litellm_settings", self._proxy.litellm_settings)

    def _merged(self, key: str) -> dict[str, list[str]]:
        """The routes of both places: the router's come first."""
        found: dict[str, list[str]] = {}
        for place, section in self._places():
            for group, targets in _pairs(section.peek(key)):
                if group != EVERY and group not in self._members:
                    self.warnings.append(f"{place}.{key} names the group {group}, which is not in model_list")
                known = found.setdefault(group, [])
                if known and known != targets:
                    both = f"{', '.join(known)} in one place, {', '.join(targets)} in another"
                    self.warnings.append(f"{key} of {group} stand twice ({both}): all are taken, in this order")
                known += [target for target in targets if self._is_there(target, f"{place}.{key}", known)]
        return found

    def _defaults(self) -> list[str]:
        found: list[str] = []
        for place, section in self._places():
            key = f"{place}.default_fallbacks"
            found += [name for name in section.peek("default_fallbacks") if self._is_there(name, key, found)]
        return found

    def _is_there(self, group: str, key: str, known: Sequence[str]) -> bool:
        if group not in self._members:
            self.warnings.append(f"{key} names {group}, which is not in model_list: left out")
        return group in self._members and group not in known

    # ------------------------------------------------------------ chains
    def write_chains(self) -> None:
        """A chain for each group, by its name."""
        for group, members in self._members.items():
            own = sorted(members, key=_rank)
            names = [member.name for member in own]
            others = [m.name for g in self._followed(group) for m in sorted(self._members[g], key=_rank)]
            keys = [f"model_list[{member.index}].model_name" for member in members]
            self._to.chain(group, "models", list(dict.fromkeys([*names, *others])), *keys, *self._route_keys())
            self._kind(group, own)
            self._strategy(group, own, alone=not others)
            if group in self._policy or EVERY in self._policy:
                self._to.chain(group, "on_content_filter", "next")
        self._aliases()
        if sum(chain.get("kind") != "embeddings" for chain in self._to.content["chains"].values()) == 1:
            self._to.put("gateway.unknown_model", "default")

    def _followed(self, group: str) -> Iterator[str]:
        """The groups behind one, near ones first, each once."""
        seen, near = {group}, [group]
        for _ in range(DEPTH):
            far = list(dict.fromkeys(name for here in near for name in self._next(here) if name not in seen))
            yield from far
            seen.update(far)
            near = far

    def _next(self, group: str) -> list[str]:
        general = self._fallbacks.get(EVERY, []) or self._default
        return [
            *self._fallbacks.get(group, general),
            *self._context.get(group, self._context.get(EVERY, [])),
            *self._policy.get(group, self._policy.get(EVERY, [])),
        ]

    def _route_keys(self) -> Iterator[str]:
        """The keys that routes stand under: all of them make each chain what it is."""
        for place, section in self._places():
            for key in ("fallbacks", "default_fallbacks"):
                if section.peek(key):
                    yield f"{place}.{key}"
            for key in ("context_window_fallbacks", "content_policy_fallbacks"):
                if section.peek(key):
                    self._to.changed[f"{place}.{key}"] = "these groups also serve when all before them have failed"
                    yield f"{place}.{key}"

    def _kind(self, group: str, members: Sequence[Member]) -> None:
        keys = [f"model_list[{m.index}].model_info.mode" for m in members if m.deployment.model_info.mode is not None]
        modes = {member.deployment.model_info.mode for member in members}
        if modes & {"embedding", "embeddings"}:
            self._to.chain(group, "kind", "embeddings", *keys)
            self._to.chain(group, "equivalent", value=True)
            return
        for key in keys:
            self._to.changed[key] = "chat is what chains are for unless they say otherwise"

    def _strategy(self, group: str, members: Sequence[Member], *, alone: bool) -> None:
        """How a group is spread. With fallbacks behind it only weights keep those out of the spread."""
        ordered = [m for m in members if _rank(m) == _rank(members[0])]
        asked = self._proxy.router_settings.routing_strategy or "simple-shuffle"
        key = "router_settings.routing_strategy"
        given = key if self._proxy.router_settings.routing_strategy else None
        if given:
            self._to.changed[key] = f"{asked} is unknown here: by weight" if asked not in STRATEGIES else ""
        chosen = STRATEGIES.get(asked, "weighted")
        for member in members:
            self._spent(member)
        if len(ordered) == 1:
            self._to.chain(group, "strategy", "priority", *filter(None, [given]))
            return
        if chosen != "weighted" and (not alone or len(ordered) < len(members)):
            chosen = "weighted"
            self._to.changed[key] = f"{asked} with other models behind the group: by weight, so that those stay behind"
        elif asked not in ALIKE and asked in STRATEGIES:
            self._to.changed[key] = "spread by success, speed and calls in flight"
        self._to.chain(group, "strategy", chosen, *filter(None, [given]))
        if chosen == "weighted":
            self._to.chain(group, "weights", _weights(ordered))
            self._weight_origins(group, ordered)

    def _spent(self, member: Member) -> None:
        """An order makes a place in the chain; a weight that spreads nothing does nothing."""
        theirs = f"model_list[{member.index}].litellm_params."
        if member.deployment.litellm_params.order is not None:
            self._to.came(f"{theirs}order", f"chains.{member.group}.models")
        if member.deployment.litellm_params.weight is not None:
            self._to.unsupported[f"{theirs}weight"] = "it is alone at its place of the group"

    def _weight_origins(self, group: str, members: Sequence[Member]) -> None:
        for member in members:
            theirs = f"model_list[{member.index}].litellm_params."
            for key in ("weight", "rpm", "tpm"):
                if member.deployment.litellm_params.peek(key) is not None:
                    self._to.unsupported.pop(theirs + key, None)
                    self._to.came(theirs + key, f"chains.{group}.weights")

    def _aliases(self) -> None:
        key = "router_settings.model_group_alias"
        for alias, target in (self._proxy.router_settings.model_group_alias or {}).items():
            group = target.get("model") if isinstance(target, dict) else target
            if group not in self._members:
                self.warnings.append(f"{key} names {group}, which is not in model_list: left out")
                continue
            chain = self._to.content["chains"][group]
            self._to.chain(group, "answers", [*chain.get("answers", []), alias], key)


def _pairs(routes: Routes) -> Iterator[tuple[str, list[str]]]:
    for table in routes:
        yield from table.items()


def _rank(member: Member) -> float:
    order = member.deployment.litellm_params.order
    return float("inf") if order is None else order


def _weights(members: Sequence[Member]) -> dict[str, float]:
    """By weight where one is given, else by calls a minute, else by tokens a minute, else alike."""
    for key in ("weight", "rpm", "tpm"):
        values = {member.name: member.deployment.litellm_params.peek(key) for member in members}
        if any(values.values()):
            return {name: float(value or 0) for name, value in values.items()}
    return {member.name: 1.0 for member in members}
