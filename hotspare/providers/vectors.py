"""Keep vectors of another length out of a vector space: a model's must be as long as those of the ones before it."""

from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed, Trigger, Usage


class VectorLengths:
    """What the models of one configuration have answered so far, by the length that was asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], int] = {}

    def check(self, endpoint: Endpoint, asked: int | None, length: int, usage: Usage | None) -> None:
        """Take an answer's length in. A model that stands first is never wrong: what comes after it is.

        Raises:
            AttemptFailed: it is another length than that of a model before it.
        """
        for model in endpoint.vectors_like:
            known = self._known.get((model, asked))
            if known not in (None, length):
                what = f"vectors of {length} dimensions, where those of {model} have {known}"
                raise AttemptFailed(Trigger.invalid_output, what, status=200, usage=usage)
        self._known[endpoint.model, asked] = length
