"""Embeddings: what is asked, and answers that must have a vector for each input."""

import base64
import json
import struct

import pytest

from hotspare.dialects import openai_embeddings
from hotspare.dialects.call import InvalidRequest
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed, Trigger

VECTOR = [0.5, -0.25, 1.0]
PACKED = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()


def read(**fields):
    return openai_embeddings.read_request(json.dumps({"model": "m", "input": "x"} | fields).encode(), {})


def answer(*vectors, **more):
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return json.dumps({"object": "list", "model": "m", "data": data, "usage": usage} | more).encode()


@pytest.mark.parametrize("asked", ["one", ["one"], [1, 2, 3], [[1, 2, 3]]])
def test_one_vector_for_one_text_however_it_is_given(asked):
    read_answer = openai_embeddings.read_answer(read(input=asked), answer(VECTOR))
    assert (read_answer.body, read_answer.dimensions) == (answer(VECTOR), 3)
    assert (read_answer.usage.input, read_answer.usage.output) == (5, 0)


@pytest.mark.parametrize("asked", ["", [], [None], {}, 7, None])
def test_an_input_that_asks_for_nothing_is_refused(asked):
    with pytest.raises(InvalidRequest) as caught:
        read(input=asked)
    assert caught.value.parameter == "input"


@pytest.mark.parametrize("fields", [{"encoding_format": "int8"}, {"dimensions": "many"}, {"encoding_format": 7}])
def test_fields_of_another_kind_are_refused(fields):
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)
    assert caught.value.parameter in fields


def test_the_caller_s_values_go_up_with_the_model_s_name_and_its_defaults():
    place = Endpoint("e", "p", "openai", "http://127.0.0.1:1/v1", "theirs", parameters={"dimensions": 3, "input": "no"})
    written = json.loads(openai_embeddings.compose(read(user="u", force_fallback=True), place).body)
    assert written == {"model": "theirs", "input": "x", "user": "u", "dimensions": 3}


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        (b"", Trigger.empty),
        (b"<html>", Trigger.malformed),
        (b'{"object":"list","data":[{"embedd', Trigger.malformed),
        (b'{"object":"list"}', Trigger.malformed),
        (answer(), Trigger.malformed),
        (answer(VECTOR), Trigger.malformed),
        (answer(VECTOR, VECTOR, VECTOR), Trigger.malformed),
        (answer(VECTOR, VECTOR[:2]), Trigger.malformed),
        (answer([], []), Trigger.malformed),
        (answer(None, None), Trigger.malformed),
        (answer("abc", "abc"), Trigger.malformed),
        (answer(VECTOR, VECTOR).replace(b'"index": 1', b'"index": 0'), Trigger.malformed),
        (answer(error={"message": "m", "type": "overloaded_error"}), Trigger.overloaded),
    ],
)
def test_what_is_no_vector_for_each_input_is_a_failure(body, trigger):
    with pytest.raises(AttemptFailed) as caught:
        openai_embeddings.read_answer(read(input=["a", "b"]), body)
    assert caught.value.trigger is trigger


def test_vectors_of_another_length_than_asked_for_are_no_answer():
    assert openai_embeddings.read_answer(read(dimensions=3), answer(VECTOR)).dimensions == 3
    with pytest.raises(AttemptFailed) as caught:
        openai_embeddings.read_answer(read(dimensions=2), answer(VECTOR))
    assert caught.value.trigger is Trigger.invalid_output


def test_the_encoding_that_was_asked_for_is_given_also_where_a_server_knows_only_the_other():
    floats = openai_embeddings.read_answer(read(encoding_format="float"), answer(PACKED))
    assert json.loads(floats.body)["data"][0]["embedding"] == VECTOR
    packed = openai_embeddings.read_answer(read(encoding_format="base64"), answer(VECTOR))
    assert json.loads(packed.body)["data"][0]["embedding"] == PACKED
    assert (floats.dimensions, packed.dimensions) == (3, 3)
    for silent in (answer(PACKED), answer(VECTOR)):
        assert openai_embeddings.read_answer(read(), silent).body == silent
    assert openai_embeddings.read_answer(read(encoding_format="base64"), answer(PACKED)).body == answer(PACKED)


@pytest.mark.parametrize("vector", ["!!!!", [1, "x"], [1e300]])
def test_a_vector_that_cannot_be_turned_into_the_other_encoding_is_malformed(vector):
    wanted = "float" if isinstance(vector, str) else "base64"
    with pytest.raises(AttemptFailed) as caught:
        openai_embeddings.read_answer(read(encoding_format=wanted), answer(vector))
    assert caught.value.trigger is Trigger.malformed


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 384])
def test_the_length_of_a_packed_vector_is_known_without_unpacking_it(length):
    packed = base64.b64encode(struct.pack(f"<{length}f", *range(length))).decode()
    assert openai_embeddings.read_answer(read(), answer(packed)).dimensions == length
