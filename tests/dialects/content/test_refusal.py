"""A refusal is known by its first words; what merely sounds like one is an answer."""

import pytest

from hotspare.dialects.content.refusal import LONGEST_REFUSAL_CHARACTERS, declines

REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I\u2019m sorry, but I can\u2019t help with that request.",
    "Sorry, I can't help with that.",
    "I'm sorry, I can't do that.",
    "I cannot help you with this. If you are in danger, please call your local emergency number.",
    "I can't assist with creating malware or any other harmful software.",
    "I am unable to assist with that request as it goes against my guidelines.",
    "I won't help with hacking into someone else's account.",
    "I'm not able to provide instructions for that.",
    "I cannot provide information on how to make such devices.",
    "As an AI language model, I cannot generate content that promotes violence or hatred of such groups.",
    "I apologize, but I cannot fulfill this request.",
    "I must decline this request.",
    "I have to respectfully decline to write that.",
    "Unfortunately, I can't comply with this request.",
    "I'm really sorry, but I can't create content like this.",
    "I will not engage in that kind of conversation.",
    "We are unable to process this request due to our content policy.",
    "My apologies, but I'm not going to write such an essay.",
    "I'm sorry, but as an AI developed to be helpful, I can't discuss that topic.",
    "  I can't fulfill that request.\n\nIs there something else I can do for you?",
    "I cannot comply with your instructions here.",
]

INNOCENT = [
    "I can't help but admire how neatly this function is written.",
    "I can't recommend the first library: it has not been updated since 2019. Use the second.",
    "I cannot stress enough how important backups are.",
    "Sorry for the confusion! The function returns a list, not a tuple.",
    "I'm sorry for your loss. Would you like to talk about your grandmother?",
    "Unfortunately, the train at 8:05 is cancelled; the next one leaves at 8:35.",
    "Unfortunately the tests still fail: line 12 divides by zero.",
    "I won't repeat the whole proof; the idea is to bound the sum by an integral.",
    "I can't find `config.yaml` in the repository. Did you mean `settings.yaml`?",
    '"I can\'t help you with that," said the innkeeper, and closed the shutters.',
    "The customer wrote: I'm sorry, but I can't assist with that date. They prefer Tuesday.",
    "I will not be available tomorrow, so please send the report today.",
    "We cannot assume that x is positive, so the square root needs care.",
    "Es tut mir leid, aber die Bibliothek hat montags geschlossen.",
    "Je suis désolé pour le retard; voici le résumé du chapitre trois.",
    "Lo siento, el archivo no existe; crea primero la carpeta.",
    "申し訳ありませんが、その便は満席です。次の便は十八時です。",
    "Боюсь, что завтра будет дождь, возьмите зонт.",
    "A refusal such as “I can't help with that” is called a rejection in the paper.",
    "Yes. Decline the invitation politely: “Thank you, but I have other plans.”",
    "I must admit that this is the best answer: 42.",
    "I can't tell from the log alone whether that request was retried.",
    "I am unable to reproduce the crash with version 3.2.",
    "Non posso che consigliare il secondo metodo: è più veloce.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_known(text):
    assert declines(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_sounds_like_one_is_an_answer(text):
    assert not declines(text)


def test_a_long_answer_says_more_than_no():
    refusal = "I can't assist with that. "
    assert declines(refusal + "x" * (LONGEST_REFUSAL_CHARACTERS - len(refusal)))
    assert not declines(refusal + "x" * (LONGEST_REFUSAL_CHARACTERS - len(refusal) + 1))


def test_there_are_enough_of_both():
    assert len(REFUSALS) >= 20
    assert len(INNOCENT) >= 20
