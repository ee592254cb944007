"""How the requests of one chain are carried out: what would otherwise be asked of its settings for each of them."""

from hotspare.dialects.call import Call
from hotspare.engine.continuing import may_be_continued
from hotspare.engine.judging import rules_of
from hotspare.router.record import Ask
from hotspare.router.settings import Chain


class Manner:
    """See the module.

    Attributes:
        chain: whose it is.
        rules: what its answers are judged by.
        similar: the chain of embeddings that finds answers to requests that mean the same; "" for none.
    """

    __slots__ = ("_continues", "_holds", "_recalls", "chain", "rules", "similar")

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.rules = rules_of(chain)
        self.similar = chain.emergency_cache_embeddings if chain.emergency_cache else ""
        self._recalls = chain.emergency_cache
        self._holds = chain.stream_delivery == "whole"
        self._continues = chain.on_stream_break == "continue"

    def recalls(self, ask: Ask) -> bool:
        """Whether its answer is kept for when all models fail."""
        return self._recalls and ask.kind == "traffic"

    def holds(self, ask: Ask) -> bool:
        """Whether its answer is a stream that goes out whole."""
        return self._holds and ask.stream

    def continues(self, call: Call) -> bool:
        """Whether another model may go on where its answer breaks off."""
        return self._continues and may_be_continued(call)
