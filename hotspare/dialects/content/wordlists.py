"""English words for `nearness`: which say nothing of their own, which mean the same, which turn a question round."""

from collections.abc import Mapping, Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EMPTY_WORDS = _words("""
    a an the this that these those some any each every such i me my mine you your yours he him his she her hers it its
    we us our ours they them their theirs someone somebody one ones who whom whose which what where when why how
    is are was were be been being am do does did doing done have has had having will would shall should can could may
    might must ought of in on at by for with about as into onto between among through during within to from
    and or but so if then than because while there here also just only even really actually very quite
    please kindly thanks thank hello hi hey want wants wanted need needs needed like know knows let lets get gets got
    getting way ways method methods step steps guide possible able exactly simply okay ok well sure
    tell show explain describe give help helps helping say says said ask asking wonder wondering question answer
    best good proper properly correct correctly right easy easiest easily work works mean means called name
    happen happens go goes going use uses used using make makes making made much many
    calculate calculates compute computes convert converts converting
    """)
"""Words that carry no meaning of their own here: two requests may differ in them."""

NEGATION_WORDS = _words("""
    not no never none nothing nobody nowhere neither nor without hardly cannot unable except fail fails failed failing
    nicht kein keine keinen nie ohne ne pas jamais sans nunca sin não nao sem senza mai
    """)

PHRASES: Mapping[str, str] = {
    r"\b(?:turn(?:ing|ed)? on|switch(?:ing|ed)? on|activat(?:e|ing|ed))\b": " enable ",
    r"\b(?:turn(?:ing|ed)? off|switch(?:ing|ed)? off|deactivat(?:e|ing|ed))\b": " disable ",
    r"\b(?:turn|switch)\b(?=(?: \w+){1,4} on\b)": " enable ",
    r"\b(?:turn|switch)\b(?=(?: \w+){1,4} off\b)": " disable ",
    r"\bset(?:ting)? up\b": " configure ",
    r"\b(?:get(?:ting)? rid of|take out)\b": " remove ",
    r"\b(?:log|sign)(?:g?ing)? in\b": " login ",
    r"\b(?:log|sign)(?:g?ing)? out\b": " logout ",
    r"\b(?:find out|look up)\b": " find ",
    r"\b(?:how come)\b": " why ",
    r"\b(?:in order to|i would like|i'd like)\b": " ",
    r"\u00d7|\bmultiplied by\b|(?<=\d) ?[x*] ?(?=\d)": " times ",
    r"\u00f7|\bdivided by\b|(?<=\d) ?/ ?(?=\d)": " over ",
    r"(?<=\d) ?(?:\+|\bplus\b) ?(?=\d)": " plus ",
    r"(?<=\d) (?:-|minus) (?=\d)": " minus ",
}
"""What only together, or between two numbers, means something, and the one word for it."""

SAME_GROUPS: Sequence[str] = (
    "fix repair mend", "begin start", "stop end halt", "fast quick rapid", "buy purchase", "big large huge",
    "small little tiny", "delete remove erase", "create build generate", "change alter modify", "find locate search",
    "error bug fault", "car vehicle automobile", "picture image photo", "phone telephone",
    "movie film", "city town", "job occupation", "salary pay wage", "ill sick", "smart intelligent clever",
    "happy glad", "rich wealthy", "cheap inexpensive", "summarise summarize summary",
    "colour color", "invoice bill", "reset restore", "price cost", "kilometer kilometre km",
    "meter metre", "liter litre", "mile miles", "kilogram kg kilo", "celsius centigrade", "usa us america",
    "uk britain", "reason cause", "difference differ different", "install installation",
    "write wrote written author writer", "born birth", "population inhabitants",
    "translate translation", "height tall high", "speed velocity", "distance far",
    "cook prepare", "treat treatment cure", "symptom sign", "contact reach", "cancel terminate",
    "subscription membership", "refund reimburse reimbursement", "deliver delivery ship shipping",
)  # fmt: skip
"""Words that mean the same in a question; the first stands for all."""

