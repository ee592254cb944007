"""A provider on loopback that answers as it is told to, and clients that ask it."""

import asyncio
import json

import pytest


class Provider:
    """Speaks OpenAI's chat completions. `says[model]`: a status, or a text; `slow[model]`: seconds before that."""

    def __init__(self):
        self.says = {}
        self.came = asyncio.Event()
        self.slow = {}
        self.asked = []
        self.left = []
        self.port = 0

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                await self._answer(body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, body, writer):
        model = body["model"]
        self.asked.append(body)
        self.came.set()
        try:
            await asyncio.sleep(self.slow.get(model, 0))
        except asyncio.CancelledError:
            self.left.append(model)
            raise
        said = self.says.get(model, f"hello from {model}")
        status, answer = (
            (said, {"error": {"message": "told so"}}) if isinstance(said, int) else (200, _completion(said))
        )
        content = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()

    @property
    def models(self):
        return [body["model"] for body in self.asked]


def _completion(text):
    return {
        "id": "c1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 500},
    }


@pytest.fixture
async def provider(monkeypatch):
    found = Provider()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{found.port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    yield found
    server.close()
    await server.wait_closed()
