"""Percentiles of what is stored are those of the router's histogram, of one row or of many."""

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.figures import Histogram
from hotspare.store.offline import add_functions
from hotspare.store.sums import NO_DURATIONS, _blob, durations_of, percentiles

SHARES = (0.0, 0.5, 0.95, 1.0)
HISTOGRAMS = st.lists(st.floats(0.1, 10**6), max_size=40).map(lambda durations: [d for d in durations if d > 0])


def histogram(durations):
    made = Histogram()
    for each in durations:
        made.add(each)
    return made


@given(st.lists(HISTOGRAMS, min_size=1, max_size=5))
def test_of_many_rows_they_are_as_of_one_that_holds_all(rows):
    whole = histogram([each for row in rows for each in row])
    with closing(sqlite3.connect(":memory:")) as connection:
        add_functions(connection)
        connection.execute("CREATE TABLE t (durations BLOB)")
        connection.executemany("INSERT INTO t VALUES (?)", [(_blob(histogram(row)),) for row in rows])
        [merged] = connection.execute("SELECT merge_durations(durations) FROM t").fetchone()
    assert percentiles(merged, *SHARES) == tuple(whole.percentile(share) for share in SHARES)
    assert percentiles(_blob(whole), *SHARES) == tuple(whole.percentile(share) for share in SHARES)


def test_of_nothing_there_are_none():
    assert percentiles(NO_DURATIONS, 0.5) == (None,)
    assert durations_of(NO_DURATIONS) == {}
    with closing(sqlite3.connect(":memory:")) as connection:
        add_functions(connection)
        connection.execute("CREATE TABLE t (durations BLOB)")
        [merged] = connection.execute("SELECT merge_durations(durations) FROM t").fetchone()
    assert merged is None or percentiles(merged, 0.5) == (None,)
