"""Tell those who watch what happens, as it happens. Nobody who watches can hold up a request.

A watcher that is too slow loses the oldest events and is told how many; rows are made only while somebody watches.
"""

import asyncio
from collections import deque
from typing import Any, Self
from weakref import WeakSet

from hotspare.router.command import Decision, JournalEntry
from hotspare.router.record import Record
from hotspare.router.settings import PICO_PER_USD

Row = dict[str, Any]

KEPT_EVENTS = 1000


class Watching:
    """One watcher's side: iterate over it, close it. Events are kept from its making on."""

    __slots__ = ("__weakref__", "_closed", "_kept", "_limit", "_lost", "_waiter")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: deque[Row] = deque()
        self._lost = 0
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, event: Row) -> None:
        """Keep an event; where there are too many, the oldest goes."""
        if self._closed:
            return
        if len(self._kept) >= self._limit:
            self._kept.popleft()
            self._lost += 1
        self._kept.append(event)
        self._wake()

    def close(self) -> None:
        """What is kept can still be read; then the iteration ends."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        while not self._kept:
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._lost:
            lost, self._lost = self._lost, 0
            return {"event": "lost", "count": lost}
        return self._kept.popleft()

    async def aclose(self) -> None:
        """Watch no longer."""
        self._kept.clear()
        self._lost = 0
        self.close()


class Events:
    """Whoever watches now. One that is forgotten without being closed disappears by itself."""

    __slots__ = ("_closed", "_watched", "_watching")

    def __init__(self) -> None:
        self._watching: WeakSet[Watching] = WeakSet()
        self._closed = False
        self._watched = False
        """Somebody has watched: asking who does now is dear, and of most requests nobody needs to."""

    def watch(self, limit: int = KEPT_EVENTS) -> Watching:
        """A new watcher, which may be `limit` events behind."""
        watching = Watching(limit)
        if self._closed:
            watching.close()
        else:
            self._watching.add(watching)
            self._watched = True
        return watching

    def request(self, record: Record) -> None:
        """A request has ended."""
        if self._watched and self._watching:
            self._tell({"event": "request", **request_row(record)})

    def act(self, entry: JournalEntry) -> None:
        """Somebody has changed something, or a change has expired."""
        if self._watching:
            self._tell({"event": "act", **act_row(entry)})

    def close(self) -> None:
        """Nothing will happen any more."""
        self._closed = True
        for watching in self._watching:
            watching.close()

    def _tell(self, event: Row) -> None:
        for watching in self._watching:
            watching.put(event)


def request_row(record: Record) -> Row:
    """A Record as one of `requests`, in the contract's words."""
    known = record.cost_pico_usd or not record.unpriced
    return {
        "id": record.id,
        "at": record.at,
        "kind": record.kind,
        "asked": record.asked,
        "meant": record.meant,
        "chain": record.chain,
        "model": record.model,
        "caller": record.caller,
        "session": record.session,
        "dialect": record.dialect,
        "stream": record.stream,
        "verdict": record.verdict,
        "status": record.status,
        "ok": record.verdict == "answered",
        "fallback": record.fallback,
        "forced": record.forced,
        "source": record.source,
        "reason": record.reason,
        "ended_by": record.ended_by,
        "duration_ms": record.duration_ms,
        "first_content_ms": record.first_content_ms,
        "input_tokens": record.input_tokens,
        "output_tokens": record.output_tokens,
        "cost_usd": record.cost_pico_usd / PICO_PER_USD if known else None,
        "unpriced": record.unpriced,
        "estimated": record.estimated,
        "attempts": len(record.attempts),
    }


def act_row(entry: JournalEntry) -> Row:
    """A journal entry as one of `journal`, in the contract's words."""
    change = entry.change
    return {
        "number": entry.number,
        "when": change.at,
        "who": change.who,
        "act": change.act,
        "subject": change.subject,
        "why": change.why,
        "before": _value(change.before),
        "after": _value(change.after),
        "until": None if change.after is None else change.after.until,
        "undoes": change.undoes,
        "undone_by": entry.undone_by,
        "durable": entry.durable,
    }


def _value(decision: Decision | None) -> list[str] | None:
    return None if decision is None else list(decision.value)
