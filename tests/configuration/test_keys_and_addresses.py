"""Keys come from where the file says and go nowhere else; addresses by rank, and never this gateway itself."""

import pytest

from hotspare.configuration.load import ConfigurationError

BOX = '[providers.box]\ndialect = "openai"\nbase_url = "https://box.example.com/v1"\n'
ONE = '[[models]]\nname = "m"\nprovider = "{provider}"\nmodel = "gpt-4o"\n{more}\n[chains.main]\nmodels = ["m"]\n'


@pytest.fixture
def one(read):
    """The endpoint of a file's only model."""

    def endpoint(provider="openai", more="", before="", **options):
        return read(before + ONE.format(provider=provider, more=more), **options).endpoints["m"]

    return endpoint


# ------------------------------------------------------------------ keys
def test_several_keys_are_kept_in_order_and_each_once(one, environ):
    more = 'api_key_env = ["B", "A", "SAME", "UNSET"]'
    found = one(more=more, environ={"A": "aaa", "B": " bbb\n", "SAME": "aaa"})
    assert [(key.alias, key.secret) for key in found.keys] == [("B", "bbb"), ("A", "aaa")]


def test_a_models_key_takes_the_place_of_its_providers(one):
    before = BOX + 'api_key_env = "BOX"\n'
    assert [key.alias for key in one("box", before=before, environ={"BOX": "x"}).keys] == ["BOX"]
    found = one("box", 'api_key_env = "OWN"', before, environ={"BOX": "x", "OWN": "y"})
    assert [key.alias for key in found.keys] == ["OWN"]


def test_a_provider_of_the_file_without_a_key_needs_none(read):
    content = BOX + ONE.format(provider="box", more="")
    assert not read(content).settings.models["m"].needs_key
    assert "no model of any chain" in _refused(
        read, BOX + 'api_key_env = "UNSET"\n' + ONE.format(provider="box", more="")
    )


def _refused(read, content):
    with pytest.raises(ConfigurationError) as refused:
        read(content)
    return refused.value.title


def test_a_key_that_no_header_could_carry_is_not_used(read, small):
    found = read(small, environ={"OPENAI_API_KEY": "two\nlines"})
    assert found.endpoints["gpt"].keys == ()
    assert "OPENAI_API_KEY holds characters that no API key has: it is not used" in found.warnings


def test_a_key_file_that_only_its_owner_reads_is_taken(one, tmp_path):
    path = tmp_path / "project" / "k"
    path.parent.mkdir()
    path.write_text("  a-secret-in-a-file-1234\n")
    path.chmod(0o600)
    found = one(more='api_key_file = "k"')
    assert [(key.alias, key.secret) for key in found.keys] == [("…1234", "a-secret-in-a-file-1234")]
    assert "a-secret" not in repr(found)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_can_read_is_refused(refusal, tmp_path, mode):
    path = tmp_path / "project" / "k"
    path.parent.mkdir()
    path.write_text("secret-of-the-file")
    path.chmod(mode)
    sentence = refusal(ONE.format(provider="openai", more='api_key_file = "k"'))
    assert f"models[0].api_key_file names {path}, which others can read (mode 0{mode:o})" in sentence
    assert "chmod 600" in sentence
    assert "secret-of-the-file" not in sentence


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff\xfe", b"x" * 9000])
def test_a_file_that_holds_no_key_is_refused(refusal, tmp_path, content):
    path = tmp_path / "project" / "k"
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    assert "which holds no API key" in refusal(ONE.format(provider="openai", more='api_key_file = "k"'))


def test_no_key_shows_in_what_is_printed(read, small):
    assert "a-secret-of" not in repr(read(small))


# ------------------------------------------------------------------ addresses
def test_addresses_by_rank(one):
    outside = {"OPENAI_BASE_URL": "http://proxy.example.com:8080/v1/"}
    provider = '[providers.openai]\nbase_url = "https://provider.example.com/v1"\n'
    assert one().base_url == "https://api.openai.com/v1"
    assert one(environ=outside).base_url == "http://proxy.example.com:8080/v1"
    assert one(before=provider, environ=outside).base_url == "https://provider.example.com/v1"
    model = 'base_url = "https://model.example.com/v1"'
    assert one(more=model, before=provider, environ=outside).base_url == "https://model.example.com/v1"


