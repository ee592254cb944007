"""What the demo's callers ask and what its simulated models answer.

Pure: the same random numbers choose the same words. Every answer is invented; none comes from a model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from hotspare.router.words import counted


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that people ask about. `words`: an answerer recognises a question by any of them."""

    words: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]


_SHIPPING = Topic(
    ("deliver", "parcel", "shipping"),
    (
        "Where is my parcel? Order {order} was due {day}.",
        "Can you deliver order {order} before {day}?",
        "How much is shipping to {city} for a {product}?",
    ),
    (
        (
            "Order {order} left our warehouse in {city} and is with the carrier now. It should reach you on {day} "
            "between 9:00 and 13:00. You will get a message with a link one hour before, and you can still name a "
            "neighbour or a pick-up shop there."
        ),
        (
            "I am sorry for the wait. The parcel was held at the depot in {city} because the label could not be read. "
            "It has a new label since this morning and is planned for {day}. If it is not with you by then, reply here "
            "and I will send a replacement without asking for the first one back."
        ),
        (
            "Standard shipping to {city} takes two to three working days and costs $4.90; above $60 it is free. "
            "Express arrives on the next working day if you order before 15:00 and costs $11.90."
        ),
    ),
)

_REFUND = Topic(
    ("refund", "return", "money back"),
    (
        "I sent the {product} back. When do I get my refund of ${amount}?",
        "Is a return still possible? I bought the {product} {days} days ago.",
    ),
    (
        (
            "Your return arrived on {day}. The refund of ${amount} went to the card you paid with; banks take three to "
            "five working days to show it. The reference is {order}, in case you want to ask them."
        ),
        (
            "Yes. You can return the {product} within 30 days as long as it is unused, so you have time left. I have "
            "sent you a prepaid label; drop the parcel at any post office and keep the receipt until the refund has "
            "arrived."
        ),
        (
            "I can see the return, but not the power supply that belongs to it. Once it reaches us I can pay back the "
            "full ${amount}. If it is lost, we would keep $14.00 for it and refund the rest today. Which do you prefer?"
        ),
    ),
)

_INVOICE = Topic(
    ("invoice", "vat", "billing"),
    (
        "Please send the invoice for order {order} with our VAT number.",
        "Why does invoice {order} say ${amount}? We agreed on less.",
    ),
    (
        (
            "I have reissued invoice {order} with your VAT number and the company address in {city}. It is in your "
            "account under Documents, and a copy is on its way by mail. The old number is cancelled, so please book "
            "only this one."
        ),
        (
            "The difference is the express surcharge of {day}. It was agreed for the first delivery only, so I have "
            "taken it off: the invoice is now ${amount}, and the credit note is attached to it."
        ),
        "Invoice {order} over ${amount} was paid on {day}. Nothing is open on your account.",
    ),
)

_PRODUCT = Topic(
    ("describe", "product text", "headline"),
    (
        "Describe the {product} for the shop page in three sentences. Audience: people who buy it as a gift.",
        "Write a headline and two bullet points as product text for the {product}.",
    ),
    (
        (
            "The {product} is made for people who use it every day and would like to enjoy it. It is sturdy, easy to "
            "clean and small enough for any kitchen shelf. It comes in a plain gift box, so all you need is a name to "
            "write on it."
        ),
        (
            "Built once, used for years.\n\n- Solid parts that can be replaced one by one, with a guarantee of five "
            "years\n- Ready in under a minute, quiet enough for an open office"
        ),
        (
            "A {product} that does one thing well. No app, no account, no charging: you take it out of the box and it "
            "works. In three colours, and made in {city}."
        ),
    ),
)

_SIZE = Topic(
    ("size", "fit", "compatible"),
    (
        "Which size of the {product} would fit a household of four?",
        "Is the {product} compatible with the 2024 model?",
    ),
    (
        (
            "For four people take the large one: it holds 1.8 litres, which is about eight cups. The medium one saves "
            "4 cm of width and is fine for two or three."
        ),
        "Yes, it fits every model since 2021. For the one of 2024 you also need the flat adapter, which is in the box.",
        "Between two sizes I would take the larger one; customers who reviewed it say that it runs small.",
    ),
)

