"""Whatever a file holds, it becomes a Configuration or one sentence; nothing else ever comes out."""

import json
import tomllib
from datetime import date
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

import tomlkit
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotspare.configuration.compiled import Configuration
from hotspare.configuration.formats.code_router import Config
from hotspare.configuration.formats.docetl import Pipeline
from hotspare.configuration.formats.fallback_chain import Chain
from hotspare.configuration.formats.humanlayer import Guide
from hotspare.configuration.formats.litellm_keys import Proxy
from hotspare.configuration.formats.portkey import Target
from hotspare.configuration.formats.tinyllm import Workflow
from hotspare.configuration.load import ConfigurationError, load
from hotspare.configuration.model import File
from hotspare.configuration.patterns import overlap
from hotspare.configuration.section import outline

DAY = date(2026, 11, 21)
ENVIRON = {"OPENAI_API_KEY": "x", "HOME": "/nowhere", "XDG_STATE_HOME": "/nowhere", "XDG_CONFIG_HOME": "/nowhere"}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["gpt-4o", "main", "o3", ""]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def names(root) -> st.SearchStrategy[str]:
    """Words that the format knows, so that garbage goes deep."""
    return st.sampled_from(
        sorted({word for key in outline(root) for word in key.replace("[]", "").replace("*", "main").split(".")})
    )


def trees(root) -> st.SearchStrategy[dict]:
    return st.dictionaries(
        names(root),
        st.recursive(
            scalars,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names(root), inner, max_size=4),
            max_leaves=12,
        ),
        max_size=5,
    )


def outcome(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    found = loaded(path)
    assert isinstance(found, Configuration) or (found.title and "\n" not in found.title)


def loaded(path: Path) -> Configuration | ConfigurationError:
    try:
        return load(path, ENVIRON, today=DAY)
    except ConfigurationError as error:
        return error


@given(content=st.binary(max_size=300))
@example(content=b"\xef\xbb\xbf")
@example(content=b"{")
@example(content=b"{// ")
@example(content=b"[[a.b]]\n" * 50)
def test_any_bytes(tmp_path, content):
    outcome(tmp_path / "f", content)


@given(tree=trees(Guide))
def test_any_json_with_the_guides_words(tmp_path, tree):
    outcome(tmp_path / "f", json.dumps({"claude_model": "gpt-4o"} | tree).encode())


FOREIGN = {"model_list": Proxy, "default_model": Pipeline, "nodes": Workflow, "fallback_chain": Chain}


@given(root=st.sampled_from(sorted(FOREIGN)), data=st.data())
@settings(max_examples=100)
def test_any_yaml_with_the_words_of_a_format(tmp_path, root, data):
    tree = {root: data.draw(values)} | data.draw(trees(FOREIGN[root]))
    outcome(tmp_path / "f", "\n".join(f"{name}: {json.dumps(value)}" for name, value in tree.items()).encode())


@given(key=st.sampled_from([(root, key) for root, kind in FOREIGN.items() for key in outline(kind)]), value=values)
@settings(max_examples=150)
def test_any_value_of_any_key_of_a_yaml_format(tmp_path, key, value):
    content: dict = {
        "model_list": {"model_list": [{"model_name": "a", "litellm_params": {"model": "o3"}}]},
        "default_model": {"default_model": "o3"},
        "nodes": {"nodes": [{"id": "a", "type": "model", "config": {"model": "m"}}]},
        "fallback_chain": {"fallback_chain": [{"provider": "openai", "model": "o3"}]},
    }[key[0]]
    put(content, key[1], value)
    outcome(tmp_path / "f", "\n".join(f"{name}: {json.dumps(value)}" for name, value in content.items()).encode())


@given(tree=trees(Config), target=st.dictionaries(st.sampled_from(sorted(Target.model_fields)), values, max_size=4))
@settings(max_examples=100)
def test_any_json_with_the_words_of_other_gateways(tmp_path, tree, target):
    outcome(tmp_path / "f", json.dumps({"Router": {}} | tree).encode())
    outcome(tmp_path / "f", json.dumps({"targets": [target]} | target).encode())


@given(tree=trees(File))
@settings(max_examples=60)
def test_any_toml_with_our_words(tmp_path, tree):
    outcome(tmp_path / "f", toml(tree))


@given(key=st.sampled_from(sorted(outline(File))), value=values)
@settings(max_examples=120)
def test_any_value_of_any_key_of_ours(tmp_path, key, value):
    content: dict = {"models": [{"name": "gpt-4o"}], "chains": {"main": {"models": ["gpt-4o"]}}}
    put(content, key, value)
    outcome(tmp_path / "f", toml(content))


@given(key=st.sampled_from(sorted(outline(Guide))), value=values)
@settings(max_examples=120)
def test_any_value_of_any_key_of_the_guide(tmp_path, key, value):
    content: dict = {
        "claude_model": "gpt-4o",
        "fallback_models": [{"model": "o3", "priority": 1}],
        "regions": [{"region": "eu"}],
    }
    put(content, key, value)
    outcome(tmp_path / "f", json.dumps(content).encode())


def put(content: dict, key: str, value: object) -> None:
    *tables, last = key.split(".")
    place = content
    for table in tables:
        name = "main" if table == "*" else table.removesuffix("[]")
        place = place.setdefault(name, [{}] if table.endswith("[]") else {})
        place = place[0] if isinstance(place, list) else place
    place[last] = value


def toml(tree: object) -> bytes:
    """As TOML, which knows no null; what cannot be written as TOML is no case of ours."""
    try:
        text = tomlkit.dumps(without_null(tree))
        tomllib.loads(text)
    except (ValueError, TypeError, UnicodeError):
        return b""
    return text.encode(errors="replace")


def without_null(value):
    match value:
        case dict():
            return {name: without_null(inner) for name, inner in value.items() if inner is not None}
        case list():
            return [without_null(inner) for inner in value if inner is not None]
    return value


pattern_texts = st.text(alphabet="ab*?", max_size=6)


@given(one=pattern_texts, other=pattern_texts, name=st.text(alphabet="ab", max_size=6))
@settings(max_examples=200)
def test_patterns_that_match_one_name_overlap(one, other, name):
    if fnmatchcase(name, one) and fnmatchcase(name, other):
        assert overlap(one, other)


@given(one=pattern_texts, other=pattern_texts)
@settings(max_examples=150)
def test_overlapping_patterns_match_one_name(one, other):
    shortest = len(one.replace("*", "")) + len(other.replace("*", ""))
    if overlap(one, other) and shortest <= 8:
        candidates = ("".join(letters) for size in range(shortest + 1) for letters in product("ab", repeat=size))
        assert any(fnmatchcase(name, one) and fnmatchcase(name, other) for name in candidates)
