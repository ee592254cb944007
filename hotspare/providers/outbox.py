"""What is said in one turn of the event loop leaves together, once the turn is over.

The system wakes whoever is sent something, on another core mostly, and that costs more than the sending. Those who are
told one right after the other are woken once; those who are told between our work fall asleep meanwhile.
"""

import asyncio
from typing import Protocol


class Sender(Protocol):
    """Who has something to say."""

    def flush(self) -> None:
        """Send what is held; nothing may be."""


class Outbox:
    """See the module. Who comes first is sent first."""

    __slots__ = ("_senders",)

    def __init__(self) -> None:
        self._senders: list[Sender] = []

    def add(self, sender: Sender) -> None:
        """Have it flushed when the loop has turned."""
        if not self._senders:
            asyncio.get_running_loop().call_soon(self.flush)
        self._senders.append(sender)

    def flush(self) -> None:
        """Send all of it now."""
        senders, self._senders = self._senders, []
        for sender in senders:
            sender.flush()
