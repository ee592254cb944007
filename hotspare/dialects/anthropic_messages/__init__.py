"""Anthropic messages: read and written here and nowhere else. So far as models speak it; callers come to it later."""

from hotspare.dialects.anthropic_messages.answer import read_answer
from hotspare.dialects.anthropic_messages.request import LACKS, from_chat
from hotspare.dialects.anthropic_messages.stream import MessageReader

__all__ = ["LACKS", "MessageReader", "from_chat", "read_answer"]
