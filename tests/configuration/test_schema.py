"""The schema and the reference know every key there is, with its meaning and its default."""

import json
import tomllib
from pathlib import Path

import pytest

from hotspare.configuration.meanings import MEANINGS, meaning
from hotspare.configuration.model import AttemptKeys, BreakerKeys, File, LimitKeys
from hotspare.configuration.schema import default_of, rows, schema
from hotspare.configuration.section import inner_section, outline
from hotspare.router.settings import BreakerRules, Limits

EXAMPLE = Path(__file__).parents[2] / "examples" / "hotspare.toml"


def kinds(kind=File):
    yield kind
    for field in kind.model_fields.values():
        if (inner := inner_section(field.annotation)) is not None:
            yield from kinds(inner[1])


def resolved(entry, whole):
    return whole["$defs"][entry["$ref"].rsplit("/", 1)[-1]] if "$ref" in entry else entry


def fits(value, entry, whole):
    """As much of JSON Schema as ours uses."""
    entry = resolved(entry, whole)
    if "anyOf" in entry:
        return any(fits(value, option, whole) for option in entry["anyOf"])
    if "enum" in entry:
        return value in entry["enum"]
    match entry["type"]:
        case "object":
            known, more = entry.get("properties", {}), entry.get("additionalProperties", {})
            inner = [(inner, known.get(name, more)) for name, inner in value.items()]
            return all(
                under is not False and fits(one, under, whole) for one, under in inner if under not in ({}, True)
            )
        case "array":
            return isinstance(value, list) and all(fits(one, entry["items"], whole) for one in value)
        case kind:
            types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}[kind]
            low, high = entry.get("minimum", entry.get("exclusiveMinimum")), entry.get("maximum")
            return isinstance(value, types) and (low is None or value >= low) and (high is None or value <= high)


def test_every_key_has_a_meaning_and_no_meaning_lacks_its_key():
    for kind in kinds():
        assert all(meaning(kind, name) for name in kind.model_fields)
    for kind, names in MEANINGS.items():
        assert set(names) <= set(kind.model_fields), kind


def test_the_schema_is_json_and_describes_every_key():
    whole = json.loads(json.dumps(schema()))
    for kind in kinds():
        table = whole if kind is File else whole["$defs"][kind.__name__]
        assert set(table["properties"]) == set(kind.model_fields)
        assert all(entry["description"] for entry in table["properties"].values())
        assert table["additionalProperties"] is False
    assert '"null"' not in json.dumps(whole)


def test_the_schema_takes_our_example_and_refuses_what_the_program_refuses():
    whole, example = schema(), tomllib.loads(EXAMPLE.read_text())
    assert fits(example, whole, whole)
    assert not fits(example | {"gatway": {}}, whole, whole)
    assert not fits(example | {"gateway": {"port": "4000"}}, whole, whole)
    assert not fits(example | {"limits": {"retries": 101}}, whole, whole)
    assert fits({"models": [{"name": "a", "api_key_env": "ONE"}]}, whole, whole)
    assert fits({"models": [{"name": "a", "api_key_env": ["ONE", "TWO"]}]}, whole, whole)


@pytest.mark.parametrize(("kind", "router"), [(LimitKeys, Limits()), (BreakerKeys, BreakerRules())])
def test_the_defaults_are_the_ones_in_force(kind, router):
    assert {name: default_of(kind, name) for name in kind.model_fields} == {
        name: getattr(router, name) for name in kind.model_fields
    }


def test_the_reference_has_each_key_once():
    found = [f"{row.table}.{row.name}" for row in rows()]
    assert len(found) == len(set(found))
    repeated = {f"models[].{name}" for name in AttemptKeys.model_fields}
    repeated |= {f"chains.*.{name}" for name in LimitKeys.model_fields}
    repeated |= {f"{where}.breaker.{name}" for where in ("models[]", "chains.*") for name in BreakerKeys.model_fields}
    assert set(found) == set(outline(File)) - repeated
