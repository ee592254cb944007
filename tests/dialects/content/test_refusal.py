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
    "I can't help with that without seeing the log. Could you paste it?",
    "I can't answer that until I know which version you run.",
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


ELSEWHERE = [
    "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
    "Tut mir leid, dabei kann ich nicht helfen.",
    "Ich kann Ihnen bei dieser Anfrage leider nicht behilflich sein.",
    "Leider kann ich diese Anfrage nicht erfüllen.",
    "Entschuldigung, das kann ich nicht tun.",
    "Ich muss diese Anfrage ablehnen.",
    "Als KI-Modell kann ich keine solchen Inhalte erstellen.",
    "Ich bin nicht in der Lage, bei diesem Thema zu helfen.",
    "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "Désolée, je ne peux pas répondre à cette demande.",
    "Je ne peux pas fournir ce type de contenu.",
    "Je ne suis pas en mesure de vous aider à ce sujet, cette demande est contraire à mes règles.",
    "Il m'est impossible de traiter votre demande.",
    "Je dois malheureusement refuser cette demande.",
    "Malheureusement, je ne peux pas vous aider.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Lo siento, no puedo cumplir con esa solicitud.",
    "No puedo proporcionar ese tipo de información.",
    "No me es posible ayudarle con esta petición.",
    "Debo rechazar esta solicitud.",
    "Lamentablemente, no puedo ayudarte.",
    "抱歉，我无法协助完成这个请求。",
    "对不起，我不能帮助您完成这类要求。",
    "很抱歉，我无法满足您的要求。",
    "我无法提供此类信息。",
    "作为一个人工智能，我不能生成这种内容。",
    "非常抱歉，我无法帮助你。",
    "申し訳ありませんが、そのリクエストにはお応えできません。",
    "申し訳ございませんが、その件についてはお手伝いできません。",
    "すみませんが、このような内容を作成することはできません。",
    "そのご質問にはお答えできません。",
    "申し訳ありません。ご要望にはお応えできかねます。",
    "申し訳ありませんが、お手伝いできません。",
]

INNOCENT_ELSEWHERE = [
    "Ich kann diese Frage nicht beantworten, ohne die Version zu kennen.",
    "Ich kann dir bei dieser Frage keine genaue Zahl geben, aber es sind etwa 300.",
    "Je ne peux pas répondre à cette question sans connaître la version.",
    "No puedo responder a esa pregunta sin conocer la versión.",
    "我无法回答这个问题，除非知道版本。",
    "Das kann ich nicht empfehlen: Die Bibliothek wird nicht mehr gepflegt.",
    "Ich kann dir dabei nicht genug Glück wünschen!",
    "Leider kann ich die Datei nicht finden. Heißt sie vielleicht anders?",
    "Ich kann nicht bestätigen, dass der Zug fährt; der Fahrplan ist von gestern.",
    "Es tut mir leid für deinen Verlust. Möchtest du darüber reden?",
    "Leider ist das Museum montags geschlossen.",
    "Ich werde diese Funktion nicht ändern, denn sie ist richtig.",
    "Tut mir leid, da habe ich mich verrechnet: Es sind 42.",
    "Damit kann ich arbeiten: Hier ist der Plan.",
    "„Dabei kann ich dir nicht helfen“, sagte der Wirt.",
    "Je ne peux pas recommander la première bibliothèque; prenez la seconde.",
    "Je suis désolé pour cette erreur; voici la bonne réponse.",
    "Malheureusement, le musée est fermé le lundi.",
    "Je ne peux pas trouver ce fichier dans le dépôt.",
    "Je ne peux pas vous aider davantage sans le journal d'erreurs; envoyez-le moi.",
    "Cette demande ne peut pas aboutir : le serveur répond 404.",
    "No puedo recomendar ese hotel: está lejos del centro.",
    "Lo siento por el retraso; aquí está el resumen de ese capítulo.",
    "No puedo encontrar este archivo en el repositorio.",
    "Lo siento, me equivoqué: son 42.",
    "No puedo dar una cifra exacta, pero son unos 300.",
    "No puedo hacer esto más sencillo: divide por dos.",
    "很抱歉，我没有找到这个文件。",
    "我无法确定这个问题的原因，需要更多日志。",
    "我不能推荐第一个库，请用第二个。",
    "抱歉，刚才算错了，答案是四十二。",
    "这个请求无法完成，因为服务器返回404。",
    "我不会忘记这个地方。",
    "申し訳ありませんが、ファイルが見つかりません。",
    "このAPIは同期呼び出しに対応できません。",
    "この関数は文字列には対応していません。",
    "この情報は公式には提供されていません。",
    "すみません、計算を間違えました。答えは四十二です。",
    "その質問は面白いですね。答えは三つあります。",
    "ご質問ありがとうございます。対応できる機種は次の通りです。",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_refusal_is_known_in_other_languages(text):
    assert declines(text)


@pytest.mark.parametrize("text", INNOCENT_ELSEWHERE)
def test_what_sounds_like_one_in_other_languages_is_an_answer(text):
    assert not declines(text)


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
