"""How a refusal begins in other languages than English: one pattern for each, for lower case and single blanks.

Each wants what the English one does: the speaker can't or won't, and what it can't is the request itself, or helping
with it. "I can't find the file" is an answer in any language.
"""

from collections.abc import Mapping

_REST = r"[^.!?\n]{0,80}?"
_END = r"(?:[.!,;:]|$)"

# ------------------------------------------------------------------ German
_DE_SORRY = r"(?:(?:es )?tut mir (?:sehr |wirklich )?leid|entschuldigung|entschuldige|leider|ich bedaue?re|verzeihung)"
_DE_REQUEST = (
    r"(?:diese[rsmn]? (?:anfrage|bitte|frage|aufgabe|wunsch|anliegen|thema|inhalt)e?n?"
    r"|(?:ihrer?|deiner?|ihrem|deinem) (?:anfrage|bitte|wunsch|anliegen)"
    r"|(?:solche[rsmn]?|derartige[rsmn]?) \w+)"
)
_DE_I = (
    r"(?:(?:dabei|damit|hierbei|da|das|dies|hier) )?(?:ich (?:kann|darf|werde|möchte)|(?:kann|darf|werde|möchte) ich)\b"
)
_GERMAN = (
    rf"(?:{_DE_SORRY}[,.!:;]? ?(?:aber |doch |dass )?)?(?:als ki[-\w]*(?: \w+){{0,5}}?,? )?"
    rf"(?:{_DE_I}{_REST}\b(?:dabei|damit|hierbei|dazu|bei {_DE_REQUEST})\b{_REST}\b(?:nicht|keine)\b{_REST}"
    r"(?:helfen|behilflich sein|unterstützen|weiterhelfen)"
    rf"|(?:dabei|damit|hierbei|da) (?:kann|darf|werde) ich{_REST}\bnicht "
    r"(?:weiter)?(?:helfen|behilflich sein|unterstützen)"
    rf"|{_DE_I}{_REST}\b{_DE_REQUEST}{_REST}\b(?:nicht|keine[rn]?)\b"
    r"(?: \w+)? (?:erfüllen|nachkommen|bearbeiten|beantworten|entsprechen|ausführen|erstellen|bereitstellen|schreiben"
    r"|geben)"
    rf"|{_DE_I}{_REST}\bkeine (?:solchen|derartigen) {_REST}(?:erstellen|bereitstellen|schreiben|geben|anbieten)"
    rf"|ich muss {_REST}\b(?:{_DE_REQUEST}|das|dies) (?:leider )?(?:ablehnen|zurückweisen)"
    rf"|ich bin nicht in der lage,? {_REST}\b(?:{_DE_REQUEST}|dabei|damit)\b)"
    rf"|(?:{_DE_SORRY}[,.!:;]? ?(?:aber )?)(?:das|dies) kann ich (?:leider )?nicht"
    rf"(?: tun| machen| beantworten)?{_END}"
    rf"|(?:{_DE_SORRY}[,.!:;]? ?(?:aber )?)ich kann (?:(?:ihnen|dir|euch) )?(?:dabei |damit )?nicht helfen{_END}"
)

# ------------------------------------------------------------------ French
_FR_SORRY = (
    r"(?:(?:je suis |nous sommes )?(?:vraiment |sincèrement )?désolée?s?"
    r"|je regrette|malheureusement|pardon|je m'excuse)"
)
_FR_CANNOT = (
    r"(?:je ne (?:peux|puis|veux|vais|saurais|pourrai) pas|je ne saurais|nous ne pouvons pas"
    r"|je ne suis pas (?:en mesure|capable|autorisée?|habilitée?) (?:de|à)|il m'est impossible de|je refuse de)"
)
_FR_REQUEST = (
    r"(?:cette (?:demande|requête|question|tâche)|votre (?:demande|requête)|ta (?:demande|requête)|ce sujet"
    r"|ce (?:type|genre) de \w+|(?:un|de) tel(?:le)?s? \w+|de tel(?:le)?s?\b|cela|ça)"
)
_FRENCH = (
    rf"(?:{_FR_SORRY}[,.!:;]? ?(?:mais |cependant,? )?)?(?:en tant qu'(?:ia|intelligence)[^,.]{{0,60}}, ?)?"
    rf"(?:{_FR_CANNOT} (?:(?:vous|t')? ?(?:aider|assister|accompagner))"
    rf"(?: (?:à|avec|dans|pour|sur) {_REST}{_FR_REQUEST}|{_END})"
    rf"|{_FR_CANNOT} (?:(?:vous|te) )?(?:répondre à|accéder à|satisfaire|traiter|fournir|créer|générer|produire|écrire"
    rf"|rédiger|donner|discuter|aborder|participer à|faire|donner suite à|continuer){_REST}\b{_FR_REQUEST}"
    rf"|je (?:dois|suis (?:obligée?|contrainte?) de) (?:\w+ment )?(?:refuser|décliner) {_REST}{_FR_REQUEST})"
)

