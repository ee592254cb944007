"""Every setting that is accepted has an effect: each key changes what the program is told, and each thing that it is
told is looked at by some room. No list of what works is kept anywhere: the schema is walked.
"""

import ast
import dataclasses
import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from hotspare.configuration.compiled import (
    CallerSettings,
    Configuration,
    ConsoleSettings,
    GatewaySettings,
    StoreSettings,
)
from hotspare.configuration.load import load
from hotspare.configuration.model import File
from hotspare.configuration.schema import default_of, schema
from hotspare.configuration.section import inner_section, outline
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.settings import BreakerRules, Budget, Chain, Limits, Model, Settings, Task

ROOT = Path(__file__).parents[2]

BUILT_APART = {"health_check.enabled", "health_check.interval_seconds", "health_check.timeout_seconds",
               "alerts.webhooks[].url", "alerts.webhooks[].secret_env"}  # fmt: skip
"""Those of health checks and alerts."""

ANOTHER: dict[str, Any] = {
    "gateway.name": "another",
    "gateway.host": "::1",
    "gateway.allowed_hosts": ["a.b"],
    "gateway.token_env": "TOKEN",
    "callers[].name": "another",
    "callers[].token_env": "TOKEN",
    "callers[].chains": ["main"],
    "store.path": "another.db",
    "budget.timezone": "Asia/Tokyo",
    "console.environment": "production",
    "alerts.webhooks[].url": "https://hooks.example.com/x",
    "alerts.webhooks[].secret_env": "TOKEN",
    "models[].name": "another",
    "models[].provider": "groq",
    "models[].model": "another",
    "models[].base_url": "https://another.example.com/v1",
    "models[].base_url_env": "ADDRESS",
    "models[].api_key_env": "OTHER_KEY",
    "models[].api_key_file": "key",
    "models[].lacks": ["tools"],
    "models[].parameters": {"temperature": 0.5},
    "providers.*.base_url": "https://another.example.com/v1",
    "providers.*.api_key_env": "OTHER_KEY",
    "providers.*.api_key_file": "key",
    "providers.*.headers": {"x-team": "search"},
    "providers.*.ca_file": "key",
    "providers.*.proxy": "http://127.0.0.1:3128",
    "chains.*.models": ["b", "a"],
    "chains.*.answers": ["gpt-*"],
    "chains.*.guests": ["spare"],
    "chains.*.kind": "embeddings",
    "chains.*.emergency_cache_embeddings": "vectors",
    "chains.*.triggers": {"timeout": "retry"},
    "chains.*.score": "1 / latency_ms",
    "chains.*.weights": {"a": 1, "b": 2},
    "chains.*.tasks[].start": "a",
    "chains.*.tasks[].match.header": "x-other",
    "chains.*.tasks[].match.metadata": "other",
    "chains.*.tasks[].match.equals": "other",
    "chains.*.regions[].name": "asia",
    "chains.*.regions[].model": "other",
    "chains.*.regions[].base_url": "https://asia.example.com/v1",
}
"""Values where one cannot be told from the kind of the key; of the others, one that is not the default."""

ALSO: dict[str, dict[str, Any]] = {
    "models[].name": {"chains": {"main": {"models": ["another", "b"]}}},
    "models[].cache_read_usd_per_million_tokens": {"price": True},
    "models[].cache_write_usd_per_million_tokens": {"price": True},
    "budget.alert_share": {"budget": {"daily_usd": 1}},
    "budget.at_limit": {"budget": {"daily_usd": 1}},
    "budget.unknown_price": {"budget": {"daily_usd": 1}},
    "chains.*.hedge_extra_share": {"chains": {"main": {"strategy": "hedged"}}},
    "chains.*.score": {"chains": {"main": {"strategy": "load_balanced"}}},
    "chains.*.weights": {"chains": {"main": {"strategy": "weighted", "weights": {"a": 2, "b": 1}}}},
    "chains.*.strategy": {"chains": {"main": {"weights": {"a": 2}}}},
    "chains.*.emergency_cache_embeddings": {
        "chains": {"main": {"emergency_cache": True}, "vectors": {"models": ["spare"], "kind": "embeddings"}}
    },
    "chains.*.equivalent": {"chains": {"main": {"kind": "embeddings"}}},
    "alerts.webhooks[].secret_env": {"alerts": {"webhooks": [{"url": "https://hooks.example.com/y"}]}},
    "chains.*.check_refusal": {"chains": {"main": {"on_content_filter": "next"}}},
    "providers.*.region": {"host": "bedrock"},
    "providers.*.api_version": {"host": "azure"},
    "providers.*.dialect": {"host": "mistral"},
}
"""What has to be there besides, so that a key means anything."""


@pytest.fixture
def environ(tmp_path):
    (tmp_path / "key").write_text("sk-of-a-file")
    (tmp_path / "key").chmod(0o600)
    names = ("OPENAI_API_KEY", "GROQ_API_KEY", "OTHER_KEY", "TOKEN", "SHOP_TOKEN", "AZURE_OPENAI_API_KEY",
             "AWS_BEARER_TOKEN_BEDROCK", "MISTRAL_API_KEY")  # fmt: skip
    return {name: f"value-of-{name.lower()}" for name in names} | {
        "HOME": str(tmp_path),
        "ADDRESS": "https://told.example.com/v1",
        "AWS_REGION": "eu-central-1",
        "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com",
    }


