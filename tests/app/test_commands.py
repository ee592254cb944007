"""The commands against a demo that runs: what scripts rely on."""

import getpass
from unittest import mock

import pytest

from hotspare.app.commands.look import status_fields
from hotspare.app.commands.requests import _filtered

STATUS = {"requests", "ok", "fallback", "cost_usd", "unpriced_requests", "models", "store", "config", "situation"}
MODEL = {"name", "chain", "state", "reason", "seconds_left", "requests", "ok", "p95_ms", "cost_usd"}
REQUEST = {
    "id", "at", "asked", "chain", "model", "caller", "session", "status", "ok", "fallback", "attempts", "reason",
    "input_tokens", "output_tokens", "cost_usd",
}  # fmt: skip
CANDIDATE = {"model", "skip", "seconds_left", "by"}
ATTEMPT = {
    "model", "key", "trigger", "status", "provider_request_id", "started_ms", "first_content_ms", "ended_ms", "cost_usd"
}  # fmt: skip
JOURNAL = {"act", "who", "when", "why", "before", "after", "until"}


@pytest.fixture
def free(demo):
    """The demo, with whatever a test orders taken back after it."""
    yield demo
    demo.hotspare("release", "main")
    for model in ("claude", "gpt-5", "haiku"):
        demo.hotspare("enable", model)


def models(home):
    return {row["name"]: row for row in home.hotspare("models", "--json").json}


def last_request_of(home, caller="test"):
    done = home.hotspare("requests", "--last", "200", "--json")
    return next(row for row in done.json if row["caller"] == caller)


def test_status_has_the_contracts_fields(demo):
    status = demo.hotspare("status", "--json").json
    assert status.keys() >= STATUS | {"listen", "pid"}
    assert status["store"] == {"state": "ok", "dropped": 0}
    assert status["config"].keys() == {"path", "refused"}
    assert status["requests"] >= status["ok"] > 0
    assert isinstance(status["situation"], str)
    assert status["listen"].startswith("127.0.0.1:")
    assert all(row.keys() >= MODEL for row in status["models"])


def test_status_is_readable_and_fits_one_line_on_request(demo):
    assert "requests" in demo.hotspare("status").out
    line = demo.hotspare("status", "--oneline").out
    assert line.count("\n") == 1
    assert "req/min" in line


@pytest.mark.parametrize("number", [0, 3])
def test_a_cost_that_lacks_the_price_of_some_requests_says_of_how_many(number):
    fields = status_fields({"screen_lost_at": None, "consoles": [], "unpriced_requests": number})
    assert ("unpriced_requests" in fields) == bool(number)
    assert fields[-1 - bool(number)] == "cost_usd"


def test_models_tell_states_and_reasons(demo):
    rows = models(demo)
    assert set(rows) == {"claude", "gpt-5", "haiku", "local"}
    assert rows["local"]["state"] == "disabled"
    assert all(row.keys() >= MODEL for row in rows.values())


def test_requests_have_the_contracts_fields_newest_first(demo):
    rows = demo.hotspare("requests", "--last", "5", "--json").json
    assert 0 < len(rows) <= 5
    assert all(row.keys() >= REQUEST for row in rows)
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_requests_can_be_narrowed_down(demo):
    caller = demo.hotspare("requests", "--last", "1", "--json").json[0]["caller"]
    rows = demo.hotspare("requests", "--caller", caller, "--json").json
    assert {row["caller"] for row in rows} == {caller}
    assert demo.hotspare("requests", "--model", "nobody", "--json").json == []


def test_explain_tells_candidates_attempts_and_the_rule(demo):
    request = demo.hotspare("requests", "--last", "1", "--json").json[0]
    done = demo.hotspare("explain", request["id"], "--json")
    assert done.code == 0
    assert done.json["ended_by"]
    assert all(row.keys() >= CANDIDATE for row in done.json["candidates"])
    assert all(row.keys() >= ATTEMPT for row in done.json["attempts"])
    assert request["id"] in demo.hotspare("explain", request["id"]).out


def test_explaining_a_request_that_never_was_is_answered_with_no(demo):
    done = demo.hotspare("explain", "nothing-like-it", "--json")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("hotspare: ")


def test_following_prints_requests_as_they_end(demo):
    with demo.running("requests", "--follow", "--last", "1", "--json") as process:
        lines = [process.stdout.readline() for _ in range(3)]
    assert all('"caller"' in line for line in lines)


@pytest.mark.parametrize("command", ["errors", "slow", "history", "journal"])
def test_the_other_looking_commands_print_json_lists_and_columns(demo, command):
    assert isinstance(demo.hotspare(command, "--json").json, list)
    assert demo.hotspare(command).code == 0


def test_a_forced_model_answers_the_next_request(free):
    done = free.hotspare("force", "main", "haiku", "--for", "5m", "--why", "testing", "--json")
    assert done.code == 0
    assert done.json["after"] == ["force", "haiku"]
    assert done.json.keys() >= JOURNAL
    asked = free.hotspare("prompt", "--chain", "main", "--json", "hello")
    assert asked.code == 0, asked.err
    assert free.hotspare("explain", asked.json["id"], "--json").json["model"] == "haiku"


