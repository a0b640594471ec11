"""What is told holds no secret and does not grow with what clients write."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING

import pytest

from suite.watch.inventory import METRICS

if TYPE_CHECKING:
    from conftest import Watched

# Of who scrapes, of the exporter, and of histograms.
COMMON_LABELS = {"le", "otel_scope_name", "otel_scope_version", "otel_scope_schema_url"}
LINE = re.compile(r"^([a-z]\w+)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def until_told(watched: Watched, seconds: float = 40) -> tuple[str, str]:
    """The spans and metrics pushed, once those of all three services have come."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        spans, metrics = "".join(watched.collector.spans), "".join(watched.collector.metrics)
        if all(f'string_value: "{name}"' in text for name in watched.targets for text in (spans, metrics)):
            return spans, metrics
        time.sleep(0.2)
    raise AssertionError("The services pushed no spans and metrics.")


def misuse(watched: Watched, names: itertools.count[int]) -> None:
    """Whatever a client can write, each time something new."""

    async def ask() -> None:
        api, n = watched.api, next(names)
        await api.get(f"/nothing/{n}/{n}?q={n}")
        await api.get(f"/down/{n}?q={n}")
        await api.call(f"M{n}", f"/down/{n}")
        await api.call(f"M{n}", "/protected")
        await api.protected(f"{n}.{n}.{n}")
        await api.login(f"nobody-{n}", f"wrong-{n}")
        await api.refresh(f"forged-{n}")
        await api.call(
            "GET", "/health", headers={"Host": f"h{n}.example", "X-Forwarded-For": f"10.0.0.{n % 250}"}
        )

    watched.run(ask())


def test_series_do_not_grow_with_what_clients_write(watched: Watched) -> None:
    names = itertools.count()
    watched.use()
    for _ in range(3):
        misuse(watched, names)
    before = {(name, labels) for name, labels in LINE.findall(watched.scrape())}
    for _ in range(40):
        misuse(watched, names)
    after = {(name, labels) for name, labels in LINE.findall(watched.scrape())}

    # A status or two may be new, and with it the buckets of a histogram; not one for each request.
    assert len({series for series in after - before if series[0].endswith(("_count", "_total"))}) <= 4


def test_series_have_the_labels_of_the_inventory_and_no_others(watched: Watched) -> None:
    watched.use()
    listed = {series: set(metric.labels) for metric in METRICS for series in metric.series}
    strange = {
        (name, label)
        for name, labels in LINE.findall(watched.scrape())
        for label, _ in LABEL.findall(labels or "")
        if name in listed and label not in listed[name] | COMMON_LABELS
    }

    assert strange == set()


@pytest.mark.slow
def test_no_span_metric_or_log_line_holds_a_secret(watched: Watched) -> None:
    pair = watched.use()
    wrong = "a-password-typed-into-the-wrong-field"
    watched.api.secrets.add(wrong)

    async def slip() -> None:
        await watched.api.login(wrong, wrong)
        await watched.api.get(f"/protected?access_token={pair.access}", pair.access)
        await watched.api.get(f"/{pair.access}")
        await watched.api.get(f"/down/{pair.access}?access_token={pair.refresh}", pair.access)
        await watched.api.protected(pair.access[:-4] + "AAAA")

    watched.run(slip())
    spans, metrics = until_told(watched)
    told = {"spans": spans, "metrics": metrics, "scraped": watched.scrape()}
    told |= {log.name: log.read_text("utf-8") for log in watched.suite.logs.glob("*.log")}
    kept = {
        file.read_text("utf-8") for file in (watched.suite.folder / "secrets").iterdir() if file.is_file()
    }
    secrets = watched.api.secrets | kept | {watched.model_key}

    assert len(secrets) > 8
    assert {name: secret[:6] for name, text in told.items() for secret in secrets if secret in text} == {}
