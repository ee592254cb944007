"""Two texts that mean the same in other words, and two that differ in the one thing that matters."""

import pytest

from hotspare.dialects.content import nearness
from hotspare.dialects.content.nearness import LONGEST_TEXT_CHARACTERS, difference, sense_of

REWORDED = [
    ("How do I enable dark mode?", "What's the way to turn on dark mode?"),
    ("What is the capital of France?", "Which city is the capital of France?"),
    ("How can I reset my password?", "I forgot my password, how do I reset it?"),
    ("How do I fix a flat tire?", "What's the best way to repair a flat tire?"),
    ("What is 17 x 23?", "Calculate 17 times 23"),
    ("Explain recursion", "Can you explain what recursion is?"),
    ("How do I sort a list in Python?", "In Python, how do I sort a list?"),
    ('Translate "hello" to French', 'How do you say "hello" in French?'),
    ("What's the difference between TCP and UDP?", "How do TCP and UDP differ?"),
    ("How do I undo the last commit in git?", "git: how can I undo my last commit?"),
    ("Convert 5 miles to kilometers.", "How many kilometers are 5 miles?"),
    ("Give me a summary of Romeo and Juliet", "Please summarise Romeo and Juliet"),
]
"""Twelve that should be taken for one another."""

NEAR_MISSES = [
    ("What is 17 x 23?", "What is 17 x 32?"),
    ("How do I enable two-factor authentication?", "How do I disable two-factor authentication?"),
    ("What should I eat before a run?", "What should I eat after a run?"),
    ("What is the capital of Australia?", "What is the capital of Austria?"),
    ("Convert 100 USD to EUR", "Convert 100 EUR to USD"),
    ("Is it safe to take ibuprofen with alcohol?", "Is it not safe to take ibuprofen with alcohol?"),
    ("What's the weather on Monday?", "What's the weather on Tuesday?"),
    ("How much does it weigh in kg?", "How much does it weigh in pounds?"),
    ("How do I install Python 2?", "How do I install Python 3?"),
    ("Does Alice manage Bob?", "Does Bob manage Alice?"),
    ("What is the maximum upload size?", "What is the minimum upload size?"),
    ("What was revenue in Q1 2023?", "What was revenue in Q2 2023?"),
]
"""Twelve that never may."""

