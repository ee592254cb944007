"""A body that two readers could take for two things is no request: we and a provider must read the same."""

import pytest

from hotspare.dialects import anthropic_messages, openai_chat, openai_embeddings
from hotspare.dialects.call import InvalidRequest

READERS = (openai_chat.read_request, anthropic_messages.read_request, openai_embeddings.read_request)

START = b'{"model":"m","max_tokens":5,"input":"x","messages":[{"role":"user","content":"x"}],'


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "further",
    [
        b'"temperature":NaN}',
        b'"x":{"y":[Infinity]}}',
        b'"x":-Infinity}',
        b'"x":"\\ud800"}',
        b'"x":["a \\udc00 b"]}',
        b'"x":{"\\ud800 ":1}}',
        b'"x":"a\nb"}',
        b'"x":"\\x41"}',
        b'"x":01}',
        b'"x":+1}',
        b'"x":1,}',
        b'"x":1} {}',
        b'"x":"\xff\xfe"}',
        b'"x":"\xed\xa0\x80"}',
        b'"x":/* no */1}',
        b"'x':1}",
        b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda further: repr(further[:24]),
)
def test_what_another_reader_might_take_otherwise_is_refused(read, further):
    with pytest.raises(InvalidRequest):
        read(START + further, {})


@pytest.mark.parametrize("read", READERS)
def test_the_body_is_taken_without_what_is_wrong_in_it(read):
    assert read(START + b'"x":[1e5,{"y":"\\ud83d\\ude42"}]}', {}).model == "m"
    with pytest.raises(InvalidRequest):
        read(b"\xef\xbb\xbf" + START + b'"x":1}', {})
