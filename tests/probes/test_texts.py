from collections import Counter
from random import Random

import pytest

from hotspare.probes import texts
from hotspare.probes.callers import CALLERS, errands


@pytest.mark.parametrize("topic", texts.TOPICS)
def test_every_question_is_answered_in_its_topic(topic):
    def filled_from(template, text):
        return all(piece.split("}")[-1] in text for piece in template.split("{"))

    for seed in range(30):
        asked = texts.question(topic, Random(seed))
        said = texts.answer(asked, Random(seed + 1000))
        assert any(filled_from(template, said) for template in texts.TOPICS[topic].answers), asked


def test_no_text_keeps_a_placeholder():
    for topic in texts.TOPICS:
        for seed in range(30):
            asked = texts.question(topic, Random(seed))
            assert "{" not in asked + texts.answer(asked, Random(seed))


def test_a_prompt_of_no_topic_is_told_that_the_model_is_simulated():
    said = texts.answer("Why is the sky blue?", Random(3))
    assert "simulated model" in said
    assert "5 words" in said


def test_a_prompt_with_braces_is_only_a_prompt():
    assert "simulated model" in texts.answer("{0} {words.__class__}", Random(3))


def test_all_callers_together_ask_about_forty_times_a_minute():
    assert sum(caller.rhythm.per_minute for caller in CALLERS) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_a_rhythm_keeps_its_average(caller):
    gaps = caller.rhythm.gaps(Random(5))
    seconds = sum(next(gaps) for _ in range(3000))
    assert 3000 / seconds * 60 == pytest.approx(caller.rhythm.per_minute, rel=0.05)


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_every_caller_is_heard_within_the_first_seconds(caller):
    assert all(next(caller.rhythm.gaps(Random(seed))) <= 2 for seed in range(50))


@pytest.mark.parametrize("seed", range(20))
def test_the_first_seconds_are_as_lively_as_the_rest(seed):
    random, asked = Random(seed), []
    for caller in CALLERS:
        at, gaps = 0.0, caller.rhythm.gaps(random)
        while (at := at + next(gaps)) < 20:
            asked.append(at)
    for begins in (0, 5, 10, 15):
        assert sum(begins <= at < begins + 5 for at in asked) >= 1
    assert len(asked) >= 40 * 20 / 60


def test_the_same_chance_gives_the_same_errands():
    for caller in CALLERS:
        first, second = errands(caller, Random(9)), errands(caller, Random(9))
        assert [next(first) for _ in range(20)] == [next(second) for _ in range(20)]


def test_sessions_end_after_their_requests():
    caller = CALLERS[0]
    asked = errands(caller, Random(2))
    sessions = Counter(next(asked).session for _ in range(caller.session_requests * 3))
    assert list(sessions.values()) == [caller.session_requests] * 3
