"""Write metrics down as Prometheus reads them. Loaded by the first scrape only: nothing else may import this."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from hotspare.gateway.metrics import FAMILIES, Family, Samples, Seen
from hotspare.router.totals import DURATION_BOUNDS_SECONDS, Durations

_BOUNDS = (*(str(bound) for bound in DURATION_BOUNDS_SECONDS), "+Inf")


class _Collector:
    """One scrape."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield _metric(family, family.read(self._seen))


def render(seen: Seen) -> bytes:
    """All families, in text. The registry is ours alone: no other library's metrics are in it."""
    registry = CollectorRegistry()
    registry.register(_Collector(seen))
    return generate_latest(registry)


def _metric(family: Family, samples: Samples) -> Metric:
    if family.kind == "histogram":
        return _histogram(family, samples)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.text, labels=family.labels)
    for labels, value in samples:
        if not isinstance(value, Durations):
            metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, samples: Samples) -> Metric:
    metric = HistogramMetricFamily(family.name, family.text, labels=family.labels)
    for labels, value in samples:
        if isinstance(value, Durations):
            metric.add_metric(labels, _cumulative(value.counts), value.seconds)
    return metric


def _cumulative(counts: Iterable[int]) -> list[tuple[str, float]]:
    return list(zip(_BOUNDS, map(float, accumulate(counts)), strict=True))
