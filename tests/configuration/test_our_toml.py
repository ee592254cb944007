"""Our own TOML: levels over levels, defaults of the mission, and an account that follows from what was read."""

import pytest

from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.load import load
from hotspare.router.settings import BreakerRules, Budget, Limits

TASK = 'strategy = "task"\n[[chains.main.tasks]]\n'


def test_a_small_file_has_the_routers_defaults(read, small):
    found = read(small)
    chain = found.settings.chains["main"]
    assert dict(chain.limits) == {"claude": Limits(), "gpt": Limits()}
    assert found.settings.models["gpt"].breaker == BreakerRules()
    assert (found.gateway.host, found.gateway.port, found.gateway.token) == ("127.0.0.1", 4000, None)
    assert found.settings.default_chain is None
    assert found.settings.budget.daily is None
    assert found.warnings == ()


def test_a_models_limit_covers_the_chains_and_that_the_files(read, small):
    content = "[limits]\nretries = 5\nsilence_seconds = 9\nattempt_seconds = 8\n" + small.replace(
        "[chains.main]", "[chains.main]\nretries = 4\nsilence_seconds = 7"
    ).replace('name = "gpt"', 'name = "gpt"\nretries = 0')
    limits = read(content).settings.chains["main"].limits
    assert (limits["gpt"].retries, limits["gpt"].silence_seconds, limits["gpt"].attempt_seconds) == (0, 7, 8)
    assert (limits["claude"].retries, limits["claude"].silence_seconds, limits["claude"].attempt_seconds) == (4, 7, 8)


def test_a_limit_that_others_cover_is_still_in_force(read, small, states):
    content = "[limits]\nretries = 5\n" + small.replace("[chains.main]", "[chains.main]\nretries = 4")
    assert states(read(content))["limits.retries"] == "in force"


def test_the_deadline_is_the_chains_else_the_files(read, small):
    assert read("[limits]\ndeadline_seconds = 90\n" + small).settings.chains["main"].deadline_seconds == 90
    content = "[limits]\ndeadline_seconds = 90\n" + small + "deadline_seconds = 40\n"
    chain = read(content).settings.chains["main"]
    assert (chain.deadline_seconds, chain.limits["gpt"].deadline_seconds) == (40, 40)


def test_a_model_has_no_deadline_of_its_own(refusal, small):
    said = refusal(small.replace('name = "gpt"', 'name = "gpt"\ndeadline_seconds = 9'))
    assert "unknown key models[1].deadline_seconds; did you mean limits.deadline_seconds?" in said


def test_breakers_have_levels_too(read, small):
    content = (
        "[breaker]\nopen_seconds = 5\nminimum_calls = 3\nslow_share = 0.4\n"
        + small.replace('name = "gpt"', 'name = "gpt"\nbreaker = { open_seconds = 7 }')
        + "breaker = { open_seconds = 6, minimum_calls = 4 }\n"
    )
    models = read(content).settings.models
    assert models["gpt"].breaker == BreakerRules(open_seconds=7, minimum_calls=4, slow_share=0.4)
    assert models["claude"].breaker == BreakerRules(open_seconds=6, minimum_calls=4, slow_share=0.4)


def test_a_breaker_can_be_switched_off(read, small):
    assert not read("[breaker]\nenabled = false\n" + small).settings.models["gpt"].breaker.enabled


def test_flags_win_over_the_file(read, small, environ):
    content = '[gateway]\nport = 4001\nhost = "localhost"\n' + small
    found = read(content, port=0, host="::1")
    assert (found.gateway.host, found.gateway.port) == ("::1", 0)
    assert read(content).gateway.port == 4001


def test_a_token_lets_others_in_and_is_not_shown(read, small):
    content = '[gateway]\nhost = "0.0.0.0"\ntoken_env = "T"\n' + small
    found = read(content, environ={"T": " open-sesame "})
    assert (found.gateway.host, found.gateway.token) == ("0.0.0.0", "open-sesame")
    assert any("gateway.host is 0.0.0.0: whoever reaches it with a token" in warning for warning in found.warnings)
    assert "open-sesame" not in repr(found)


def test_a_host_flag_that_lets_others_in_needs_a_token_too(refusal, small):
    assert "no token is asked for" in refusal(small, host="0.0.0.0")
    assert "no token is asked for" in refusal(small, host="192.168.1.5")


