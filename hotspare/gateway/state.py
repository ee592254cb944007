"""What the connections of one server share: who is connected, which requests run, and the date of their answers."""

import asyncio
from collections import Counter
from email.utils import formatdate

from uvicorn.server import ServerState


class State(ServerState):
    """See the module. The date header is made once a second at most."""

    def __init__(self) -> None:
        super().__init__()
        self._date_until = 0.0
        self.emptied = asyncio.Event()
        """Set when the last connection has gone."""
        self.refused: Counter[str] = Counter()
        """How many requests were refused before they were carried out, by the code of our refusal."""

    def refresh_date(self, now: float) -> None:
        """Renew the header that every answer begins with."""
        if now >= self._date_until:
            self._date_until = now + 1.0
            self.default_headers = [(b"date", formatdate(usegmt=True).encode())]