def test_a_preset_that_the_file_adds_to_keeps_its_address_and_keys(one):
    found = one(before='[providers.openai]\nheaders = { x-team = "a" }\n')
    assert (found.base_url, [key.alias for key in found.keys]) == ("https://api.openai.com/v1", ["OPENAI_API_KEY"])


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("10.0.0.5", "http://10.0.0.5:11434/v1"),
        ("10.0.0.5:8080", "http://10.0.0.5:8080/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("[::1]:9", "http://[::1]:9/v1"),
        ("https://ollama.example.com", "https://ollama.example.com:443/v1"),
        ("http://box:1/v1", "http://box:1/v1"),
        ("", "http://127.0.0.1:11434/v1"),
    ],
)
def test_ollamas_host_is_read_as_ollama_reads_it(one, value, url):
    assert one("ollama", environ={"OLLAMA_HOST": value}).base_url == url


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OPENAI_BASE_URL", "nonsense"), ("OPENAI_BASE_URL", "http://h:x"), ("OPENAI_BASE_URL", "http://h/?a=1")],
)
def test_an_address_of_the_environment_that_is_none_is_refused(refusal, variable, value):
    assert f"the environment variable {variable}" in refusal(
        ONE.format(provider="openai", more=""), environ={variable: value}
    )


def test_ollamas_host_that_is_none_is_refused(refusal):
    sentence = refusal(ONE.format(provider="ollama", more=""), environ={"OLLAMA_HOST": "a b"})
    assert "the environment variable OLLAMA_HOST" in sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_this_gateways_own_address_is_passed_over_with_a_warning(read, small, host):
    found = read(small, port=4321, environ={"OPENAI_BASE_URL": f"http://{host}:4321/v1"})
    assert found.endpoints["gpt"].base_url == "https://api.openai.com/v1"
    assert any(
        "OPENAI_BASE_URL is this gateway's own address" in warning and "a loop" in warning for warning in found.warnings
    )


def test_a_neighbour_of_this_gateway_is_not_taken_for_it(read, small):
    found = read(small, port=4321, environ={"OPENAI_BASE_URL": "http://127.0.0.1:4322/v1"})
    assert found.endpoints["gpt"].base_url == "http://127.0.0.1:4322/v1"
    found = read(small, port=4321, environ={"OPENAI_BASE_URL": "http://10.0.0.1:4321/v1"})
    assert found.endpoints["gpt"].base_url == "http://10.0.0.1:4321/v1"


def test_a_provider_that_is_nowhere_but_here_is_refused(refusal):
    content = BOX.replace("https://box.example.com", "http://127.0.0.1:4000") + ONE.format(provider="box", more="")
    assert "is this gateway's own address" in refusal(content)


# ------------------------------------------------------------------ a file nobody named
ELSEWHERE = 'base_url = "https://elsewhere.example.com/v1"'


def test_a_found_file_may_not_send_a_known_key_elsewhere(refusal, read):
    content = ONE.format(provider="openai", more=ELSEWHERE)
    sentence = refusal(content, named=False)
    assert "m would send OPENAI_API_KEY to https://elsewhere.example.com/v1" in sentence
    assert "--config" in sentence
    assert read(content, named=True).endpoints["m"].base_url == "https://elsewhere.example.com/v1"


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_2"])
def test_nor_by_a_provider_of_its_own(refusal, name):
    content = BOX + f'api_key_env = "{name}"\n' + ONE.format(provider="box", more="")
    assert f"m would send {name} to" in refusal(content, named=False, environ={name: "x"})


def test_nor_over_an_open_line(refusal):
    content = ONE.format(provider="openai", more='base_url = "http://api.openai.com/v1"')
    assert "would send OPENAI_API_KEY" in refusal(content, named=False)


def test_a_found_file_may_use_the_providers_own_address_and_the_environments(read):
    own = ONE.format(provider="openai", more='base_url = "https://api.openai.com/v1"')
    assert read(own, named=False).endpoints["m"].keys
    proxy = {"OPENAI_BASE_URL": "http://proxy.example.com/v1"}
    assert read(ONE.format(provider="openai", more=""), named=False, environ=proxy).endpoints["m"].keys


def test_a_found_file_may_send_a_key_of_its_own_provider_there(read):
    content = BOX + 'api_key_env = "BOX_KEY"\n' + ONE.format(provider="box", more="")
    assert read(content, named=False, environ={"BOX_KEY": "x"}).endpoints["m"].keys