_ACCOUNT = Topic(
    ("password", "log in", "account"),
    (
        "I cannot log in any more, the password mail does not arrive.",
        "How do I close my account for {city} and keep the other one?",
    ),
    (
        (
            "The mail was sent at 8:42 but your provider put it on hold. I have sent a fresh link to the second "
            "address on file; it is valid for one hour. After that you can change the first address under Settings, "
            "Contact."
        ),
        (
            "Open Settings, then Locations, choose {city} and press Close. The other location keeps its orders and its "
            "prices. Closing takes effect on {day}, and until then you can take it back."
        ),
    ),
)

_REVIEWS = Topic(
    ("summarise", "reviews"),
    ("Summarise today's {days} reviews of the {product}: what is praised, what is criticised, one recommendation.",),
    (
        (
            "Praised: build quality (most of them), quick delivery, the colour. Criticised: the manual is too short, "
            "and the lid is stiff in the first week. Recommendation: put a link to the two-minute video on the box."
        ),
        (
            "Mood: good, a little better than last week. Customers like how quiet the {product} is and how easily it "
            "comes apart for cleaning. Three complain about the cable, which at 80 cm is shorter than they expected. "
            "Recommendation: name the length on the page."
        ),
    ),
)

_TICKETS = Topic(
    ("classify", "ticket"),
    (
        (
            "Classify this ticket as shipping, refund, invoice or other, with one sentence why: "
            '"Order {order} came without the {product}, I want ${amount} back by {day}."'
        ),
        (
            "Extract order number, amount and date from this ticket as a list: "
            '"Paid ${amount} on {day} for {order}, and nothing has come yet."'
        ),
    ),
    (
        (
            "refund. The customer names a missing item and asks for money, not for a new delivery; shipping would be "
            "right if they asked where it is."
        ),
        "- order number: {order}\n- amount: ${amount}\n- date: {day}",
        (
            "shipping. They have paid and wait; no refund has been asked for yet. Worth an answer today, since it is "
            "the second message about the same order."
        ),
    ),
)

TOPICS: Mapping[str, Topic] = {
    "product": _PRODUCT,
    "reviews": _REVIEWS,
    "tickets": _TICKETS,
    "refund": _REFUND,
    "invoice": _INVOICE,
    "shipping": _SHIPPING,
    "size": _SIZE,
    "account": _ACCOUNT,
}
"""In the order in which an answerer looks for their words."""

_UNKNOWN = (
    (
        "This is a simulated model on your own machine, so I cannot really answer that, but your prompt of {words} "
        "took the whole way: through the gateway, the router and the provider code, over HTTP, to me and back."
    ),
    (
        "You have reached a simulated model. It has no opinion, but it does have a latency, a price and a bad spell "
        "now and then. Your {words} arrived unharmed; what you are reading comes back the same way."
    ),
)

_PRODUCTS = ("coffee grinder", "rice cooker", "desk lamp", "water kettle", "bread knife", "bicycle pump", "wall clock")
_CITIES = ("Lyon", "Gdansk", "Porto", "Leipzig", "Bologna", "Utrecht", "Turku", "Graz")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def question(topic: str, random: Random) -> str:
    """Something that a caller asks about this topic."""
    return _filled(random.choice(TOPICS[topic].questions), random)


def answer(prompt: str, random: Random) -> str:
    """What a simulated model says to a prompt: in keeping with its topic, else that it is none that it knows."""
    lowered = prompt.lower()
    for topic in TOPICS.values():
        if any(word in lowered for word in topic.words):
            return _filled(random.choice(topic.answers), random)
    return random.choice(_UNKNOWN).format(words=counted(len(prompt.split()), "word"))


def _filled(text: str, random: Random) -> str:
    return text.format(
        order=f"{random.choice('ABKR')}-{random.randrange(10_000, 99_999)}",
        product=random.choice(_PRODUCTS),
        city=random.choice(_CITIES),
        day=random.choice(_DAYS),
        amount=f"{random.randrange(1_900, 24_900) / 100:.2f}",
        days=random.randrange(4, 29),
    )