MORE_REWORDED = [
    ("Who wrote Hamlet?", "Who is the author of Hamlet?"),
    ("How tall is Mount Everest?", "What is the height of Mount Everest?"),
    ("What causes rain?", "What is the cause of rain?"),
    ("How do I cancel my subscription?", "I want to cancel my subscription, how does that work?"),
    ("Tell me a joke about cats", "Could you please tell me a joke about a cat?"),
    ("How do I delete a branch in git?", "Deleting a branch in git"),
    ("What does HTTP 404 mean?", "Meaning of HTTP 404"),
    ("How do I change my email address?", "I would like to change my email address"),
    ("Why is the sky blue?", "Can you tell me why the sky is blue?"),
    ("How do I center a div in CSS?", "What is the way to center a div using CSS?"),
    ("Set up two-factor authentication", "How can I set up two-factor authentication?"),
    ("Turn the lights on", "Switch on the lights"),
    ("Give me 1,000 words on tea", "1000 words about tea, please"),
    ("Why doesn't my build work?", "Why is my build not working?"),
]
MORE_NEAR_MISSES = [
    ("Why does my build work?", "Why does my build not work?"),
    ("Who wrote Hamlet?", "Who wrote Macbeth?"),
    ("How many days are in February 2024?", "How many days are in February 2023?"),
    ("Convert 5 miles to kilometres", "Convert 5 kilometres to miles"),
    ("What is the boiling point of water?", "What is the freezing point of water?"),
    ("List the files in the folder", "List the hidden files in the folder"),
    ("What's the best restaurant in town?", "What's the best vegan restaurant in town?"),
    ("restaurants in Rome", "restaurants in Rome that are vegan"),
    ("How do I sort a list in Python?", "How do I sort a list in Java?"),
    ("When was Einstein born?", "When did Einstein die?"),
    ("When was Einstein born?", "Where was Einstein born?"),
    ("What is 5 + 3?", "What is 5 - 3?"),
    ("What's the weather in Paris?", "What's the weather in Paris tomorrow?"),
    ("How do I reset my password?", "How do I reset my router?"),
    ("How long does it take to fly from Paris to London?", "How long does it take to fly from London to Paris?"),
    ("Turn the lights on", "Turn the lights off"),
    ("All cats are mammals, true?", "All mammals are cats, true?"),
    ("Is the shop open on Sunday?", "Is the shop closed on Sunday?"),
    ("What does `rm` do?", "What does `mv` do?"),
    ("Give me 5 names for a cat", "Give me 10 names for a cat"),
    ("Give me two names for a cat", "Give me three names for a cat"),
    ("Can I get tea for $4?", "Can I get tea for $5?"),
    ("When does the plan start?", "When does the plane start?"),
    ("Can I park here?", "Can't I park here?"),
    ("Is x < y?", "Is x > y?"),
    ("What is the meaning of file.txt?", "What is the meaning of file.csv?"),
    ("Convert json to yaml", "Convert yaml into json"),
    ("Wie hoch ist die Zugspitze?", "Wie alt ist die Zugspitze?"),
    ("Darf ich hier parken?", "Darf ich hier nicht parken?"),
    ("\u6cd5\u56fd\u7684\u9996\u90fd\u662f\u4ec0\u4e48", "\u5fb7\u56fd\u7684\u9996\u90fd\u662f\u4ec0\u4e48"),
]


def told_apart(one, other):
    found = difference(sense_of(one), sense_of(other))
    assert bool(found) == bool(difference(sense_of(other), sense_of(one))), "it must not matter which came first"
    return found


@pytest.mark.parametrize(("one", "other"), REWORDED + MORE_REWORDED)
def test_a_rewording_means_the_same(one, other):
    assert told_apart(one, other) == ""


@pytest.mark.parametrize(("one", "other"), NEAR_MISSES + MORE_NEAR_MISSES)
def test_a_near_miss_is_told_apart(one, other):
    assert told_apart(one, other)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("pay 3 men", "pay 4 men", "facts"),
        ("wait 3 days", "wait 3 weeks", "facts"),
        ("is it red?", "is it not red?", "facts"),
        ('say "yes"', 'say "no"', "facts"),
        ("who won, please?", "when won, please?", "facts"),
        ("the red house", "the blue house", "words"),
        ("ask about tea", "ask about green tea", "words"),
        ("reset my password", "I lost, and forgot, my password: reset it", "words"),
        ("tell Ann a story", "tell a story", "words"),
        ("ship it to the US", "ship it to us", "words"),
        ("go up the hill", "go down the hill", "words"),
        ("can I park here", "must I park here", "opposites"),
        ("dog bites old man", "man bites old dog", "order"),
        ("json to yaml", "yaml into json", "order"),
        ("trains to paris from rome", "trains to rome from paris", "order"),
    ],
)
def test_it_is_known_what_tells_them_apart(one, other, why):
    assert told_apart(one, other) == why


@pytest.mark.parametrize("text", ["", "   ", "?!", "what is it?", "x" * (LONGEST_TEXT_CHARACTERS + 1)])
def test_what_says_nothing_or_too_much_is_not_compared(text):
    assert sense_of(text) is None


def test_numbers_alone_say_something():
    assert told_apart("17 x 23", "17 * 23") == ""
    assert told_apart("17 x 23", "17 + 23")


def test_short_words_keep_their_end():
    assert {nearness.plain_form(word) for word in ("plan", "plane", "car", "care")} == {"plan", "plane", "car", "care"}
    assert nearness.plain_form("changing") == nearness.plain_form("changes") == nearness.plain_form("altered")
