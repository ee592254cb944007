"""Who may ask, judged by headers alone."""

import pytest

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.call import VIA_HEADER
from hotspare.gateway.guard import _MOST_KNOWN, _MOST_MARKS, Guard, check_host, check_json, check_loop
from hotspare.gateway.head import Head
from hotspare.gateway.holder import ANYONE
from hotspare.gateway.refusal import Refused


def code_of(judge, *arguments, **options):
    """What a rule refuses these with; None where it lets them pass."""
    try:
        judge(*arguments, **options)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("settings", "host", "served"),
    [
        ({"host": "10.0.0.7"}, "10.0.0.7:4000", True),
        ({"host": "10.0.0.7"}, "10.0.0.8:4000", False),
        ({"host": "10.0.0.7"}, "localhost", True),
        ({"host": "0.0.0.0"}, "0.0.0.0:4000", False),
        ({"host": "0.0.0.0"}, "127.0.0.1:4000", True),
        ({"host": "::"}, "[::]:4000", False),
        ({"host": "::"}, "[::1]:4000", True),
        ({"host": "fd00::7"}, "[FD00::7]:4000", True),
        ({"host": "fd00::7"}, "[fd00::7]", True),
        ({"host": "fd00::7"}, "[fd00::8]:4000", False),
        ({"host": "fd00::7"}, "fd00::7", False),
        ({"allowed_hosts": ("Box.Example", "fd00::9")}, "box.example", True),
        ({"allowed_hosts": ("Box.Example", "fd00::9")}, "[fd00::9]:1", True),
        ({"allowed_hosts": ("[fd00::9]",)}, "[fd00::9]:1", True),
        ({}, "", False),
        ({}, ":4000", False),
        ({}, "127.0.0.1.evil.example", False),
    ],
)
def test_a_host_is_served_that_is_our_own_or_was_allowed(settings, host, served):
    guard = Guard(GatewaySettings(**settings))
    for _ in range(2):  # the second time it is known
        assert code_of(guard.check, {"host": host}) == (None if served else "host_not_allowed")


def test_of_the_hosts_that_were_served_a_bounded_number_is_remembered():
    guard = Guard(GatewaySettings())
    for port in range(2 * _MOST_KNOWN):
        assert guard.check({"host": f"localhost:{port}"}) is ANYONE
    assert len(guard._known) == _MOST_KNOWN
    assert guard.check({"host": "localhost:70000"}) is ANYONE


@pytest.mark.parametrize(
    ("origin", "served"),
    [
        ("http://LOCALHOST:4000", True),
        ("https://localhost:4000", True),
        ("http://localhost:3000", False),
        ("http://localhost", False),
        ("localhost:4000", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_must_be_the_host_that_is_asked(origin, served):
    guard = Guard(GatewaySettings())
    told = {"host": "localhost:4000", "origin": origin}
    assert code_of(guard.check, told) == (None if served else "origin_not_allowed")


@pytest.mark.parametrize(
    ("headers", "served"),
    [
        ({}, False),
        ({"authorization": "Bearer s3cret"}, True),
        ({"authorization": "bearer  s3cret "}, True),
        ({"authorization": "Basic s3cret"}, False),
        ({"authorization": "s3cret"}, False),
        ({"authorization": "Bearer s3cre"}, False),
        ({"x-api-key": "s3cret"}, True),
        ({"x-api-key": ""}, False),
        ({"x-api-key": "wrong", "authorization": "Bearer s3cret"}, True),
    ],
)
def test_a_token_is_asked_for_where_one_is_set_and_the_path_is_not_open_to_all(headers, served):
    guard = Guard(GatewaySettings(token="s3cret"))
    told = {"host": "localhost"} | headers
    assert code_of(guard.check, told) == (None if served else "invalid_token")
    assert code_of(guard.check, told, open_to_all=True) is None


def test_an_open_path_is_still_closed_to_a_foreign_host():
    guard = Guard(GatewaySettings(token="s3cret"))
    assert code_of(guard.check, {"host": "evil.example"}, open_to_all=True) == "host_not_allowed"


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ([(b"host", b"a"), (b"x", b"1")], None),
        ([(b"Host", b"a"), (b"x", b"1"), (b"X", b"2")], None),
        ([(b"Host", b"a"), (b"hOST", b"a")], "host_missing"),
        ([(b"x", b"a")], "host_missing"),
    ],
)
def test_a_request_says_one_host(lines, refused):
    headers = {name.lower().decode(): value.decode() for name, value in lines}
    head = Head("GET", "/", b"/", b"", "1.1", lines, headers, True, False)
    assert code_of(check_host, head) == refused


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"content-type": "application/json"}, None),
        ({"content-type": "Application/JSON ; charset=utf-8"}, None),
        ({"content-type": "application/vnd.api+json"}, None),
        ({"content-type": "application/jsonp"}, "unsupported_media_type"),
        ({"content-type": "text/x+json"}, "unsupported_media_type"),
        ({"content-type": "application/x"}, "unsupported_media_type"),
        ({}, "unsupported_media_type"),
        ({"content-type": "application/json", "content-encoding": "Identity"}, None),
        ({"content-type": "application/json", "content-encoding": ""}, None),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "unsupported_content_encoding"),
    ],
)
def test_a_body_is_announced_as_json_and_comes_as_it_is(headers, refused):
    assert code_of(check_json, headers) == refused


@pytest.mark.parametrize(
    ("via", "marks"),
    [
        ("", ""),
        ("other", "other"),
        ("one,two  three", "one two three"),
        ("b\N{LATIN SMALL LETTER A WITH DIAERESIS}d a-b good", "good"),
        (" ".join(["x"] * (_MOST_MARKS - 1)), " ".join(["x"] * (_MOST_MARKS - 1))),
    ],
)
def test_the_marks_of_other_gateways_go_on(via, marks):
    assert check_loop({VIA_HEADER: via}, "ours") == marks


@pytest.mark.parametrize("via", ["ours", "other, ours", " ".join(["x"] * _MOST_MARKS)])
def test_a_request_that_comes_back_or_goes_on_and_on_is_refused(via):
    assert code_of(check_loop, {VIA_HEADER: via}, "ours") == "loop_detected"


def test_a_request_that_came_through_no_gateway_has_no_marks():
    assert check_loop({}, "ours") == ""
