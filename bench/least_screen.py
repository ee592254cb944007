"""The least that Textual can draw: what a first frame costs that waits for nothing of ours."""

from textual.app import App, ComposeResult
from textual.widgets import Static

WORDS = "nothing but Textual"


class LeastScreen(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        yield Static(WORDS)


if __name__ == "__main__":
    LeastScreen().run()
