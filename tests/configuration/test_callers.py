"""Callers with tokens of their own: who they are, what they may use, and what is refused before anything starts."""

import pytest

from hotspare.configuration.compiled import CallerSettings
from hotspare.configuration.load import read as look

TOKENS = {"SHOP": " shop-token-1 ", "DESK": "desk-token-2", "GATE": "gate-token-3"}

SHOP = '[[callers]]\nname = "shop"\ntoken_env = "SHOP"\n'
DESK = '[[callers]]\nname = "desk"\ntoken_env = "DESK"\nchains = ["main"]\n'
GATE = '[gateway]\ntoken_env = "GATE"\n'


def test_each_caller_has_a_token_and_the_chains_it_may_use(read, small, states):
    found = read(GATE + SHOP + DESK + small, environ=TOKENS)
    assert found.gateway.callers == (
        CallerSettings("shop", "shop-token-1", None),
        CallerSettings("desk", "desk-token-2", ("main",)),
    )
    assert {state for key, state in states(found).items() if key.startswith("callers")} == {"in force"}


def test_tokens_are_not_shown(read, small):
    found = read(GATE + SHOP + small, environ=TOKENS)
    assert not [token for token in TOKENS.values() if token.strip() in repr(found)]


def test_callers_alone_are_enough_to_listen_to_others(read, refusal, small):
    open_to_others = '[gateway]\nhost = "0.0.0.0"\n'
    assert read(open_to_others + DESK + small, environ=TOKENS).gateway.host == "0.0.0.0"
    assert "no token is asked for" in refusal(open_to_others + small)


@pytest.mark.parametrize(
    ("callers", "said"),
    [
        (SHOP + SHOP.replace("SHOP", "DESK"), "the caller shop is given twice"),
        (
            DESK.replace("main", "nowhere"),
            "callers[0].chains holds nowhere, which is no chain of this file | it has: main",
        ),
        (DESK.replace('["main"]', "[]"), "callers[0].chains is empty"),
        (SHOP.replace("SHOP", "NOT_SET"), "callers[0].token_env names NOT_SET, which is empty or not set"),
        (
            SHOP + DESK.replace("DESK", "SAME"),
            "callers[1].token_env names SAME, which holds the same token as callers[0]",
        ),
        (
            SHOP + DESK.replace("DESK", "SHOP"),
            "callers[1].token_env names SHOP, which holds the same token as callers[0]",
        ),
        (GATE + SHOP.replace("SHOP", "GATE"), "which holds the same token as gateway.token_env"),
        (SHOP.replace("SHOP", "SHORT"), "callers[0].token_env names SHORT, which is shorter than 8 characters"),
        (GATE.replace("GATE", "SHORT"), "gateway.token_env names SHORT, which is shorter than 8 characters"),
        (SHOP.replace("SHOP", "ODD"), "callers[0].token_env names ODD, which holds characters that no token may have"),
        (SHOP.replace('token_env = "SHOP"', ""), "the required key callers[0].token_env is missing"),
    ],
)
def test_callers_that_could_be_taken_for_others_are_refused(refusal, small, callers, said):
    hostile = TOKENS | {
        "SHORT": "seven77",
        "ODD": "tok\u00e9n\u0007-long-enough",
        "SAME": "shop-token-1",
        "NOT_SET": "  ",
    }
    sentence = refusal(callers + small, environ=hostile)
    assert said in sentence
    assert not [token for token in hostile.values() if token.strip() and token.strip() in sentence]


def test_a_token_of_eight_characters_is_long_enough(read, small):
    assert read(GATE + small, environ={"GATE": "eight888"}).gateway.token == "eight888"


def test_whoever_only_looks_needs_no_tokens(write, small, environ, today):
    found = look(write(GATE + SHOP + small), environ, today=today)
    assert (found.gateway.token, found.gateway.callers) == (None, ())
