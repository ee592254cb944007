"""Chains of embeddings in our TOML: in force, and strict about vector spaces."""

import pytest

from hotspare.configuration.vector_lengths import vector_length

CHAIN = '[chains.vectors]\nkind = "embeddings"\nmodels = ["small", "large"]\n'
MODELS = "".join(
    f'[[models]]\nname = "{name}"\nprovider = "openai"\nmodel = "text-embedding-3-{name}"\n'
    for name in ("small", "large")
)


@pytest.mark.parametrize(
    ("line", "falls_back"), [("", False), ("equivalent = false\n", False), ("equivalent = true\n", True)]
)
def test_another_model_may_answer_only_where_the_file_says_equivalent(read, small, states, line, falls_back):
    found = read(small + MODELS + CHAIN + line)
    chain = found.settings.chains["vectors"]
    assert (chain.kind, chain.falls_back) == ("embeddings", falls_back)
    assert states(found)["chains.vectors.kind"] == "in force"
    if line:
        assert states(found)["chains.vectors.equivalent"] == "in force"
    assert found.settings.chains["main"].falls_back


def test_vectors_are_measured_against_those_of_the_models_before(read, small):
    endpoints = read(small + MODELS + CHAIN).endpoints
    assert (endpoints["small"].vectors_like, endpoints["large"].vectors_like) == ((), ("small",))
    assert endpoints["gpt"].vectors_like == ()


def test_the_length_of_well_known_models_is_known_before_they_answer(read, small):
    tuned = MODELS.replace(
        '"text-embedding-3-large"\n', '"text-embedding-3-large"\nparameters = { dimensions = 256 }\n'
    )
    endpoints = read(small + MODELS + CHAIN).endpoints
    assert [endpoints[name].vector_length for name in ("small", "large", "gpt")] == [1536, 3072, None]
    assert read(small + tuned + CHAIN).endpoints["large"].vector_length is None


def test_a_tag_changes_no_length():
    assert vector_length("nomic-embed-text:latest", {}) == 768
