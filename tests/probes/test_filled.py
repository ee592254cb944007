"""What a simulated model gives where JSON is asked for: something that fits the schema, whatever the schema is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects.content.json_schema import mismatch
from hotspare.probes.filled import filled

ORDER = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "maxLength": 5},
        "count": {"type": "integer", "minimum": 2.5, "maximum": 9},
        "price": {"type": "number", "exclusiveMinimum": 0},
        "size": {"enum": ["s", "m"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "to": {"$ref": "#/$defs/address"},
        "gift": {"type": "boolean"},
        "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "kind": {"const": 7},
        "maybe": {"type": ["string", "null"]},
    },
    "required": ["item", "count", "price", "size", "tags", "to", "gift", "note", "kind", "maybe"],
    "additionalProperties": False,
    "$defs": {"address": {"properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


def test_it_fits_the_schema_and_says_the_words():
    made = filled(ORDER, "a long answer")
    assert mismatch(made, ORDER) is None
    assert made == {
        "item": "a lon", "count": 3, "price": 1, "size": "s", "tags": ["a long answer"] * 2,
        "to": {"city": "a long answer"}, "gift": True, "note": None, "kind": 7, "maybe": "a long answer",
    }  # fmt: skip


def test_a_schema_that_holds_itself_comes_to_an_end():
    tree = {"$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}, "$ref": "#/$defs/node"}
    assert set(filled(tree, "x")) == {"next"}


WORDS = st.sampled_from(["type", "properties", "items", "enum", "$ref", "anyOf", "minItems", "maxLength", "minimum"])
NONSENSE = st.recursive(
    st.none() | st.integers(-3, 99) | st.floats() | st.sampled_from(["object", "array", "string", "#/x", "integer"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(NONSENSE)
def test_a_schema_of_nonsense_breaks_nothing(schema):
    filled(schema, "words")


@pytest.mark.parametrize("endless", [10**9, 10**30])
def test_nobody_gets_an_endless_list(endless):
    assert len(filled({"type": "array", "minItems": endless}, "x")) == 20
