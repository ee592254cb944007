"""What it means to send a request of the past once more, in words: said before it is done."""

from collections.abc import Mapping
from typing import Any

from hotspare.widgets import figures


def consequence(row: Mapping[str, Any]) -> str:
    """What goes out again, and what it came to when it did before.

    Args:
        row: of the view `kept`.
    """
    cost = row["cost_usd"]
    came_to = "its price is not known" if cost is None else f"it came to {figures.usd(figures.pico_of(cost))} then"
    tokens = figures.count(row["input_tokens"])
    asked = f"What {row['caller']} asked of {row['asked']} at {figures.clock(row['at'])} UTC goes out once more"
    return f"{asked}, as a test: {tokens} tokens in; {came_to}."