# ------------------------------------------------------------------ Spanish
_ES_SORRY = (
    r"(?:lo siento(?: mucho)?|lo lamento|lamentablemente|perdón|perdona|disculpa|disculpe|me temo que|lamento que)"
)
_ES_CANNOT = (
    r"(?:no (?:te |le |les )?(?:puedo|podemos|podré|voy a|quiero)|no me es posible|no estoy en condiciones de"
    r"|no soy capaz de|no estoy autorizad[oa] (?:a|para)|me niego a)"
)
_ES_REQUEST = (
    r"(?:es[ao]s?|est[aeo]s?|tal(?:es)?|ese tipo|este tipo|(?:tu|su) (?:solicitud|petición|pedido|pregunta))\b"
)
_SPANISH = (
    rf"(?:{_ES_SORRY}[,.!:;]? ?(?:pero )?)?(?:como (?:ia|inteligencia|modelo)[^,.]{{0,60}}, ?)?"
    rf"(?:{_ES_CANNOT} (?:ayudar|asistir|colaborar|apoyar)(?:te|le|les|los|nos)?"
    rf"(?: (?:con|en|a) {_REST}{_ES_REQUEST}|{_END})"
    rf"|{_ES_CANNOT} (?:cumplir|proporcionar|crear|generar|producir|escribir|responder|atender|ofrecer|dar|discutir"
    rf"|participar|procesar|completar|satisfacer|hacer|continuar)(?:te|le|les)?{_REST}"
    rf"\b(?:es[ao]|est[ao]|tal(?:es)?|ese tipo|este tipo|(?:tu|su)) ?(?:solicitud|petición|pedido|pregunta|tipo"
    rf"|contenido|tema|tarea|clase|información|instrucciones|de)?\b(?={_END}| de | porque| ya que)"
    rf"|debo (?:\w+mente )?(?:rechazar|declinar) {_REST}{_ES_REQUEST})"
)

# ------------------------------------------------------------------ Chinese
_ZH_SORRY = r"(?:(?:非常|很|十分|真的)?(?:抱歉|对不起|不好意思|遗憾)[,，。!！、 ]?\s?(?:但是?|不过)?[,，]?\s?)"
_ZH_CANNOT = r"(?:无法|不能|没办法|没有办法|不可以|不会|不便|拒绝)"
_ZH_REQUEST = r"(?:这个|这类|此类|这种|这样的|这一|该|此|您的|你的|上述|那个|那种|有害|违法)"
_CHINESE = (
    rf"{_ZH_SORRY}?(?:作为[^，。,]{{0,24}}[，,]\s?)?(?:我们?|本人){_ZH_CANNOT}"
    rf"(?:(?:为|向|给|帮)(?:您|你))?(?:帮助|协助|提供|回答|满足|完成|处理|讨论|生成|创作|参与|支持|回应|撰写|编写)"
    rf"(?:您|你)?[^。！？!?\n]{{0,16}}?{_ZH_REQUEST}[^。！？!?\n]{{0,12}}"
    r"(?:请求|要求|问题|内容|话题|行为|主题|任务|信息|活动|需求|帮助|对话|事情|事)"
    rf"|{_ZH_SORRY}(?:我们?){_ZH_CANNOT}(?:帮助|协助|帮|帮到|满足)(?:您|你)?"
    r"(?:的?(?:请求|要求|需求)|这个|这件事|做这件事|做这个)?(?:[。！!,，]|$)"
)

# ------------------------------------------------------------------ Japanese
_JA_SORRY = (
    r"(?:(?:大変|誠に)?(?:申し訳(?:ありません|ございません|ないのですが|ないですが)|すみません|ごめんなさい|恐れ入ります)"
    r"(?:が|けれど|けど)?[、,。 ]?\s?)"
)
_JA_REQUEST = (
    r"(?:(?:その|この|そのような|このような|こうした|そういった)(?:ご)?"
    r"(?:リクエスト|要求|依頼|要望|質問|内容|お願い|件|話題|行為|コンテンツ|情報)"
    r"|ご(?:リクエスト|要求|依頼|要望|質問)(?:の内容)?|お手伝い|お力に)"
)
_JA_CANNOT = r"(?:できません|できかねます|いたしかねます|しかねます|なれません|お断り(?:します|いたします))"
_JAPANESE = (
    rf"{_JA_SORRY}?(?:[^。、]{{0,24}}として、)?(?:私は|私には)?{_JA_REQUEST}[^。\n]{{0,24}}?"
    rf"(?:お応え|応じ|対応|お答え|答え|手伝い|提供|支援|協力|作成|生成|力に|参加|こと(?:は|が)"
    rf"|お受け)[^。\n]{{0,12}}?{_JA_CANNOT}"
    rf"|{_JA_SORRY}[^。\n]{{0,8}}(?:お手伝い|お答え|対応)(?:することは|することが|は)?(?:できません|できかねます|いたしかねます)(?:[。！]|$)"
)

OTHER_LANGUAGES: Mapping[str, str] = {
    "German": rf"(?:{_GERMAN})(?!,? (?:ohne|bevor|solange|bis)\b)",
    "French": rf"(?:{_FRENCH})(?!,? (?:sans|avant|tant que)\b)",
    "Spanish": rf"(?:{_SPANISH})(?!,? (?:sin|antes|hasta|mientras)\b)",
    "Chinese": rf"(?:{_CHINESE})(?![,，]?除非)",
    "Japanese": _JAPANESE,
}
"""Who can't without something asks for it."""
