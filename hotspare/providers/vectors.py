"""Keep vectors of another length out of a vector space: a model's must be as long as those of the ones before it."""

from collections.abc import Iterable, Mapping

from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed, Trigger, Usage


class VectorLengths:
    """What the models of one configuration have answered so far, by the length that was asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], int] = {}
        self._usual: Mapping[str, int] = {}

    def expect(self, endpoints: Iterable[Endpoint]) -> None:
        """Go by what is known of these models, where they have not answered yet."""
        self._usual = {each.model: each.vector_length for each in endpoints if each.vector_length is not None}

    def check(self, endpoint: Endpoint, asked: int | None, length: int, usage: Usage | None) -> None:
        """Take an answer's length in. A model that stands first is never wrong: what comes after it is.

        Raises:
            AttemptFailed: it is another length than that of a model before it.
        """
        for model in endpoint.vectors_like:
            known = self._known.get((model, asked), self._usual.get(model) if asked is None else None)
            if known not in (None, length):
                what = f"vectors of {length} dimensions, where those of {model} have {known}"
                raise AttemptFailed(Trigger.invalid_output, what, status=200, usage=usage)
        self._known[endpoint.model, asked] = length
