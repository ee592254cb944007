"""What the operator looks at."""

from dataclasses import replace

from hotspare.app.console.view_state import ViewState
from hotspare.widgets.request_filter import RequestFilter


def test_a_list_stands_in_the_order_of_its_times_though_long_requests_end_late(backend):
    newest, second, *_ = backend.now.fallbacks
    shown = replace(backend.now, fallbacks=(replace(second, at=100.0), replace(newest, at=112.0), second))
    rows, total = ViewState().rows(shown, "fallbacks", RequestFilter())
    assert [row.at for row in rows] == sorted((row.at for row in shown.fallbacks), reverse=True)
    assert total == 3


def look(backend, seconds, newest, per_minute):
    """The figures some seconds later, when that request is the newest."""
    rows = tuple(replace(row, id=newest) for row in backend.now.recent[:1])
    return replace(
        backend.now, at=backend.now.at + seconds, recent=rows, fallbacks=rows, requests_per_minute=per_minute
    )


def lists_of(state):
    return {state.latest.recent[0].id, state.latest.fallbacks[0].id}


def test_lists_that_nobody_could_read_move_once_a_second(backend):
    state = ViewState()
    for seconds, newest, shown in ((0, "a", "a"), (0.25, "b", "a"), (0.75, "c", "a"), (1, "d", "d"), (1.25, "e", "d")):
        state.take(look(backend, seconds, newest, 301))
        assert lists_of(state) == {shown}
        assert state.latest.at == backend.now.at + seconds


def test_lists_that_can_be_read_move_at_every_look(backend):
    state = ViewState()
    for seconds, newest in ((0, "a"), (0.25, "b"), (0.5, "c")):
        state.take(look(backend, seconds, newest, 300))
        assert lists_of(state) == {newest}


def test_lists_of_another_run_whose_clock_is_behind_are_not_held(backend):
    state = ViewState()
    state.take(look(backend, 100, "a", 900))
    state.take(look(backend, 0, "b", 900))
    assert lists_of(state) == {"b"}
