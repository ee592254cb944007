"""A name leads to a chain that does what is asked: chat at the paths of chat, embeddings at theirs."""

import random

import pytest

from hotspare.dialects.call import Call
from hotspare.engine import admission
from hotspare.engine.admission import NotAllowed, UnknownModel, WrongOperation
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.settings import Chain, Limits, Model, Settings


def router(default=None):
    models = {name: Model(name, "p", needs_key=False) for name in ("gpt", "small", "both")}
    limits = dict.fromkeys(models, Limits())
    chains = {
        "main": Chain("main", ("gpt", "both"), limits, answers=("gpt-*",)),
        "spare": Chain("spare", ("both",), limits),
        "vectors": Chain("vectors", ("both", "small"), limits, kind="embeddings", answers=("text-*",)),
    }
    return Router(Settings(models, chains, default_chain=default), random=random.Random(1), midnight=lambda wall: 0.0)


def enter(asked, operation, default=None, chains=None):
    call = Call("openai", operation, {}, asked)
    ask = admission.admit(
        router(default),
        call,
        request_id="r1",
        run="run",
        clock=Clock(),
        caller="c",
        kind="traffic",
        only=None,
        chains=chains,
    )
    return ask.chain, ask.start


@pytest.mark.parametrize(
    ("asked", "operation", "entry"),
    [
        ("main", "chat", ("main", None)),
        ("main", "count_tokens", ("main", None)),
        ("gpt-9", "chat", ("main", None)),
        ("both", "chat", ("main", "both")),
        ("both", "embeddings", ("vectors", "both")),
        ("text-1", "embeddings", ("vectors", None)),
        ("small", "embeddings", ("vectors", "small")),
    ],
)
def test_a_name_enters_the_chain_of_its_operation(asked, operation, entry):
    assert enter(asked, operation) == entry


@pytest.mark.parametrize(
    ("asked", "operation", "path"),
    [
        ("main", "embeddings", "/v1/chat/completions or POST /v1/messages"),
        ("gpt-9", "embeddings", "/v1/chat/completions"),
        ("gpt", "embeddings", "/v1/messages"),
        ("vectors", "chat", "/v1/embeddings"),
        ("text-1", "chat", "/v1/embeddings"),
        ("small", "count_tokens", "/v1/embeddings"),
    ],
)
@pytest.mark.parametrize("default", [None, "main"])
def test_a_name_at_the_wrong_path_is_told_the_right_one(asked, operation, path, default):
    with pytest.raises(WrongOperation) as caught:
        enter(asked, operation, default)
    assert path in caught.value.hint
    assert repr(asked) in caught.value.title


def test_the_default_chain_serves_only_what_it_is_for():
    assert enter("anything", "chat", "main") == ("main", None)
    with pytest.raises(UnknownModel) as caught:
        enter("anything", "embeddings", "main")
    assert caught.value.names == ("vectors", "text-*", "both", "small")
    assert "anything" in caught.value.title


def test_names_of_a_kind_that_is_not_there_are_none():
    assert UnknownModel("x", ()).hint == "Served are: none of this kind."


# ------------------------------------------------------------ what a caller may use
def only(*names):
    return frozenset(names)


def test_a_caller_uses_the_chains_it_may_use_and_their_models():
    assert enter("main", "chat", chains=only("main")) == ("main", None)
    assert enter("gpt-9", "chat", chains=only("main")) == ("main", None)
    assert enter("both", "chat", chains=only("main")) == ("main", "both")


def test_a_model_of_several_chains_is_reached_through_the_one_that_the_caller_may_use():
    assert enter("both", "chat", chains=only("spare")) == ("spare", "both")
    assert enter("both", "embeddings", chains=only("vectors")) == ("vectors", "both")


@pytest.mark.parametrize(
    ("asked", "operation", "chains"),
    [
        ("main", "chat", only("spare")),
        ("gpt-9", "chat", only("spare")),
        ("gpt", "chat", only("spare")),
        ("both", "chat", only("vectors")),
        ("small", "embeddings", only("main", "spare")),
        ("main", "chat", only()),
    ],
)
def test_what_another_chain_answers_for_is_not_for_this_caller(asked, operation, chains):
    with pytest.raises(NotAllowed) as caught:
        enter(asked, operation, chains=chains)
    assert f"'{asked}'" in caught.value.title
    for chain in {"main", "spare", "vectors"} - chains:
        assert chain not in caught.value.hint


def test_a_caller_is_told_the_names_that_it_may_use():
    with pytest.raises(NotAllowed, match="does not open 'main'") as caught:
        enter("main", "chat", chains=only("spare"))
    assert caught.value.hint == "It opens: spare, both."


@pytest.mark.parametrize("default", [None, "main"])
def test_an_unknown_name_tells_a_caller_of_its_own_chains_alone(default):
    with pytest.raises(UnknownModel) as caught:
        enter("nobody", "chat", default, only("spare"))
    assert caught.value.names == ("spare", "both")
    assert enter("nobody", "chat", "main", only("main")) == ("main", None)


def test_an_unknown_name_for_vectors_tells_a_caller_of_its_own_chains_alone():
    with pytest.raises(UnknownModel) as caught:
        enter("nobody", "embeddings", "main", only("main"))
    assert caught.value.names == ()