def test_a_disabled_model_is_called_no_more_until_it_is_enabled(free):
    assert free.hotspare("disable", "claude", "--why", "cold").code == 0
    assert models(free)["claude"]["state"] == "disabled"
    asked = free.hotspare("prompt", "--chain", "main", "--json", "hello").json
    trace = free.hotspare("explain", asked["id"], "--json").json
    assert "claude" not in [attempt["model"] for attempt in trace["attempts"]]
    assert next(row["skip"] for row in trace["candidates"] if row["model"] == "claude") == "disabled"
    assert free.hotspare("enable", "claude").code == 0
    assert models(free)["claude"]["state"] != "disabled"


def test_whoever_acts_for_another_is_shown_as_saying_so(free):
    for who, environment in ((("--as", "grace"), {}), ((), {"SUDO_USER": "alan"})):
        with mock.patch.dict(free.environment, environment):
            assert free.hotspare("disable", "haiku", *who).code == 0
        claimed = who[1] if who else "alan"
        assert free.hotspare("journal", "--json").json[0]["who"] == f"{getpass.getuser()} (as {claimed})"
        assert free.hotspare("undo").code == 0
        assert free.hotspare("journal", "--json").json[0]["who"] == getpass.getuser()


def test_undo_takes_the_latest_act_back_and_the_journal_shows_both(free):
    free.hotspare("disable", "haiku", "--for", "10m", "--why", "to be undone")
    done = free.hotspare("undo")
    assert done.code == 0, done.err
    assert models(free)["haiku"]["state"] != "disabled"
    latest, before = free.hotspare("journal", "--json").json[:2]
    assert latest.keys() >= JOURNAL
    assert latest["undoes"] == before["number"]
    assert before["why"] == "to be undone"
    assert before["until"] is not None


def test_priorities_put_the_models_in_a_new_order(free):
    order = [row["name"] for row in free.hotspare("models", "--json").json]
    assert free.hotspare("priorities", "main", "gpt-5,claude").code == 0
    assert [row["name"] for row in free.hotspare("models", "--json").json][:2] == ["gpt-5", "claude"]
    assert free.hotspare("priorities", "main", ",".join(order)).code == 0


def test_a_wide_act_is_refused_until_it_is_confirmed(free):
    refused = free.hotspare("force", "main", "haiku", "--for", "ever")
    assert refused.code == 4
    assert refused.out == ""
    assert "--yes" in refused.err
    assert free.hotspare("force", "main", "haiku", "--for", "ever", "--yes").code == 0


def test_an_act_on_a_model_that_is_not_there_is_refused_in_a_sentence(demo):
    done = demo.hotspare("disable", "no-such-model")
    assert done.code in {2, 4}
    assert "no-such-model" in done.err


def test_a_length_of_time_that_is_none_is_a_usage_error(demo):
    done = demo.hotspare("force", "main", "haiku", "--for", "soon")
    assert done.code == 2
    assert "soon" in done.err


def test_a_prompt_streams_its_answer_to_standard_output_and_its_route_to_standard_error(free):
    done = free.hotspare("prompt", "--model", "haiku", "say", "something")
    assert done.code == 0, done.err
    assert done.out.strip()
    assert "haiku" in done.err
    assert "haiku" not in done.out


def test_the_paths_of_store_and_log_are_printed_and_are_there(demo):
    for command in ("store", "logs"):
        path = demo.hotspare(command, "path").out.strip()
        assert path
        assert (demo.folder / path).exists()


def test_an_instance_that_is_named_wrongly_is_said_to_be_absent_with_those_that_run(demo):
    done = demo.hotspare("status", "--instance", "prod")
    assert done.code == 3
    assert "demo" in done.err


def test_a_second_start_says_which_instance_runs_and_how_to_reach_it(demo):
    pid = demo.hotspare("status", "--json").json["pid"]
    done = demo.program("demo", "--no-screen", "--port", "0")
    assert done.code == 2
    assert str(pid) in done.err
    assert "hotspare attach --instance demo" in done.err


def test_a_second_instance_on_a_busy_port_says_who_holds_it_and_the_flag(demo, new_home):
    port = demo.hotspare("status", "--json").json["listen"].rsplit(":", 1)[1]
    done = new_home.program("demo", "--no-screen", "--port", port)
    assert done.code == 2
    assert port in done.err
    assert "--port" in done.err


def test_a_reader_that_closes_the_pipe_ends_the_command_quietly(demo):
    with demo.running("requests", "--follow") as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""


