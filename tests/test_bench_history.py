"""A CPU ratio that has grown by over 20 % is found, whatever part of the bench the runs before it measured."""

import importlib.util
from pathlib import Path

import pytest

_AT = Path(__file__).parents[1] / "bench" / "history.py"
_SPEC = importlib.util.spec_from_file_location("history_of_the_bench", _AT)
history = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(history)


def run(commit="now", /, **ratios):
    figures = {name: {"ratio": ratio, "cpu_us": 1.0} for name, ratio in ratios.items()}
    return {"commit": commit, "figures": figures | {"memory": {"mb_after_0": 40.0}}}


@pytest.mark.parametrize(("ratio", "told"), [(1.0, False), (2.4, False), (2.41, True), (9.0, True)])
def test_a_ratio_that_grew_by_over_a_fifth_is_told(ratio, told):
    before = [run("before", plain=2.0)]
    expected = [f"plain: {ratio:.2f} times the pass-through, 2.00 at before"] if told else []
    assert history.grown(run(plain=ratio), before) == expected


def test_each_load_is_compared_with_the_latest_run_that_measured_it():
    before = [run("first", plain=1.0, burst=1.0), run("second", plain=5.0), run("third", burst=9.0)]
    compared = history.compared(run(plain=1.0, burst=1.0), before)
    assert {name: entry["commit"] for name, entry in compared.items()} == {"plain": "second", "burst": "third"}
    assert history.grown(run(plain=5.5, burst=10.0), before) == []
    assert len(history.grown(run(plain=6.5, burst=11.0), before)) == 2


def test_a_load_that_no_run_before_it_measured_is_compared_with_nothing():
    assert history.compared(run(plain=1.0), [run(burst=1.0)]) == {}
    assert history.grown(run(plain=1.0), []) == []
