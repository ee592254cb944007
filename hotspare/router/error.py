"""The one base of errors that a user reads: what is wrong in one line, and what to do about it."""


class HotspareError(Exception):
    """Shown as `title` and, below it, `hint`; never as a traceback.

    Attributes:
        title: one sentence: what is wrong, and where.
        hint: one sentence: what to do.
        exit_code: what a command that meets it exits with (contract: 2 configuration, 3 no instance, 4 refused).
    """

    exit_code = 2

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint
        if hint:
            self.add_note(hint)  # for whoever uses the library: a traceback shows it