def test_callers_and_costs_are_told_by_what_is_asked(demo):
    callers = {row["name"]: row for row in demo.hotspare("callers", "--json").json}
    assert {"shop-api", "support-bot"} <= callers.keys()
    assert all(row["requests"] >= row["ok"] for row in callers.values())
    assert "shop-api" in demo.hotspare("callers").out
    models = demo.hotspare("cost", "--json").json
    assert "claude" in {row["name"] for row in models}
    assert [row["cost_usd"] for row in models] == sorted((row["cost_usd"] for row in models), reverse=True)
    for by in ("chain", "caller", "session", "hour", "reason", "outcome", "kind"):
        assert demo.until(lambda by=by: demo.hotspare("cost", "--by", by, "--json").json), (
            by
        )  # the first fallback may be to come
        assert by in demo.hotspare("cost", "--by", by).out
    outcomes = {row["name"]: row for row in demo.hotspare("cost", "--by", "outcome", "--json").json}
    assert outcomes["served"]["calls"] == outcomes["served"]["ok"] > 0
    assert demo.hotspare("cost", "--by", "weather").code == 2


def test_the_arms_of_one_chain_are_set_side_by_side(demo):
    chain = demo.hotspare("status", "--json").json["models"][0]["chain"]
    arms = demo.hotspare("cost", "--chain", chain, "--json").json
    assert arms
    everywhere = {row["name"]: row["calls"] for row in demo.hotspare("cost", "--json").json}
    assert all(0 < row["calls"] <= everywhere[row["name"]] for row in arms)
    head = demo.hotspare("cost", "--chain", chain).out.splitlines()[0].split()
    assert head[:6] == ["model", "cost", "calls", "ok", "failed", "p95"]
    assert "nothing was called" in demo.hotspare("cost", "--chain", "nobody").err


def test_requests_are_found_by_what_the_screen_filters_by(demo):
    def found(*options):
        return demo.hotspare("requests", "--last", "200", "--json", *options).json

    assert {row["caller"] for row in found("--text", "shop-")} == {"shop-api"}
    assert {row["status"] for row in found("--status", "200")} == {200}
    assert {row["chain"] for row in found("--chain", "main")} == {"main"}
    assert found("--session", "no-such-session") == []
    assert all(row["duration_ms"] > 5000 for row in found("--slow"))


def test_a_request_is_sent_again_as_it_was_once_its_cost_was_seen(free):
    asked = free.hotspare("prompt", "--chain", "main", "--json", "hello").json
    refused = free.until(lambda: (done := free.hotspare("resend", asked["id"])).code == 4 and done)
    assert "goes out once more, as a test" in refused.err
    assert "--yes sends it" in refused.err
    again = free.hotspare("resend", asked["id"], "--yes", "--json")
    assert again.code == 0, again.err
    assert again.json["id"] != asked["id"]
    assert again.json["text"]
    before, after = (free.hotspare("explain", one["id"], "--json").json for one in (asked, again.json))
    assert (after["kind"], after["asked"]) == ("test", before["asked"])


def test_what_never_was_cannot_be_sent_again(demo):
    done = demo.hotspare("resend", "nothing-like-it", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "there is no request nothing-like-it" in done.err


# ------------------------------------------------------------------ ranges and filters
@pytest.mark.parametrize(
    "command", [["requests"], ["errors"], ["slow"], ["callers"], ["cost"], ["history"], ["journal"]]
)
def test_what_was_can_be_asked_of_any_range(demo, command):
    assert demo.hotspare(*command, "--since", "2d", "--until", "1d", "--json").json == []
    assert isinstance(demo.hotspare(*command, "--since", "1h", "--json").json, list)
    done = demo.hotspare(*command, "--since", "soonish")
    assert done.code == 2
    assert "'soonish' is no moment" in done.err


def test_requests_are_filtered_as_on_the_screen(demo):
    last = demo.hotspare("requests", "--last", "1", "--json").json[0]
    words = f"caller:~^{last['caller']}$ !status:/^5/ id:{last['id']}"
    found = demo.hotspare("requests", "--filter", words, "--json").json
    assert [row["id"] for row in found] == ([last["id"]] if last["status"] < 500 else [])
    assert demo.hotspare("requests", "--filter", "trigger:timeout", "--trigger", "auth", "--json").json == []
    assert len(demo.hotspare("requests", "--filter", "~.", "--last", "2", "--json").json) == 2
    done = demo.hotspare("requests", "--filter", "~(")
    assert done.code == 2
    assert "~( is no regular expression" in done.err


def test_status_tells_everything_that_is_going_on(free):
    free.hotspare("disable", "haiku", "--why", "tired", "--for", "5m")
    done = free.hotspare("status", "--json").json
    assert done["situations"][0]["text"] == done["situation"]
    [decision] = [one for one in done["decisions"] if one["subject"] == "haiku"]
    assert decision["why"] == "tired"
    assert '"tired"' in free.hotspare("status").out


def test_a_filter_and_an_option_that_exclude_each_other_find_nothing():
    class Everything:
        def query(self, name, **parameters):
            raise AssertionError("nothing is to be asked for")

    assert _filtered(Everything(), "trigger:timeout", {"last": 20, "trigger": "auth"}) == []