def test_a_store_is_relative_to_the_file(read, small, tmp_path):
    assert read('[store]\npath = "data/h.db"\n' + small).store.path == tmp_path / "project" / "data" / "h.db"
    assert read('[store]\npath = "/var/h.db"\n' + small).store.path.as_posix() == "/var/h.db"


def test_what_the_store_and_the_console_follow_is_in_force(read, small, states):
    found = read('[store]\npath = "h.db"\n[console]\nenvironment = "production"\nread_only = true\n' + small)
    assert {states(found)[key] for key in ("store.path", "console.environment", "console.read_only")} == {"in force"}


def test_two_files_of_one_name_are_two_instances(read, small, write, environ, today, tmp_path):
    first = read(small)
    other = tmp_path / "hotspare.toml"
    other.write_text(small)
    assert load(other, environ, today=today).name != first.name
    assert first.name == read(small).name
    assert read('[gateway]\nname = "prod"\n' + small).name == "prod"


def test_the_default_chain_is_the_first_one_where_the_file_wants_one(read, small):
    content = '[gateway]\nunknown_model = "default"\n' + small + '[chains.other]\nmodels = ["gpt"]\n'
    assert read(content).settings.default_chain == "main"


def test_a_limit_that_only_warns_is_in_force(read, small, states):
    found = read('[budget]\ndaily_usd = 3\nat_limit = "warn"\n' + small)
    assert found.settings.budget == Budget(daily=3_000_000_000_000, at_limit="warn")
    assert states(found)["budget.daily_usd"] == states(found)["budget.at_limit"] == "in force"
    assert found.warnings == ()


def test_limits_are_in_force(read, small, states):
    for at_limit in ("block", "cheapest"):
        keys = f'daily_usd = 3\nsession_usd = 0.5\nat_limit = "{at_limit}"\nunknown_price = "allow"\n'
        found = read(f"[budget]\n{keys}{small}")
        pico = 1_000_000_000_000
        assert found.settings.budget == Budget(3 * pico, pico // 2, at_limit=at_limit, unknown_price="allow")
        assert {state for key, state in states(found).items() if key.startswith("budget")} == {"in force"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("daily_usd = 3", "it is not called"),
        ("session_usd = 3", "it is not called"),
        ('daily_usd = 3\nunknown_price = "allow"', "is in no figure"),
        ('daily_usd = 3\nat_limit = "warn"', "is in no figure"),
        ("", None),
    ],
)
def test_under_a_limit_an_unknown_price_is_warned_of(read, small, keys, said):
    model = '[[models]]\nname = "mine"\nprovider = "openai"\nmodel = "ft:nobody-knows"\n'
    content = small.replace('["claude", "gpt"]', '["claude", "gpt", "mine"]')
    found = read(f"[budget]\n{keys}\n{model}{content}")
    assert [w for w in found.warnings if "price of mine is unknown" in w] == [
        w for w in found.warnings if said is not None and said in w
    ]
    assert (said is None) == (not found.warnings)


def test_a_key_of_another_strategy_does_nothing_and_that_is_said(read, small, states):
    task = '[[chains.main.tasks]]\nmatch = { header = "x-task", equals = "simple" }\nstart = "gpt"\n'
    found = read(small + "hedge_extra_share = 0.1\nweights = { claude = 1 }\n" + task)
    chain = found.settings.chains["main"]
    assert (chain.hedge_extra_share, chain.weights, chain.tasks) == (0.05, {}, ())
    ignored = {key for key, state in states(found).items() if state == "ignored"}
    assert ignored == {
        "chains.main.hedge_extra_share",
        "chains.main.weights",
        "chains.main.tasks[0].match.header",
        "chains.main.tasks[0].match.equals",
        "chains.main.tasks[0].start",
    }
    assert 'chains.main.weights does nothing: it belongs to strategy = "weighted"' in found.warnings


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('strategy = "fastest"', {"strategy": "fastest"}),
        ('strategy = "hedged"\nhedge_extra_share = 0.1', {"strategy": "hedged", "hedge_extra_share": 0.1}),
        ('strategy = "load_balanced"\nscore = "1 / latency_ms"', {"score": "1 / latency_ms"}),
        ('strategy = "weighted"\nweights = { claude = 90, gpt = 10 }', {"weights": {"claude": 90, "gpt": 10}}),
        ('strategy = "cost"', {"fallbacks_by": ("cost",)}),
        ('strategy = "latency"', {"fallbacks_by": ("latency",)}),
        ("cost_aware_fallback = true\nperformance_aware_fallback = true", {"fallbacks_by": ("cost", "latency")}),
        ("latency_threshold_seconds = 4", {"latency_threshold_seconds": 4}),
        ('affinity = "session"', {"affinity": "session"}),
    ],
)
def test_a_strategy_is_in_force_with_its_keys(read, small, states, keys, expected):
    found = read(small + keys + "\n")
    chain = found.settings.chains["main"]
    assert {name: getattr(chain, name) for name in expected} == expected
    assert {state for key, state in states(found).items() if key.startswith("chains.main")} == {"in force"}