OPPOSITE_PAIRS: Sequence[tuple[str, str]] = (
    ("enable", "disable"), ("before", "after"), ("increase", "decrease"), ("raise", "lower"), ("first", "last"),
    ("buy", "sell"), ("open", "close"), ("start", "stop"), ("add", "remove"), ("import", "export"), ("more", "less"),
    ("most", "least"), ("most", "fewest"), ("maximum", "minimum"), ("max", "min"), ("highest", "lowest"),
    ("largest", "smallest"), ("biggest", "smallest"), ("longest", "shortest"), ("oldest", "youngest"),
    ("oldest", "newest"), ("best", "worst"), ("better", "worse"), ("good", "bad"), ("hot", "cold"), ("up", "down"),
    ("left", "right"), ("in", "out"), ("on", "off"), ("over", "under"), ("above", "below"), ("inside", "outside"),
    ("with", "without"), ("encrypt", "decrypt"), ("encode", "decode"), ("compress", "decompress"),
    ("upload", "download"), ("send", "receive"), ("push", "pull"), ("read", "write"), ("lock", "unlock"),
    ("install", "uninstall"), ("mount", "unmount"), ("allow", "deny"), ("allow", "block"), ("accept", "reject"),
    ("include", "exclude"), ("attach", "detach"), ("connect", "disconnect"), ("show", "hide"), ("win", "lose"),
    ("gain", "lose"), ("borrow", "lend"), ("love", "hate"), ("ascend", "descend"), ("past", "future"),
    ("next", "previous"), ("next", "last"), ("since", "until"), ("arrive", "depart"), ("arrival", "departure"),
    ("entry", "exit"), ("enter", "leave"), ("legal", "illegal"), ("safe", "dangerous"), ("safe", "unsafe"),
    ("true", "false"), ("true", "untrue"), ("male", "female"), ("public", "private"), ("positive", "negative"),
    ("advantage", "disadvantage"), ("pros", "cons"), ("benefit", "risk"), ("early", "late"), ("earlier", "later"),
    ("multiply", "divide"), ("times", "divided"), ("plus", "minus"), ("sum", "difference"), ("question", "answer"),
    ("today", "tomorrow"), ("today", "yesterday"), ("tomorrow", "yesterday"), ("morning", "evening"),
    ("always", "never"), ("all", "none"), ("all", "some"), ("why", "how"), ("why", "when"), ("who", "when"),
    ("where", "when"), ("who", "where"), ("can", "must"), ("can", "should"), ("long", "many"), ("much", "long"),
)  # fmt: skip
"""Where one text has one of them and the other does not, they are held to ask for different things."""

NARROWING_WORDS = _words("""
    for with without in on at by as under over using via from to into of per than between among about against during
    before after since until if when while unless where is are was were be being only within inside outside
    """)
"""What comes after one of these says which."""

DIRECTION_WORDS: Mapping[str, str] = {
    word: word for word in ("to", "from", "than", "before", "after", "over", "under", "against", "with", "by", "minus")
} | {"into": "to"}
"""What leads to the word after it, and the name of the way."""

UNIT_WORDS = _words("""
    % am pm st nd rd th km kilometer kilometers kilometre kilometres m meter meters metre metres cm mm mile miles yard
    yards foot feet ft inch inches kg kilogram kilograms g gram grams mg lb lbs pound pounds ounce ounces ton tons l
    liter liters litre litres ml gallon gallons cup cups c f celsius fahrenheit kelvin degree degrees second seconds s
    minute minutes min hour hours h day days week weeks month months year years usd dollar dollars eur euro euros gbp
    yen percent kb mb gb tb bit bits byte bytes kbps mbps hz khz mhz ghz w kw watt watts volt volts amp amps
    hundred thousand million billion trillion people persons items times
    """)

NUMBERS: Mapping[str, str] = {
    "zero": "0", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "third": "3",
    "fourth": "4", "fifth": "5", "half": "0.5", "dozen": "12", "twice": "2",
}  # fmt: skip
"""Numbers in words, but for "one", which is as often none."""
