"""What is wrong in a JSON file is said with its line, comments and trailing commas or not."""

import json

import json5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.configuration.formats.json_lines import given_twice, lines_of

GUIDE = """{
  // the primary
  "claude_model": "claude-sonnet-4-20250514", /* "model_config": {
  still a remark */ "model_config": {
    "retry_attempts": 1
  },
  "fallback_models": [
    {"model": "gpt-4o", "priority": 1},
    {
      "model": "gpt-4o-mini",
      "priority": 2
    },
  ],
}"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"claude-sonnet-4-20250514"', "5", "line 3: claude_model must be a text, is 5"),
        ('attempts": 1', 'attempts": -1', "line 5: model_config.retry_attempts must be at least 0, is -1"),
        ('"priority": 2', '"priority": "last"', "line 11: fallback_models[1].priority must be a number"),
        (', "priority": 1', "", "line 8: the required key fallback_models[0].priority is missing"),
        ("gpt-4o-mini", "nobody-knows", "line 10: no provider is known for the model nobody-knows"),
        ('"priority": 2', '"model": "x"', "line 11: the key fallback_models[1].model is given twice"),
        ("  ],\n", '  ], "claude_model": "b"\n', "line 13: the key claude_model is given twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(refusal, right, wrong, said):
    assert right in GUIDE
    assert f"humanlayer.json: {said}" in refusal(GUIDE.replace(right, wrong), "humanlayer.json")


def test_another_file_says_the_line_too(refusal):
    portkey = '{"targets": [\n {"provider": "openai",\n "weight": "much",\n "override_params": {"model": "gpt-4o"}}]}'
    assert "portkey.json: line 3: targets[0].weight must be a number" in refusal(portkey, "portkey.json")


def test_yaml_says_the_line_of_what_is_wrong_taken_as_a_whole(refusal):
    chain = "fallback_chain:\n - {provider: openai, model: gpt-4o, priority: 1}\n"
    chain += " - {provider: nobody, model: x, priority: 2}\n"
    assert "chain.yaml: line 3: " in refusal(chain, "chain.yaml")


def test_marks_within_texts_are_none():
    text = '{"a": "[{\\"b\\": 1}]",\n "c // d": [\n[], "e,f",\n {"g": null}], h: \'i"j\',\n\'k\': -.5e3}'
    assert json5.loads(text)["k"] == -500
    assert lines_of(text) == {
        ("a",): 1, ("c // d",): 2, ("c // d", 0): 3, ("c // d", 1): 3, ("c // d", 2): 4, ("c // d", 2, "g"): 4,
        ("h",): 4, ("k",): 5,
    }  # fmt: skip


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=4)


def places(value, place=()):
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in entries:
        yield (*place, step)
        yield from places(inner, (*place, step))


@given(objects)
def test_every_place_is_found_each_on_its_line(content):
    text = json.dumps(content, indent=1)
    assert set(lines_of(text)) == set(places(content))
    assert list(lines_of(text).values()) == sorted(set(lines_of(text).values()))
    assert given_twice(text) is None
