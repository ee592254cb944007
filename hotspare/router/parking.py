"""Callers that would rather wait than be told that no model can answer: bounded in number, let go one by one.

A chain's first in line is let go when a model of the chain may be called again, and one more with every answer that the
chain gives: no crowd falls upon a model that has just come back.
"""

from collections.abc import Collection, Mapping

from hotspare.router.candidate import CandidateState
from hotspare.router.line import Line, Waiter

MOST_WAITING = 100
LONGEST_WAIT_SECONDS = 60.0


class Parking:
    """The lines of all chains."""

    __slots__ = ("_lines", "_states")

    def __init__(self, chains: Mapping[str, Collection[str]], states: Mapping[str, CandidateState]) -> None:
        self._lines: dict[str, Line] = {}
        self._states: dict[str, list[CandidateState]] = {}
        self.obey(chains, states)

    def obey(self, chains: Mapping[str, Collection[str]], states: Mapping[str, CandidateState]) -> None:
        """Go by these chains from now on. Who waits in one that is gone goes on waiting for its models."""
        for chain, models in chains.items():
            self._lines.setdefault(chain, Line())
            self._states[chain] = [states[name] for name in models]

    def waiting(self, chain: str) -> int:
        """How many wait there."""
        return len(self._lines[chain])

    def join(self, chain: str, *, again: bool) -> Waiter | None:
        """A place at the end, or at the front for one whose call failed `again`; None: there are too many."""
        if sum(map(len, self._lines.values())) >= MOST_WAITING:
            return None
        return self._lines[chain].join(first=again)

    def leave(self, chain: str, waiter: Waiter) -> None:
        """Go, to call a model or for good."""
        self._lines[chain].leave(waiter)

    def answered(self, chain: str) -> None:
        """The chain has given an answer: one more may try."""
        line = self._lines[chain]
        if line.waiting:
            line.admit()

    def look(self, now: float) -> None:
        """Let go one of each chain in which a model may be called."""
        for chain, line in self._lines.items():
            if line and any(state.decided is None and state.unready(now) is None for state in self._states[chain]):
                line.admit()