def test_a_task_has_its_start_and_its_timeout(read, small, states):
    rule = (
        '[[chains.main.tasks]]\nmatch = { header = "X-Task", equals = "simple" }\nstart = "gpt"\nattempt_seconds = 20\n'
    )
    found = read(small + 'strategy = "task"\n' + rule)
    (task,) = found.settings.chains["main"].tasks
    assert (task.start, task.header, task.equals) == ("gpt", "x-task", "simple")
    limits = task.limits["claude"]
    assert (limits.attempt_seconds, limits.first_content_seconds, limits.silence_seconds) == (20, 20, 20)
    assert "not yet in force" not in states(found).values()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('strategy = "weighted"', "chains.main has no weights"),
        ('strategy = "weighted"\nweights = { nobody = 1 }', "weights names nobody, which is not in the chain"),
        ('strategy = "task"', "chains.main has no tasks"),
        ('strategy = "load_balanced"\nscore = "open(1)"', "cannot stand in a score"),
        (
            f'{TASK}match = {{ header = "x" }}\nstart = "gpt"',
            "tasks[0].match lacks equals",
        ),
        (
            f'{TASK}match = {{ prompt_tokens_below = 9, equals = "x" }}\nstart = "gpt"',
            "tasks[0].match holds equals",
        ),
        (
            f'{TASK}match = {{ header = "x", metadata = "y", equals = "z" }}\nstart = "gpt"',
            "must hold one of header, metadata, prompt_tokens_below",
        ),
        (
            f'{TASK}match = {{ header = "x", equals = "y" }}\nstart = "nobody"',
            "tasks names nobody",
        ),
    ],
)
def test_a_strategy_without_what_it_needs_is_refused(read, small, keys, said):
    with pytest.raises(ConfigurationError) as raised:
        read(small + keys + "\n")
    assert said in str(raised.value)


VECTORS = '[chains.vectors]\nmodels = ["claude"]\nkind = "embeddings"\n'
SIMILAR = "emergency_cache = true\nemergency_cache_embeddings = "


@pytest.mark.parametrize(
    ("keys", "said", "remedy"),
    [
        ('emergency_cache_embeddings = "vectors"\n' + VECTORS, "the chain keeps no answers", "emergency_cache = true"),
        (f'{SIMILAR}"nobody"\n{VECTORS}', "is nobody, which is no chain of this file", "use one of: vectors"),
        (f'{SIMILAR}"main"\n', "is main, which is no chain of embeddings", "add one: [chains.embeddings]"),
        (f'kind = "embeddings"\n{SIMILAR}"vectors"\n{VECTORS}', "whose answers are no words", "take it out"),
    ],
)
def test_similar_answers_without_what_they_need_are_refused(read, small, keys, said, remedy):
    with pytest.raises(ConfigurationError) as raised:
        read(small + keys)
    assert said in raised.value.title
    assert remedy in raised.value.hint


def test_similar_answers_are_in_force(read, small, states):
    found = read(f'{small}{SIMILAR}"vectors"\n{VECTORS}')
    assert found.settings.chains["main"].emergency_cache_embeddings == "vectors"
    assert states(found)["chains.main.emergency_cache_embeddings"] == "in force"


def test_a_region_is_a_model_of_its_own_behind_the_primary(read, small, states):
    region = '[[chains.main.regions]]\nname = "eu"\nbase_url = "https://eu.example.com"\n'
    found = read(small + region)
    assert found.settings.chains["main"].models == ("claude", "claude@eu", "gpt")
    assert found.endpoints["claude@eu"].base_url == "https://eu.example.com"
    assert found.endpoints["claude@eu"].model_id == found.endpoints["claude"].model_id
    assert found.settings.models["claude@eu"].same_as == found.settings.models["claude"].same_as
    assert set(states(found).values()) == {"in force"}


