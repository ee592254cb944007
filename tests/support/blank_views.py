"""What a console is shown of an instance on which nothing has happened: tests say what is other than that."""

from hotspare.router.snapshot import ChainView, FiguresView, Instance, ModelView, RequestRow, Snapshot, StoreView

MODEL = ModelView(
    name="claude",
    chain="main",
    provider="anthropic",
    position=1,
    state="ok",
    reason="",
    seconds_left=None,
    since=None,
    share=None,
    calls=0,
    answered=0,
    p50_ms=None,
    p95_ms=None,
    cost_pico_usd=0,
    requests_today=0,
    answered_today=0,
    in_flight=0,
    unpriced=False,
    lane=(),
)
ROW = RequestRow(
    id="req-1",
    at=0.0,
    chain="main",
    asked="main",
    meant="claude",
    model="claude",
    caller="shop-api",
    session=None,
    kind="traffic",
    verdict="answered",
    status=200,
    fallback=False,
    attempts=1,
    reason="",
    evidence="",
    duration_ms=1.0,
    input_tokens=1,
    output_tokens=1,
    cost_pico_usd=1,
    unpriced=False,
)
SNAPSHOT = Snapshot(
    at=0.0,
    instance=Instance("prod", "127.0.0.1:4000", 1, 0.0, "0.1.0"),
    requests_per_minute=0,
    callers=0,
    window_minutes=15,
    window=FiguresView(),
    usual_mean_ms=None,
    usual_p95_ms=None,
    today=FiguresView(),
    today_other_pico_usd=0,
    daily_limit_pico_usd=None,
    budget_gone_at=None,
    chains=(),
    models=(),
    situations=(),
    decisions=(),
    fallbacks=(),
    recent=(),
    last_act="",
    last_act_at=None,
    store=StoreView(),
)


def chain_of(*models: str, name: str = "main") -> ChainView:
    """A chain of these models, by priority, without a force."""
    return ChainView(name, "chat", "priority", models, models[0], None, None, FiguresView())