def small(host="openai"):
    """A file in which everything that can stand in a list or under a name stands once."""
    task = {"match": {"header": "x-task", "equals": "simple"}, "start": "b"}
    return {
        "callers": [{"name": "shop", "token_env": "SHOP_TOKEN"}],
        "models": [
            {"name": "a", "provider": "openai", "model": "gpt-4o"},
            {"name": "b", "provider": host, "model": "gpt-4o-mini"},
            {"name": "spare", "provider": "openai", "model": "o3"},
        ],
        "providers": {host: {}},
        "chains": {"main": {"models": ["a", "b"], "tasks": [task], "regions": [{"name": "eu"}]}},
    }


def merged(content, more):
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(content.get(name), dict):
            merged(content[name], value)
        else:
            content[name] = value
    return content


def before(key):
    """The file that a key is put into."""
    also = dict(ALSO.get(key, {}))
    content = small(also.pop("host", "openai"))
    if key.startswith("chains.*.tasks"):
        content["chains"]["main"]["strategy"] = "task"
        if key.endswith(".metadata"):
            content["chains"]["main"]["tasks"][0]["match"] = {"metadata": "task", "equals": "simple"}
        if key.endswith("prompt_tokens_below"):
            content["chains"]["main"]["tasks"][0]["match"] = {"prompt_tokens_below": 5}
    else:
        del content["chains"]["main"]["tasks"]
    if also.pop("price", False) or "usd_per_million" in key:
        content["models"][0] |= {"input_usd_per_million_tokens": 1, "output_usd_per_million_tokens": 2}
    return content, also


def place(content, key):
    """The table that a key stands in, and its name there."""
    *tables, last = key.split(".")
    for table in tables:
        name = "main" if table == "*" and "strategy" not in content and "main" in content else table
        if name == "*":
            name = next(iter(content))
        content = content.setdefault(name.removesuffix("[]"), [{}] if name.endswith("[]") else {})
        content = content[0] if isinstance(content, list) else content
    return content, last


def another(key):
    """A value that is not the one in force without it."""
    if key in ANOTHER:
        return ANOTHER[key]
    kind = File
    for step in key.split(".")[:-1]:
        if step != "*":
            kind = inner_section(kind.model_fields[step.removesuffix("[]")].annotation)[1]
    name = key.rsplit(".", 1)[-1]
    owner = next(k for k in reversed(kind.__mro__) if name in getattr(k, "__annotations__", {}))
    return differing(default_of(owner, name), schema_of(kind, name), name)


def differing(default, entry, name):
    """A value of that kind beside the default."""
    if "enum" in entry:
        return next(value for value in reversed(entry["enum"]) if value != default)
    if default is None:
        texts = {"api_version": "2024-10-21"}
        return {"boolean": False, "integer": 7, "number": 0.5}.get(entry.get("type"), texts.get(name, "us-west-2"))
    if isinstance(default, bool):
        return not default
    if isinstance(default, list):
        return ["another"]
    if entry.get("maximum") == 1:
        return default / 2 + 0.1
    return type(default)(default + (2 if entry.get("maximum") == 100 else 2000))


def schema_of(kind, name):
    whole = schema()
    return (whole if kind is File else whole["$defs"][kind.__name__])["properties"][name]


def meaning(content, folder, environ) -> Configuration:
    path = folder / "hotspare.toml"
    path.write_text(tomlkit.dumps(content))
    return load(path, environ, today=date(2026, 11, 21))


def told(found):
    """What the rooms are told, without the account of the keys."""
    return dataclasses.replace(found, keys=(), warnings=(), files=())


@pytest.mark.parametrize("key", sorted(outline(File)))
def test_each_key_changes_what_the_program_is_told(key, tmp_path, environ):
    content, also = before(key)
    merged(content, also)
    changed = deepcopy(content)
    table, name = place(changed, key)
    table[name] = another(key)
    if key == "models[].name":
        changed["chains"]["main"]["models"] = ["another", "b"]
        content["chains"]["main"]["models"] = ["a", "b"]
    if key == "chains.*.tasks[].match.prompt_tokens_below":
        table[name] = 9
    first, second = meaning(content, tmp_path, environ), meaning(changed, tmp_path, environ)
    states = {row.key: row.state for row in second.keys}
    if key in BUILT_APART and told(first) == told(second):
        return
    assert told(first) != told(second)
    assert "not yet in force" not in states.values()


def test_only_what_is_built_apart_is_not_yet_in_force(tmp_path, environ):
    content = tomllib.loads((ROOT / "examples" / "hotspare.toml").read_text())
    content["alerts"] = {"webhooks": [{"url": "https://hooks.example.com/x", "secret_env": "TOKEN"}]}
    found = meaning(content, tmp_path, environ)
    waiting = {row.key.replace("[0]", "[]") for row in found.keys if row.state == "not yet in force"}
    assert waiting <= BUILT_APART


# ------------------------------------------------------------------ and what is told is looked at
TOLD = (Limits, BreakerRules, Model, Chain, Task, Budget, Settings, Endpoint, GatewaySettings, CallerSettings,
        StoreSettings, ConsoleSettings, Configuration)  # fmt: skip


def looked_at() -> set[str]:
    """The names of all attributes that some room reads, the one that tells them left out."""
    found = set()
    for room in ("hotspare/router", "hotspare/engine", "hotspare/providers", "hotspare/gateway", "hotspare/dialects",
                 "hotspare/client", "store", "app", "probes", "widgets"):  # fmt: skip
        for file in (ROOT / room).rglob("*.py"):
            tree = ast.parse(file.read_text())
            found |= {node.attr for node in ast.walk(tree)
                      if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}  # fmt: skip
    return found


def test_everything_the_rooms_are_told_is_looked_at_by_one():
    read = looked_at() | {"listed_as"}  # which `repricing` reads, for whoever asks it
    assert not {f"{kind.__name__}.{field.name}" for kind in TOLD for field in dataclasses.fields(kind)
                if field.name not in read}  # fmt: skip
