"""Which model a session was last answered by, so that its next request can go there again."""

from collections import OrderedDict

MOST_SESSIONS = 10_000


class Affinity:
    """The sessions of the chains that ask for it; the one not heard of for longest is forgotten first."""

    __slots__ = ("_models",)

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, chain: str, session: str, model: str) -> None:
        """A session was answered by a model."""
        key = (chain, session)
        self._models[key] = model
        self._models.move_to_end(key)
        if len(self._models) > MOST_SESSIONS:
            self._models.popitem(last=False)

    def get(self, chain: str, session: str) -> str | None:
        """Who answered it last."""
        return self._models.get((chain, session))
