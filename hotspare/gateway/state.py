"""What the connections of one server share: who is connected, which requests run, and the date of their answers."""

import asyncio
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from hotspare.providers.outbox import Outbox

if TYPE_CHECKING:
    from hotspare.gateway.connection import Connection


class State:
    """See the module. The date is made once a second at most."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.date_line = b""
        self._date_until = 0.0
        self.emptied = asyncio.Event()
        """Set when the last connection has gone."""
        self.refused: Counter[str] = Counter()
        """How many requests were refused before they were carried out, by the code of our refusal."""

    def ended(self, task: asyncio.Task[Any] | None) -> None:
        """The task of a request has nothing more to do. Idempotent."""
        self.tasks.discard(task)

    def refresh_date(self, now: float) -> None:
        """Renew the header that every answer begins with."""
        if now >= self._date_until:
            self._date_until = now + 1.0
            self.date_line = b"date: %b\r\n" % formatdate(usegmt=True).encode()