def test_asking_for_what_happens_anyway_is_in_force(read, small, states):
    found = read(small + 'strategy = "priority"\nstream_delivery = "live"\nemergency_cache = false\n')
    assert {state for key, state in states(found).items() if key.startswith("chains.main")} == {"in force"}


def test_streams_may_be_delivered_whole(read, small, states):
    found = read(small + 'stream_delivery = "whole"\n')
    assert found.settings.chains["main"].stream_delivery == "whole"
    assert states(found)["chains.main.stream_delivery"] == "in force"
    assert read(small).settings.chains["main"].stream_delivery == "live"


def test_alerts_are_not_yet_in_force(read, small, states):
    found = read(small + '[[alerts.webhooks]]\nurl = "https://hooks.example.com/x?token=1"\n')
    not_yet = {key for key, state in states(found).items() if state == "not yet in force"}
    assert not_yet == {
        "alerts.webhooks[0].url",
    }


def test_a_model_in_no_chain_is_warned_of(read, small):
    found = read(small + '[[models]]\nname = "o3"\n')
    assert "o3 is in no chain: it is never called" in found.warnings


def test_a_chain_without_a_callable_model_is_a_warning(read, small):
    found = read(small + '[chains.other]\nmodels = ["gpt"]\n', environ={"OPENAI_API_KEY": ""})
    assert "no model of the chain other can be called: its callers get 503" in found.warnings
    assert "gpt has no key: set OPENAI_API_KEY (openai)" in found.warnings
    assert found.settings.models["gpt"].keys == ()
    assert found.settings.models["gpt"].needs_key


def test_two_chains_may_share_models(read, small):
    found = read(small + 'answers = ["claude-*"]\n[chains.other]\nmodels = ["gpt"]\nanswers = ["gpt-*"]\n')
    assert found.settings.chains["other"].answers == ("gpt-*",)


def test_a_model_goes_as_its_parameters_and_its_provider_say(read, small, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "box.pem").write_text("certificates")
    found = read(
        small
        + '[providers.box]\ndialect = "anthropic"\nbase_url = "http://10.0.0.7:8000/"\nheaders = { x-team = "a" }\n'
        + 'ca_file = "box.pem"\nstream_usage = false\ntransport = "httpx"\n'
        + '[[models]]\nname = "mine"\nprovider = "box"\nmodel = "m-1"\nmax_concurrent = 3\n'
        + "parameters = { top_p = 0.5 }\n"
    )
    model, endpoint = found.settings.models["mine"], found.endpoints["mine"]
    assert (model.provider, model.needs_key, model.max_concurrent, model.rates) == ("box", False, 3, None)
    assert (endpoint.dialect, endpoint.base_url, endpoint.model_id) == ("anthropic", "http://10.0.0.7:8000", "m-1")
    assert dict(endpoint.headers) == {"x-team": "a"}
    assert dict(endpoint.parameters) == {"top_p": 0.5}
    assert endpoint.ca_file == str(tmp_path / "project" / "box.pem")
    assert (endpoint.stream_usage, endpoint.transport) == (False, "httpx")


def test_models_behind_a_translation_lack_what_it_cannot_carry(read, small):
    models = read(small).settings.models
    assert {"json_object", "audio", "n", "embeddings"} <= models["claude"].lacks
    assert {"provider_tools", "count_tokens"} <= models["gpt"].lacks
    assert not {"tools", "images"} & (models["claude"].lacks | models["gpt"].lacks)


def test_a_model_of_anthropic_before_its_structured_answers_lacks_them(read, small):
    assert "json_schema" in read(small).settings.models["claude"].lacks
    newer = small.replace("claude-sonnet-4-20250514", "claude-sonnet-4-5")
    assert "json_schema" not in read(newer).settings.models["claude"].lacks


def test_what_a_model_lacks_can_be_said(read, small, states):
    found = read(small.replace('name = "gpt"\n', 'name = "gpt"\nlacks = ["tools", "images"]\ncontext_tokens = 9000\n'))
    model = found.settings.models["gpt"]
    assert {"tools", "images"} <= model.lacks
    assert "tools" not in found.settings.models["claude"].lacks
    assert model.context_tokens == 9000
    assert set(states(found).values()) == {"in force"}
