"""A value is told not to fit a schema only when it does not; what the module does not know passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects.content.json_schema import KNOWN, mismatch

ORDER = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "minLength": 1, "maxLength": 20},
        "count": {"type": "integer", "minimum": 1, "maximum": 99},
        "size": {"enum": ["s", "m", "l", None]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "minItems": 1},
        "to": {"$ref": "#/$defs/address"},
        "price": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]},
    },
    "required": ["item", "count"],
    "additionalProperties": False,
    "$defs": {"address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}},
}
FITS = {"item": "tea", "count": 2, "size": "m", "tags": ["hot"], "to": {"city": "Köln", "zip": 1}, "price": 2.5}

FAULTS = [
    ([], "$ is a list, not object"),
    ("tea", "$ is a string, not object"),
    (None, "$ is null, not object"),
    ({"item": "tea"}, "$ lacks count"),
    (FITS | {"count": "2"}, "$.count is a string, not integer"),
    (FITS | {"count": 2.5}, "$.count is a number, not integer"),
    (FITS | {"count": True}, "$.count is a boolean, not integer"),
    (FITS | {"count": 0}, "$.count is less than 1"),
    (FITS | {"count": 100}, "$.count is more than 99"),
    (FITS | {"item": ""}, "$.item has fewer characters than 1"),
    (FITS | {"item": "x" * 21}, "$.item has more characters than 20"),
    (FITS | {"size": "xl"}, "$.size is none of the values that are allowed"),
    (FITS | {"tags": []}, "$.tags has fewer items than 1"),
    (FITS | {"tags": ["a", "b", "c"]}, "$.tags has more items than 2"),
    (FITS | {"tags": ["a", 1]}, "$.tags[1] is a number, not string"),
    (FITS | {"to": {}}, "$.to lacks city"),
    (FITS | {"to": {"city": None}}, "$.to.city is null, not string"),
    (FITS | {"price": 0}, "$.price fits none of its alternatives"),
    (FITS | {"price": "2"}, "$.price fits none of its alternatives"),
    (FITS | {"colour": "green"}, "$.colour must not be there"),
]

PASSES = [
    (FITS, ORDER),
    (FITS | {"count": 2.0, "size": None, "price": None}, ORDER),
    (1, {"const": 1.0}),
    ({"a": [1, {"b": 2}]}, {"const": {"a": [1.0, {"b": 2}]}}),
    ("x", {"pattern": "^y$"}),
    ("x", {"format": "date-time"}),
    ("x", {"not": {"type": "string"}}),
    ([1, 1], {"uniqueItems": True}),
    ({"x1": 1}, {"patternProperties": {"^x": {}}, "additionalProperties": False}),
    ("x", {"$ref": "https://example.com/schema.json"}),
    ("x", {"$ref": "#/$defs/none"}),
    ("x", {"$ref": "#anchor"}),
    (None, {"type": "string", "nullable": True}),
    ("x", {"type": "novelty"}),
    ("x", {"oneOf": [{"pattern": "x"}, {"pattern": "y"}]}),
    ("x", {"anyOf": []}),
    ([1, "a", 2], {"prefixItems": [{"type": "integer"}, {"type": "string"}]}),
    ([1, "a"], {"items": [{"type": "integer"}]}),
    ({}, {"properties": [], "required": "x", "enum": 3, "minimum": "a", "allOf": {}}),
    ("x", True),
    ("x", {}),
    ("x", 17),
    ("x" * 3, {"minimum": 10}),
    (3, {"minLength": 10}),
]


@pytest.mark.parametrize(("value", "fault"), FAULTS)
def test_what_does_not_fit_is_told_with_its_place(value, fault):
    assert mismatch(value, ORDER) == fault


@pytest.mark.parametrize(("value", "schema"), PASSES)
def test_what_fits_or_is_not_known_passes(value, schema):
    assert mismatch(value, schema) is None


def test_there_are_enough_of_both():
    assert len(FAULTS) >= 20
    assert len(PASSES) >= 20


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({}, {"minProperties": 1}),
        ({"a": 1}, {"maxProperties": 0}),
        (1, {"exclusiveMaximum": 1}),
        (True, {"const": 1}),
        (True, {"enum": [1]}),
        ([1, 2], {"const": [1]}),
        ({"a": 1}, {"const": {"b": 1}}),
        ("x", {"allOf": [{}, {"type": "number"}]}),
        ("x", {"oneOf": [{"type": "number"}, {"type": "null"}]}),
        (["a"], {"items": [{"type": "integer"}]}),
        ([1, 2], {"items": [{"type": "integer"}], "additionalItems": False}),
        ([1, "b"], {"prefixItems": [{}], "items": {"type": "integer"}}),
        ({"a": "x"}, {"additionalProperties": {"type": "integer"}}),
        ("x", False),
        (1, {"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"type": "string"}}}),
        ({"next": {"next": 1}}, {"type": "object", "properties": {"next": {"$ref": "#"}}}),
    ],
)
def test_each_keyword_counts(value, schema):
    assert mismatch(value, schema) is not None


def test_every_known_keyword_is_tried_here():
    tried = repr(FAULTS) + repr(PASSES) + repr(ORDER)
    assert [
        name
        for name in KNOWN
        if f"'{name}'" not in tried and name not in ("minProperties", "maxProperties", "exclusiveMaximum")
    ] == []


def test_references_that_multiply_or_circle_are_bounded():
    defs = {"a0": {"type": "object"}} | {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n - 1}"}] * 2} for n in range(1, 60)}
    assert mismatch({}, {"$defs": defs, "$ref": "#/$defs/a59"}) is None
    assert mismatch({}, {"$ref": "#"}) is None
    assert (
        mismatch({}, {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}) is None
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYWORDS = st.dictionaries(st.sampled_from([*KNOWN, "not", "if", "$id"]), JSON, max_size=4)


@given(JSON, KEYWORDS | JSON)
def test_no_schema_raises(value, schema):
    mismatch(value, schema)


@given(JSON)
def test_a_value_fits_its_own_likeness(value):
    assert mismatch(value, {"const": value, "enum": [value]}) is None


@pytest.mark.parametrize("value", ["b", 5, 1.5, None, True, ["b"]])
def test_only_an_object_can_lack_a_required_key(value):
    assert mismatch(value, {"required": ["a"]}) is None
    assert mismatch({"b": 1}, {"required": ["a"]}) is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": {"b": [0]}}, {"a": {"b": [False]}}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([{"a": 1}], [{"a": 1.0}], True),
        ([1, 0], [1, False], False),
        ([1], [1, 1], False),
    ],
)
def test_true_is_not_one_however_deep_it_stands(one, other, same):
    assert (mismatch(one, {"const": other}) is None) is same
    assert (mismatch(one, {"enum": ["x", other]}) is None) is same
