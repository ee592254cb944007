"""Every example answers: its own file, its own chains, real sockets; only the addresses of its providers are ours."""

import asyncio
import os
import re
from datetime import date
from pathlib import Path

import pytest
from upstream import Upstream, completion

from hotspare import FallbackClient, FallbackConfig
from hotspare.configuration.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".toml", ".json", ".yaml"))
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_2", "OPENAI_API_KEY", "GEMINI_API_KEY", "OURBOX_KEY")
TOKENS = ("SHOP_TOKEN", "BACK_OFFICE_TOKEN")
DAY = date(2026, 11, 21)


class Echo(Upstream):
    """Answers in the dialect of the path; the model that it was asked for is what it says."""

    def answer(self, asked):
        text = asked.body["model"]
        if not asked.path.endswith("/messages"):
            asked.end(completion(text, text))
            return
        usage = {"input_tokens": 3, "output_tokens": 2}
        asked.end({"id": "m", "type": "message", "role": "assistant", "model": text, "stop_reason": "end_turn",
                   "content": [{"type": "text", "text": text}], "usage": usage})  # fmt: skip


@pytest.fixture(scope="module")
def providers():
    with Echo() as upstream:
        yield upstream.origin


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
