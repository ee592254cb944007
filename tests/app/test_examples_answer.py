"""Every example answers: its own file, its own chains, real sockets; only the addresses of its providers are ours."""

import asyncio
import json
import os
import re
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from hotspare import FallbackClient, FallbackConfig
from hotspare.configuration.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".toml", ".json", ".yaml"))
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_2", "OPENAI_API_KEY", "GEMINI_API_KEY", "OURBOX_KEY")
TOKENS = ("SHOP_TOKEN", "BACK_OFFICE_TOKEN")
DAY = date(2026, 11, 21)


class Handler(BaseHTTPRequestHandler):
    """Answers in the dialect of the path; the model that it was asked for is what it says."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = asked["model"]
        if self.path.endswith("/messages"):
            usage = {"input_tokens": 3, "output_tokens": 2}
            answer = {"id": "m", "type": "message", "role": "assistant", "model": text, "stop_reason": "end_turn",
                      "content": [{"type": "text", "text": text}], "usage": usage}  # fmt: skip
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
            answer = {"id": "c", "object": "chat.completion", "created": 1, "model": text, "choices": [choice],
                      "usage": usage}  # fmt: skip
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def providers():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def around(monkeypatch, providers, tmp_path):
    for name in KEYS:
        monkeypatch.setenv(name, f"sk-of-{name.lower()}")
    for name in TOKENS:
        monkeypatch.setenv(name, f"token-of-{name.lower()}")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", providers)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{providers}/v1")
    monkeypatch.setenv("OLLAMA_HOST", providers)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_each_chat_chain_of_an_example_answers_with_its_first_model(name, around, providers, tmp_path):
    path = tmp_path / name
    path.write_text(re.sub(r"https?://[\w.:-]+(?=/v1\"|\")", providers, (EXAMPLES / name).read_text()))
    configuration = load(path, os.environ, today=DAY)
    chains = [chain for chain in configuration.settings.chains.values() if chain.kind == "chat"]

    async def answers():
        async with FallbackClient(FallbackConfig.from_file(path)) as client:
            return [(chain, await client.generate(prompt="hello", model=chain.name)) for chain in chains]

    for chain, result in asyncio.run(answers()):
        assert result.text == configuration.endpoints[result.model_used].model_id
        if chain.strategy in ("priority", "regions", "hedged", "cost", "latency"):
            assert result.model_used == chain.models[0]
