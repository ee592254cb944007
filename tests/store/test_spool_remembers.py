from hotspare.store.spool import REMEMBERED_LINES, Spool


def spool_with(path, made_of):
    spool = Spool(path / "x.db")
    for number, one in enumerate(made_of):
        assert spool.append(b"line %d\n" % number, one)
    spool.turn()
    return spool


def test_a_portion_says_what_its_lines_were_made_of_once(tmp_path):
    spool = spool_with(tmp_path, ["a", None, "c"])
    first, again = spool.portion(), spool.portion()
    spool.close()
    assert first.lines == again.lines == (b"line 0", b"line 1", b"line 2")
    assert first.made_of == ("a", None, "c")
    assert again.made_of == (None, None, None)


def test_a_file_that_was_emptied_begins_anew_with_what_it_remembers(tmp_path):
    spool = spool_with(tmp_path, ["a"])
    spool.committed(spool.portion())
    assert spool.append(b"line 0\n", "b")
    spool.turn()
    assert spool.portion().made_of == ("b",)
    spool.committed(spool.portion())
    spool.turn()
    assert spool.append(b"other\n", "c")
    spool.turn()
    assert spool.portion().made_of == ("c",)
    spool.close()


def test_only_the_latest_lines_are_remembered_and_never_for_another_line(tmp_path):
    made_of = list(range(REMEMBERED_LINES + 2))
    spool = spool_with(tmp_path, made_of)
    portion = spool.portion()
    spool.close()
    assert portion.made_of[:3] == (None, None, 2)
    assert portion.made_of[-1] == made_of[-1]
    assert len(portion.made_of) == len(portion.lines)


def test_lines_of_an_earlier_process_have_to_be_read(tmp_path):
    spool_with(tmp_path, ["a"]).close()
    spool = Spool(tmp_path / "x.db")
    assert spool.append(b"line 1\n", "b")
    spool.turn()
    portions = []
    while (portion := spool.portion()) is not None:
        portions.append((portion.lines, portion.made_of))
        spool.committed(portion)
        spool.turn()
    spool.close()
    assert sorted(portions) == [((b"line 0",), (None,)), ((b"line 1",), ("b",))]
