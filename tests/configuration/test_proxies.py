"""A proxy is taken from the environment as everyone takes it, never for loopback, and no password is ever said."""

import pytest

from hotspare.configuration.load import ConfigurationError

PROXY = "http://proxy.example.com:3128"
SECRET = "http://user:proxy-password-canary@proxy.example.com:3128"


@pytest.fixture
def proxy_of(read):
    """The proxy of a file's only model, whose address is given."""

    def proxy(url="https://box.example.com/v1", own="", **environ):
        provider = f'[providers.box]\ndialect = "openai"\nbase_url = "{url}"\n{own}\n'
        model = '[[models]]\nname = "m"\nprovider = "box"\n[chains.main]\nmodels = ["m"]\n'
        return read(provider + model, environ=environ).endpoints["m"].proxy

    return proxy


def test_without_a_proxy_there_is_none(proxy_of):
    assert proxy_of() is None
    assert proxy_of(HTTPS_PROXY=" ", NO_PROXY="x") is None


@pytest.mark.parametrize(
    ("variable", "url", "taken"),
    [
        ("HTTPS_PROXY", "https://box.example.com/v1", True),
        ("https_proxy", "https://box.example.com/v1", True),
        ("ALL_PROXY", "https://box.example.com/v1", True),
        ("all_proxy", "http://box.example.com/v1", True),
        ("HTTP_PROXY", "http://box.example.com/v1", True),
        ("HTTP_PROXY", "https://box.example.com/v1", False),
        ("HTTPS_PROXY", "http://box.example.com/v1", False),
    ],
)
def test_a_scheme_has_its_variable(proxy_of, variable, url, taken):
    assert proxy_of(url, **{variable: PROXY}) == (PROXY if taken else None)


def test_the_schemes_own_variable_goes_before_the_one_for_all(proxy_of):
    assert proxy_of(HTTPS_PROXY=PROXY, ALL_PROXY="http://other:1") == PROXY


def test_http_is_meant_where_no_scheme_is_said(proxy_of):
    assert proxy_of(HTTPS_PROXY="proxy.example.com:3128") == PROXY


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "[::1]"])
def test_loopback_is_reached_without_unless_the_file_asks_for_it(proxy_of, host):
    url = f"http://{host}:8000/v1"
    assert proxy_of(url, HTTP_PROXY=PROXY, ALL_PROXY=PROXY) is None
    assert proxy_of(url, f'proxy = "{PROXY}"') == PROXY


def test_the_file_goes_before_the_environment(proxy_of):
    assert proxy_of(own='proxy = "none"', HTTPS_PROXY=PROXY) is None
    assert proxy_of(own=f'proxy = "{PROXY}"', HTTPS_PROXY="http://other:1", NO_PROXY="*") == PROXY


@pytest.mark.parametrize(
    "excepted",
    [
        "*",
        "box.example.com",
        "BOX.example.com.".rstrip("."),
        "example.com",
        ".example.com",
        "*.example.com",
        "other, box.example.com",
        "box.example.com:443",
        "example.com:443",
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_excepts(proxy_of, excepted, variable):
    assert proxy_of(**{"HTTPS_PROXY": PROXY, variable: excepted}) is None


@pytest.mark.parametrize(
    "excepted", ["", ",", "box", "ox.example.com", "example.com:80", "com.", "box.example.com:x", "."]
)
def test_no_proxy_excepts_nothing_else(proxy_of, excepted):
    assert proxy_of(HTTPS_PROXY=PROXY, NO_PROXY=excepted) == PROXY


@pytest.mark.parametrize(
    ("excepted", "host", "excepts"),
    [
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.0/8", "10.0.0.7", True),
        ("10.0.0.7:8000", "10.0.0.7", True),
        ("10.0.0.7:8001", "10.0.0.7", False),
        ("11.0.0.0/8", "10.0.0.7", False),
        ("0.0.7", "10.0.0.7", False),
        ("10.0.0.0/nonsense", "10.0.0.7", False),
        ("fd00::/8", "[fd00::7]", True),
        ("fd00::7", "[fd00::7]", True),
        ("[fd00::7]:8000", "[fd00::7]", True),
        ("[fd00::7]:1", "[fd00::7]", False),
        ("10.0.0.0/8", "box", False),
    ],
)
def test_no_proxy_knows_addresses_and_networks(proxy_of, excepted, host, excepts):
    found = proxy_of(f"http://{host}:8000/v1", HTTP_PROXY=PROXY, NO_PROXY=excepted)
    assert (found is None) is excepts


def test_a_host_may_be_written_with_its_last_dot(proxy_of):
    assert proxy_of("https://box.example.com./v1", HTTPS_PROXY=PROXY, NO_PROXY="example.com") is None


def test_a_password_is_kept_and_shown_nowhere(read, small):
    found = read(small, environ={"HTTPS_PROXY": SECRET})
    assert found.endpoints["gpt"].proxy == SECRET
    assert "proxy-password-canary" not in repr(found)


@pytest.mark.parametrize(
    "told", ["socks5://user:canary@h:1", "http://", "http://h:canary", "http://h:0", "http://a b:1"]
)
def test_what_is_no_http_proxy_is_refused_without_being_quoted(proxy_of, told):
    with pytest.raises(ConfigurationError) as refused:
        proxy_of(HTTPS_PROXY=told)
    assert refused.value.title == "the environment variable HTTPS_PROXY names no HTTP proxy"
    assert "NO_PROXY" in refused.value.hint
    assert "canary" not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize("told", [SECRET, "socks5://h:1", "direct", "http://h:1?x"])
def test_a_file_may_hold_neither_a_password_nor_another_kind_of_proxy(refusal, told):
    provider = f'[providers.box]\ndialect = "openai"\nbase_url = "https://h/v1"\nproxy = "{told}"\n'
    sentence = refusal(provider + '[[models]]\nname = "m"\nprovider = "box"\n[chains.main]\nmodels = ["m"]\n')
    assert 'providers.box.proxy must be "none" or an address' in sentence
    assert "canary" not in sentence
