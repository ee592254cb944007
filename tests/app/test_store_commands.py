"""The commands about the store: on one that was made up, beside a demo that runs, and where there is none."""

import json

CONFIGURATION = """
[store]
path = "kept.db"
[[models]]
name = "small"
provider = "ollama"
model = "x"
[chains.main]
models = ["small"]
"""


def made_up(home):
    """A home with a configuration whose store holds 3,000 requests of two days."""
    file = home.folder / "made-up.toml"
    file.write_text(CONFIGURATION)
    at = ("--config", str(file))
    done = home.hotspare(*at, "store", "generate", "--requests", "3000", "--days", "2", "--json")
    assert done.code == 0, done.err
    assert (done.json["requests"], done.json["path"]) == (3000, str(home.folder / "kept.db"))
    return at


def test_a_made_up_store_is_counted_checked_copied_and_handed_on(new_home):
    at = made_up(new_home)
    found = new_home.hotspare(*at, "store", "stats", "--json").json
    assert found["requests"] == 3000
    assert new_home.hotspare(*at, "store", "verify", "--json").json["ok"] is True
    copy = new_home.hotspare(*at, "store", "backup", str(new_home.folder / "copy.db"), "--json").json
    assert copy["size_bytes"] > 100_000
    assert new_home.hotspare(*at, "store", "vacuum", "--json").json["after_bytes"] > 100_000
    lines = new_home.hotspare(*at, "store", "export").out.splitlines()
    assert len(lines) == 3000
    assert json.loads(lines[0])["attempts"]
    assert len(new_home.hotspare(*at, "store", "export", "--csv").out.splitlines()) == 3001
    rows = new_home.hotspare(*at, "history", "--chain", "main", "--days", "3", "--json").json
    assert sum(row["requests"] for row in rows) > 1500
    assert ["requests", "3,000"] in [line.split() for line in new_home.hotspare(*at, "store", "stats").out.splitlines()]


def test_nothing_that_is_there_is_replaced(new_home):
    at = made_up(new_home)
    again = new_home.hotspare(*at, "store", "generate")
    assert (again.code, "is there already" in again.err) == (2, True)
    over = new_home.hotspare(*at, "store", "backup", str(new_home.folder / "made-up.toml"))
    assert (over.code, "is there already" in over.err) == (2, True)


def test_a_store_that_fails_the_check_is_exit_code_one(new_home):
    import sqlite3  # noqa: PLC0415 -- only to do harm

    at = made_up(new_home)
    connection = sqlite3.connect(new_home.folder / "kept.db", isolation_level=None)
    connection.execute("DELETE FROM stored_attempts WHERE request = 7")
    connection.close()
    done = new_home.hotspare(*at, "store", "verify")
    assert (done.code, "cost something else" in done.out) == (1, True)


def test_commands_work_beside_an_instance_that_runs(demo):
    assert demo.hotspare("store", "stats", "--json").json["requests"] > 0
    assert demo.hotspare("store", "verify", "--json").json == {
        "path": demo.hotspare("store", "path").out.strip(),
        "ok": True,
        "found": [],
    }
    demo.hotspare("store", "vacuum")
    assert demo.hotspare("status", "--json").json["store"]["dropped"] == 0


def test_where_there_is_no_store_it_is_said(new_home):
    file = new_home.folder / "new.toml"
    file.write_text(CONFIGURATION)
    done = new_home.hotspare("--config", str(file), "store", "stats")
    assert done.code == 2
    assert "There is no store" in done.err


def test_a_damaged_store_is_told_and_what_can_be_read_comes_back(new_home):
    at = made_up(new_home)
    kept = new_home.folder / "kept.db"
    data = bytearray(kept.read_bytes())
    for begin in range(len(data) // 3 // 4096 * 4096, len(data) // 2, 4096):
        data[begin : begin + 2048] = b"\xa5" * 2048
    kept.write_bytes(data)
    found = new_home.hotspare(*at, "store", "verify")
    assert (found.code, "damaged" in found.out, "hotspare store recover" in found.out) == (1, True, True)
    done = new_home.hotspare(*at, "store", "recover", "--json")
    [told] = done.json
    assert done.code == (1 if told["unreadable"] else 0)
    assert 0 < told["brought_back"] <= 3000
    assert new_home.hotspare(*at, "store", "verify", "--json").json["ok"] is True
    assert new_home.hotspare(*at, "store", "stats", "--json").json["requests"] == told["brought_back"]
    again = new_home.hotspare(*at, "store", "recover")
    assert (again.code, "nothing was set aside" in again.err) == (2, True)


def test_where_the_store_cannot_be_read_nothing_found_is_not_all_that_is_said(new_home):
    file = new_home.folder / "hotspare.toml"
    file.write_text('[gateway]\nname = "ill"\nport = 0\n[health_check]\nenabled = false\n' + CONFIGURATION)
    (new_home.folder / "kept.db").mkdir()
    with new_home.running("serve", "--config", str(file)):
        new_home.until_it_runs()
        for command in (
            ("requests",),
            ("requests", "--filter", "timeout"),
            ("history",),
            ("cost",),
            ("journal",),
            ("errors",),
        ):
            told = new_home.hotspare(*command)
            assert told.code == 0
            assert "The store is unavailable: Is a directory" in told.err
        assert new_home.hotspare("status", "--json").json["store"] == {"state": "unavailable", "dropped": 0}
        (new_home.folder / "kept.db").rmdir()
        new_home.until(lambda: new_home.hotspare("status", "--json").json["store"]["state"] == "ok")
        assert "store" not in new_home.hotspare("requests").err
