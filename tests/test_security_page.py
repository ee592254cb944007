"""The page on security names, for each rule, tests that are there."""

import ast
import re
from pathlib import Path

HOUSE = Path(__file__).parents[1]
PAGE = HOUSE / "docs" / "security.md"

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_in(path):
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }


def test_every_rule_of_the_page_names_tests_that_exist():
    rules = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "::" in line]
    assert len(rules) > 30
    named = {(path, name) for rule in rules for path, name in _NAMED.findall(rule)}
    known = {path: functions_in(HOUSE / path) for path, _ in named}
    assert not sorted(f"{path}::{name}" for path, name in named if name not in known[path])


def test_every_rule_names_a_test():
    tables = PAGE.read_text().split("| rule | held by |")[1:]
    assert tables
    for table in tables:
        for line in table.strip().splitlines()[1:]:
            if not line.startswith("|"):
                break
            assert _NAMED.search(line), line
