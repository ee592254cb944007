import json

import pytest

from hotspare.dialects.texts import texts_of


def event(value):
    return b"event: x\ndata: " + json.dumps(value).encode() + b"\n\n"


def test_every_text_of_a_whole_answer():
    body = json.dumps({"a": ["b", {"c": "d\u00fc"}], "e": 1, "f": None}).encode()
    assert texts_of(body, ()) == ["a", "b", "c", "d\u00fc", "e", "f"]


def test_the_pieces_of_a_streams_texts_are_put_together():
    pieces = [event({"choices": [{"delta": {"content": word}}]}) for word in ("se", "cr", "et")]
    stream = b"".join((*pieces, b": a comment\n\n", b"data: [DONE]\n\n"))
    assert "secret" in texts_of(None, (stream[:40], stream[40:]))


def test_so_are_those_of_tool_calls_and_of_the_other_dialect():
    calls = [
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": part}}]}}]} for part in ('{"k":"se', 'cret"}')
    ]
    assert '{"k":"secret"}' in texts_of(None, [event(call) for call in calls])
    parts = [{"delta": {"type": "input_json_delta", "partial_json": part}} for part in ("se", "cret")]
    assert "secret" in texts_of(None, [event(part) for part in parts])


@pytest.mark.parametrize(("body", "pieces"), [(b"no json", ()), (b"[" * 100_000, ()), (None, (b"data: no json\n\n",))])
def test_what_cannot_be_read_is_told(body, pieces):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the reader says
        texts_of(body, pieces)
