"""`hotspare providers`, with and without a configuration."""


def test_presets_are_listed_without_a_configuration(new_home):
    done = new_home.hotspare("providers")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["name", "dialect", "needs", "proved", "address"]
    assert lines[1].split()[:2] == ["anthropic", "anthropic"]
    assert len(lines) == 13
    assert "loopback" in done.err


def test_a_configurations_own_are_listed_and_a_broken_one_is_said(new_home):
    path = new_home.folder / "hotspare.toml"
    path.write_text('[providers.box]\ndialect = "openai"\nbase_url = "https://box.example.com/v1"\n')
    for arguments in (("providers", "--json"), ("--config", str(path), "providers", "--json")):
        row = new_home.hotspare(*arguments).json[-1]
        assert (row["name"], row["origin"], row["ready"], row["needs"]) == ("box", "file", True, [])
    path.write_text("[providers.box\n")
    done = new_home.hotspare("providers")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") <= 2
