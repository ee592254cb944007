"""Bring what was appended to the disk itself, for `durability = "strict"`: one `fdatasync` for all who wait meanwhile.

It runs in a thread; who is being waited for is only the answers' ends.
"""

import asyncio
from collections.abc import Callable


class Syncing:
    """Groups. `sync` blocks until all that was written before its call is on the disk; it may raise OSError."""

    def __init__(self, sync: Callable[[], None], failed: Callable[[OSError], None]) -> None:
        self._sync = sync
        self._failed = failed
        self._next: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def wait(self) -> asyncio.Future[None]:
        """Done once all that was written until now is on the disk; also where the disk fails, which is told."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="store sync")
        return asyncio.shield(self._next)  # who stops waiting must not stop the others

    async def _run(self) -> None:
        while self._next is not None:
            group, self._next = self._next, None
            try:
                await asyncio.to_thread(self._sync)
            except OSError as error:
                self._failed(error)
            finally:
                group.set_result(None)
        self._task = None

    async def ended(self) -> None:
        """Return when nobody waits any more."""
        if self._task is not None:
            await asyncio.wait({self._task})
