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
