"""A command line that is not understood ends with one sentence, in the program's own words, and exit code 2."""

import pytest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--port abc status", "--port must be a whole number from 0 to 65535, is 'abc'"),
        ("demo --port 70000", "--port must be a whole number from 0 to 65535, is 70000"),
        ("requests --last 0", "--last must be a whole number, at least 1, is 0"),
        ("demo --seconds nan", "--seconds must be a number, at least 0, is 'nan'"),
        ("cost --hours inf", "--hours must be a number, at least 0.1, is 'inf'"),
        ("store export --days 0", "--days must be a number, more than 0, is 0.0"),
        ("cost --by colour", "--by must be one of model, chain, caller, "),
        ("force main gpt --for soon", "--for: 'soon' is no length of time; write 90s, 10m, 2h, or ever"),
        ("force main", "MODEL is missing"),
        ("force main gpt now please", "this is too much: now please"),
        ("status --instance", "--instance needs a value"),
        ("status --json=yes", "--json takes no value"),
        ("status --jsn", "there is no option --jsn; did you mean --json?"),
        ("--confg x", "there is no option --confg; did you mean --config?"),
        ("status --config x", "--config stands before the command, as in: hotspare --config … status"),
        ("status -x", "there is no option -x"),
        ("statsu", "there is no command named statsu; did you mean status?"),
        ("xyzzy", "there is no command named xyzzy"),
        ("store pth", "there is no command named pth; did you mean path?"),
        ("config", "config needs one of: show, write"),
        ("prompt --model a --chain b hi", "name a model or a chain, not both"),
    ],
)
def test_a_misused_command_says_what_may_stand_there(new_home, line, said):
    done = new_home.hotspare(*line.split())
    assert done.code == 2
    assert done.out == ""
    sentence, _, hint = done.err.partition("\n")
    assert sentence.startswith(f"hotspare: {said}")
    assert said.endswith(" ") or sentence == f"hotspare: {said}"
    assert hint.startswith("  see: hotspare") or not hint
