"""The whole gateway as users run it: `hotspare serve` with store, metrics and a daily limit."""

import http.client
import json
import socket
import time
from contextlib import suppress
from pathlib import Path

import bodies
from processes import PROGRAM, START_SECONDS, Process, places

_HEAD = """
[gateway]
name = "bench"
[store]
path = {store}
[health_check]
enabled = false
[budget]
daily_usd = 1000000
unknown_price = "allow"
"""
_MODEL = """
[[models]]
name = {name}
provider = {provider}
model = "gpt-4o-mini"
"""
_PROVIDER = """
[providers.{name}]
dialect = "openai"
base_url = {url}
api_key_env = "BENCH_KEY"
transport = {transport}
"""
_CHAIN = """
[chains.{chain}]
models = {models}
"""
_NEVER_GIVES_UP = """
[[models]]
name = {name}
provider = {provider}
model = "gpt-4o-mini"
retries = 0
[models.breaker]
enabled = false
cooldown_seconds = 0
"""


def configuration(folder: Path, chains: dict[str, tuple[str, str]], provider: str) -> Path:
    """hotspare.toml for chains of two models: what the provider gives (the second's is plain), and the transport."""
    text = _HEAD.format(store=json.dumps(str(folder / "hotspare.db")))
    for chain, (gives, transport) in chains.items():
        first, second = f"{chain}-first", f"{chain}-second"
        for place, wanted in ((first, gives), (second, "plain")):
            url = json.dumps(f"{provider}/{wanted}")
            text += _PROVIDER.format(name=place, url=url, transport=json.dumps(transport))
        model = _NEVER_GIVES_UP if gives == "failing" else _MODEL
        text += model.format(name=json.dumps(first), provider=json.dumps(first))
        text += _MODEL.format(name=json.dumps(second), provider=json.dumps(second))
        text += _CHAIN.format(chain=chain, models=json.dumps([first, second]))
    path = folder / "hotspare.toml"
    path.write_text(text)
    return path


class Gateway(Process):
    """`hotspare serve`, ready. Attribute `ready_seconds`: from its start to its first answer."""

    def __init__(self, config: Path) -> None:
        self.port = free_port()
        command = [PROGRAM, "serve", "--config", str(config), "--port", str(self.port)]
        super().__init__(command, measured=True, quiet=True, environment=places(config.parent))
        self.url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        self.ready_seconds = self._wait()

    def _wait(self) -> float:
        while time.perf_counter() - self.began < START_SECONDS:
            if not self.alive:
                break
            with suppress(OSError, http.client.HTTPException):
                if self.get("/health/live")[0] == 204:
                    return time.perf_counter() - self.began
            time.sleep(0.005)
        self.__exit__(None, None, None)
        raise RuntimeError("the gateway did not start")

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def requests_counted(self) -> int:
        """How many requests its metrics tell of."""
        lines = self.get("/metrics")[1].decode().splitlines()
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith("hotspare_requests_total"))


def job(url: str, chain: str, requests: int, connections: int, **more: object) -> dict[str, object]:
    """A job for the load generator."""
    return {"url": url, "chain": chain, "requests": requests, "connections": connections, **more}


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


__all__ = ["Gateway", "bodies", "configuration", "free_port", "job"]
