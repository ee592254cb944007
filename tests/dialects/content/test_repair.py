"""JSON is freed of what stands around it, and of nothing else; what is cut off or ambiguous stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects.content.repair import REPAIRED_CHARACTERS, parsed, repaired

ORDER = '{"item": "tea", "count": 2}'

BROKEN = {
    f"```json\n{ORDER}\n```": "code fence",
    f"```\n{ORDER}\n```": "code fence",
    f"Here is the JSON you asked for:\n\n```json\n{ORDER}\n```\n\nLet me know if it helps!": "code fence",
    f"Sure! {ORDER}": "text around it",
    f"{ORDER}\n\nI hope this helps.": "text around it",
    f"Voici la réponse : {ORDER} — bonne journée !": "text around it",
    f"答えは次のとおりです。{ORDER}": "text around it",
    f"JSON: {ORDER};": "text around it",
    f"<think>They want tea. {{two}} cups.</think>\n{ORDER}": "text around it",
    f"<think>They want tea.</think>```json\n{ORDER}```": "code fence",
    '{"item": "tea", "count": 2,}': "trailing commas",
    '{"item": "tea", "count": 2, }': "trailing commas",
    '{"items": [1, 2, 3,], "count": 3}': "trailing commas",
    '{"items": [{"a": 1,},\n],\n}': "trailing commas",
    '```json\n{"item": "tea", "count": 2,\n}\n```': "code fence and trailing commas",
    'Result: {"item": "tea",}': "text around it and trailing commas",
    '{"said": "a, }", "x": [",]",],}': "trailing commas",
    'The object is {"nested": {"deep": {"er": [[]]}}} as requested.': "text around it",
    'Antwort: {"text": "mit \\"Zitat\\" und } Klammer"} Ende': "text around it",
    f"\ufeff{ORDER}": "text around it",
    f"json\n{ORDER}": "text around it",
}

LEFT_ALONE = [
    "",
    "I'm sorry, but I can't assist with that.",
    '{"item": "tea", "count": ',
    '{"item": "tea", "items": [1, 2',
    '{"item": "tea"',
    f"{ORDER}\n{ORDER}",
    f"Either {ORDER} or {ORDER}",
    f"[{ORDER}]",
    f"see [1]: {ORDER}",
    f"{ORDER} and [1, 2]",
    "{'item': 'tea'}",
    "{item: 'tea'}",
    '{"ok": True}',
    '{"value": NaN}',
    '{"value": 1 /* one */}',
    '{"a": 1 "b": 2}',
    '{"a": "line\nbreak"}',
    '{"a": 1,,}',
    "[1, 2, 3",
    "```json\n```",
    "}{",
    '{"a": "unended}',
]


@pytest.mark.parametrize(("text", "done"), BROKEN.items())
def test_what_stands_around_json_is_left_out(text, done):
    with pytest.raises(ValueError, match=r"."):
        parsed(text)
    fixed = repaired(text)
    assert fixed is not None
    assert fixed.done == done
    assert json.loads(fixed.text) == fixed.value


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_could_mean_anything_else_is_left_alone(text):
    assert repaired(text) is None


def test_there_are_enough_of_both():
    assert len(BROKEN) >= 20
    assert len(LEFT_ALONE) >= 20


def test_a_list_is_found_where_one_is_wanted():
    fixed = repaired('Sure: [{"a": 1}, {"a": 2}]', "[")
    assert fixed is not None
    assert fixed.value == [{"a": 1}, {"a": 2}]


def test_commas_inside_strings_stay():
    assert repaired('{"said": "a, }", "x": [",]",],}').value == {"said": "a, }", "x": [",]"]}


def test_what_is_too_long_is_left_alone():
    text = f"Sure! {ORDER} " + "x" * REPAIRED_CHARACTERS
    assert repaired(text) is None
    assert repaired(text[:REPAIRED_CHARACTERS]) is not None


WORDS = st.text(alphabet='ab{}[],:"\\ \n`é😀', max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(WORDS, VALUES, max_size=3), st.text(alphabet='ab,:"\\ \n`é😀', max_size=12))
def test_a_value_survives_whatever_is_put_around_it(value, around):
    fixed = repaired(f"{around} {json.dumps(value)} {around}")
    assert fixed is not None
    assert fixed.value == value


@given(st.text(alphabet='{}[]",:\\ a1<think>/`\n'))
def test_what_comes_out_is_json_and_was_there(text):
    fixed = repaired(text)
    if fixed is not None:
        assert json.loads(fixed.text) == fixed.value
        assert isinstance(fixed.value, dict)


HOSTILE = ['{"' + '\\"' * 100_000, "{" * 200_000, '"' * 200_000, ", " * 100_000, "<think>" * 30_000, "\n" * 200_000]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_costs_little(hostile):
    assert repaired(hostile) is None
    assert repaired("{" + hostile) is None


def test_numbers_of_any_size_are_json_and_nan_is_none():
    assert parsed("1" * 400) == int("1" * 400)
    for constant in ("NaN", "Infinity", '{"a": -Infinity}'):
        with pytest.raises(ValueError, match=r"JSON|malformed"):
            parsed(constant)
    with pytest.raises(ValueError, match=r"."):
        parsed("[" * 100_000)
