"""Hotspare under a conformance suite for LLM gateways: its configuration in our TOML, its operator over our commands.

Not a test by itself: the suite loads this file (`run.py --adapter-file …/adapter.py`), and provides `hx`.
"""

import asyncio
import json
import os
import sqlite3
from pathlib import Path

from hx.gateway import Adapter, Launch, Unsupported

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOTSPARE_PROGRAM") or str(CHECKOUT / ".venv" / "bin" / "hotspare")
MILLION = 1_000_000
VERDICT = 8
"""Where a line of the spool says how its request ended, among what it has in common with others."""


def toml(value):
    """A value as TOML writes it (of those used here, JSON's way is TOML's)."""
    return json.dumps(value)


class Hotspare(Adapter):
    name = "hotspare"
    has_store = True
    transport = os.environ.get("HOTSPARE_TRANSPORT", "auto")
    """Of every model: our own client, or (`httpx`) that library's."""

    # ------------------------------------------------------------ configuration
    def prepare(self, spec):
        return self.write(spec, self.text(spec).encode())

    def text(self, spec, **wrong):
        lines = [
            "[gateway]",
            f'name = "{self.instance(spec)}"',
            f'token_env = "CLIENT_TOKEN"\nmax_body_bytes = {spec.max_body}',
            "[store]",
            f"path = {toml(str(spec.dir / 'hotspare.db'))}",
            "[limits]",
            f"attempt_seconds = {wrong.get('attempt_seconds', spec.attempt_timeout)}",
            f"first_content_seconds = {spec.first_token_timeout}",
            f"silence_seconds = {spec.idle_timeout}",
            f"connect_seconds = {min(2.0, spec.attempt_timeout)}",
            f"deadline_seconds = {spec.total_timeout}",
            f"retries = {wrong.get('retries', spec.retries)}",
            *([] if spec.breaker else ["[breaker]", "enabled = false", "cooldown_seconds = 0"]),
        ]
        if spec.breaker:
            lines += [
                "[breaker]",
                f"consecutive_failures = {spec.fail_threshold}",
                f"open_seconds = {spec.cooldown}",
                f"suspended_seconds = {spec.cooldown}",
                f"cooldown_seconds = {spec.cooldown}",
            ]
        lines += ["[health_check]", "enabled = false"]
        if spec.daily_budget is not None:
            lines += ["[budget]", f"daily_usd = {spec.daily_budget}"]
        targets = [target for route in spec.routes for target in route.targets]
        for api in dict.fromkeys(target.api for target in targets):
            lines += [f"[providers.{toml(api)}]", f"transport = {toml(self.transport)}"]
        for target in targets:
            lines += self.model(target)
        for route in spec.routes:
            models = [target.id for target in route.targets]
            lines += [f"[chains.{toml(route.name)}]", f"models = {toml(wrong.get('models', models))}"]
            if route.kind == "embeddings":
                lines += ['kind = "embeddings"', "equivalent = true"]
        return "\n".join(lines) + "\n"

    def model(self, target):
        base = target.base_url + ("/v1" if target.api == "openai" else "")
        return [
            "[[models]]",
            f"name = {toml(target.id)}",
            f"provider = {toml(target.api)}",
            f"model = {toml(target.model)}",
            f"base_url = {toml(base)}",
            f"api_key_env = {toml(self.variable(target))}",
            f"input_usd_per_million_tokens = {target.price_in * MILLION}",
            f"output_usd_per_million_tokens = {target.price_out * MILLION}",
        ]

    @staticmethod
    def variable(target):
        return "KEY_" + "".join(letter if letter.isalnum() else "_" for letter in target.id).upper()

    @staticmethod
    def instance(spec):
        return f"conformance-{spec.port}"

    def write(self, spec, raw, name="hotspare.toml"):
        path = spec.dir / name
        path.write_bytes(raw)
        path.chmod(0o600)
        return Launch(subst={"config": str(path)}, env=self.environment(spec))

    def environment(self, spec):
        keys = {self.variable(target): target.api_key for route in spec.routes for target in route.targets}
        return {"CLIENT_TOKEN": spec.key, "XDG_STATE_HOME": str(spec.dir / "state"), **keys}

    # ------------------------------------------------------------ broken configurations
    def bad_config(self, spec, what):
        match what:
            case "not-utf8":
                return self.write(spec, self.text(spec).encode() + b"# \xff\xfe\n")
            case "empty-file":
                return self.write(spec, b"")
            case "missing-file":
                return Launch(subst={"config": str(spec.dir / "nowhere.toml")}, env=self.environment(spec))
            case "duplicate-priority":
                return self.guide(spec, [{"model": name, "priority": 1} for name in ("gpt-4o", "gpt-4o-mini")])
        return self.write(spec, self.wrong_text(spec, what).encode())

    def wrong_text(self, spec, what):
        text, own = self.text(spec), f"http://localhost:{spec.port}/v1"
        wrong = {
            "unknown-field": text.replace("[limits]", "[limits]\nno_such_setting = 1"),
            "negative-timeout": self.text(spec, attempt_seconds=-3),
            "string-for-number": self.text(spec, retries='"many"'),
            "duplicate-target": text + "\n".join(self.model(spec.routes[0].targets[0])) + "\n",
            "empty-chain": self.text(spec, models=[]),
            "trailing-comma": text.replace("[limits]", '[limits\nx = {"a",}'),
            # a model that is this gateway itself
            "fallback-loop": self.text(spec, models=["us"])
            + '[[models]]\nname = "us"\nprovider = "us"\n'
            + f'[providers.us]\ndialect = "openai"\nbase_url = "{own}"\n',
        }
        if what not in wrong:
            raise Unsupported(f"our format cannot express it: {what}")
        return wrong[what]

    def guide(self, spec, fallbacks):
        """The operations guide's file, which has priorities; addresses and keys are in the environment there."""
        primary, second = spec.routes[0].targets[:2]
        content = {"claude_model": "claude-sonnet-4-20250514", "fallback_models": fallbacks}
        launch = self.write(spec, json.dumps(content).encode(), "humanlayer.json")
        launch.env.update(
            ANTHROPIC_BASE_URL=primary.base_url, ANTHROPIC_API_KEY=primary.api_key,
            OPENAI_BASE_URL=second.base_url + "/v1", OPENAI_API_KEY=second.api_key,
        )  # fmt: skip
        return launch

    # ------------------------------------------------------------ the operator
    async def command(self, gw, *words):
        environment = {**os.environ, **self.environment(gw.spec)}
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *words, "--instance", self.instance(gw.spec), "--json",
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, narration = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"hotspare {' '.join(words)}: {process.returncode}: {narration.decode()}")
        return json.loads(out)

    async def set_enabled(self, gw, target, on):
        await self.command(gw, "enable" if on else "disable", target, *([] if on else ["--yes"]))

    async def force_fallback(self, gw, route, on):
        await self.command(gw, "skip-primary" if on else "release", route, *(["--for", "10m", "--yes"] if on else []))

    async def stats(self, gw):
        status = await self.command(gw, "status")
        return {
            "requests": status["requests"],
            "success": status["ok"],
            "fallback": status["fallback"],
            "cost": status["cost_usd"],
        }

    # ------------------------------------------------------------ the store
    def store_events(self, spec):
        """What is in the database and, where the process was killed, still in its spool."""
        path = spec.dir / "hotspare.db"
        database = sqlite3.connect(path)
        try:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
            if verdict != "ok":
                raise RuntimeError(f"integrity_check: {verdict}")
            made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'requests'").fetchone()
            found = {row[0] for row in database.execute("SELECT id FROM requests WHERE ok")} if made else set()
        finally:
            database.close()
        for spool in spec.dir.glob("hotspare.db-spool*"):
            for line in spool.read_bytes().splitlines():
                entry = json.loads(line)
                if isinstance(entry, list):  # of a request; what is remembered of the models is an object
                    (shared, *_), (_, own, *_) = entry
                    if shared[VERDICT] == "answered":
                        found.add(own[0])
        return sorted(found)

    def spoil_store(self, spec, how):
        path = spec.dir / "hotspare.db"
        for name in ("hotspare.db-wal", "hotspare.db-shm"):
            (spec.dir / name).unlink(missing_ok=True)
        if how == "corrupt":
            path.write_bytes(os.urandom(65_536))
        elif how == "unopenable":
            path.unlink(missing_ok=True)
            path.mkdir()
        else:
            raise Unsupported(f"spoil store: {how}")


ADAPTER = Hotspare()
