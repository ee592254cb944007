"""A port on loopback, where each connection is served by a coroutine of the test's own loop."""

import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def listening(serve, **options):
    """`async with listening(serve) as port`: `serve(reader, writer)` runs for each, and is ended with it.

    Args:
        serve: serves one connection.
        options: of `asyncio.start_server`.
    """
    tasks = set()

    def connected(reader, writer):
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
