"""What is wrong in a file is said with its line: of its key, else of the table that it stands or lacks in."""

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from hotspare.configuration.formats.toml_lines import lines_of

MODEL = '[[models]]\nname = "a"\nprovider = "openai"\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MODEL + '\n[chains.main]\nanswers = []\nmodels = ["b"]\n', "line 7: chains.main.models holds b"),
        (MODEL + MODEL + '[chains.main]\nmodels = ["a"]\n', "line 2: the model a is given twice"),
        (MODEL + '[chains."gpt-4.1"]\nmodels = []\n', "line 5: chains.gpt-4.1.models is empty"),
        (MODEL + 'base_url_env = "NOWHERE"\n[chains.main]\nmodels = ["a"]\n', "line 4: models[0].base_url_env"),
        (MODEL + 'input_usd_per_million_tokens = 1\n[chains.main]\nmodels = ["a"]\n', "line 1: models[0].output_usd"),
        (MODEL + "retires = 1\n", "line 4: unknown key models[0].retires"),
        ('[gateway]\n# a remark\n\nport = "x"\n', "line 4: gateway.port must be a whole number"),
        (MODEL + "[budget]\ntimezone = 'Nowhere/X'\n[chains.main]\nmodels = [\"a\"]\n", "line 5: budget.timezone"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(refusal, content, said):
    assert f"hotspare.toml: {said}" in refusal(content)


def test_the_whole_file_has_no_line(refusal):
    assert "hotspare.toml: there is no chain in it" in refusal(MODEL)


def test_texts_and_lists_of_several_lines_hold_no_keys():
    text = 'a = """\n[x]\nb = 1\n"""\nc = [\n  1, # ]\n  "]",\n]\nd = \'\'\'\ne = 2\'\'\'\n'
    text += '[[m.n]]\nd = 1\n[[m.n]]\n["x y".z]\n q.r = 1\n'
    assert lines_of(text) == {
        ("a",): 1, ("c",): 5, ("d",): 9, ("m", "n", 0): 11, ("m", "n", 0, "d"): 12, ("m", "n", 1): 13,
        ("x y", "z"): 14, ("x y", "z", "q", "r"): 15,
    }  # fmt: skip


words = st.text("ab-_ .\"'#[]=\n", max_size=6)
scalars = st.integers(0, 9) | words | st.lists(words, max_size=2)
tables = st.dictionaries(words, scalars, max_size=2)
contents = st.dictionaries(words, scalars | tables | st.lists(tables, min_size=1, max_size=2), max_size=4)


@given(contents)
def test_every_place_found_is_there_and_its_line_holds_its_name(content):
    text = tomlkit.dumps(content)
    there = tomllib.loads(text)
    rows = text.split("\n")
    for place, line in lines_of(text).items():
        inner = there
        for step in place:
            inner = inner[step]
        assert 1 <= line <= len(rows)
    plain = [name for name, value in there.items() if not isinstance(value, dict | list)]
    assert all((name,) in lines_of(text) for name in plain)
