"""docs/telemetry.md, written from the inventory."""

from collections.abc import Iterable, Iterator
from typing import Final

from suite.watch.inventory import AUTH, COMMON, GATEWAY, TRIAGE
from suite.watch.metric import Metric

_HEAD: Final = """\
# What the suite tells of itself

Written by `make docs` from `libs/suite/src/suite/watch/inventory/`; a test holds that against the code.

Metrics come by OpenTelemetry. With `OTEL_EXPORTER_OTLP_ENDPOINT` every service pushes metrics and traces over
OTLP/gRPC. Prometheus can also read them: from the gateway at `/metrics` on its internal port, from auth and
triage at `METRICS_BIND`. Names below are OpenTelemetry's, with Prometheus's under them. Both ways the same
labels; `namespace` and `pod` come from who scrapes. Beside them there are `process_*` and `python_gc_*` of
every process.

No label holds what a client or a log wrote: routes are the names of policies, reasons are those of problems,
upstreams and rules are those of files that an operator wrote. A histogram of the hot path stops at 4,096
series and counts the rest under `otel_metric_overflow`.

What the Prometheus client tells of a process (`process_*`, `python_gc_*`: processor and memory on the runtime
dashboard) comes by scrape alone. The exporters of OpenTelemetry name a bucket of whole seconds `le="1"`, a
scrape `le="1.0"`; the rules take both.

Logs are JSON lines on stdout with `trace_id` and `span_id`; problem documents carry the trace id too. Spans
begin at the gateway (`OTEL_TRACES_SAMPLER_ARG` says how many) and follow the request through gRPC to each
statement of the database (what it does to which tables), to upstreams and to the model. No span holds a
value: no parameter of a statement, no path or query of a URL, no word of an error, nothing said to the model.

Buckets of latency lead to traces: whoever scrapes with OpenMetrics, or is pushed to, gets of each bucket the
trace of its latest recorded measurement as an exemplar. Prometheus keeps them with
`--enable-feature=exemplar-storage`.

Where to look: dashboards in `charts/api-reliability-suite/files/dashboards/`, alerts in
`charts/api-reliability-suite/files/rules/`, what to do about each in `docs/runbooks/`.

## On a laptop

One container holds a collector, Prometheus, Tempo, Loki and Grafana. It is an option, not exercised in CI,
which has no containers:

    docker run --rm -p 3000:3000 -p 4317:4317 grafana/otel-lgtm
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 make run

Then Grafana is at http://127.0.0.1:3000; import a dashboard from the folder above.

## In a cluster

`docs/collector.yaml` is the configuration of a collector that keeps every trace with an error or past a
second and a tenth of the rest (of those that are recorded: leave `sampleRatio` at 1 for it to decide), reads
the logs of pods, and names namespace and pod of everything; `docs/collector-rbac.yaml` is what it may read of
the cluster for that. `make collector` runs it in a real
collector (contrib distribution; built by Go where none is there) between what the suite pushes and stand-ins
for Prometheus, Tempo, Loki and the API of the cluster. No CI does: nobody packages a collector for it.

## What it costs

`make bench BENCH=telemetry` measures a decision at `/authz` in one run: without a collector, telling one
percent of the traces, and with a collector that is gone. It ends with 1 where that costs more than 15 % of
CPU, a millisecond, or a request.
"""


def document() -> str:
    parts = [_HEAD]
    for title, metrics in (("All", COMMON), ("Gateway", GATEWAY), ("Auth", AUTH), ("Triage", TRIAGE)):
        parts += [f"\n## {title}\n", *_table(metrics)]
    return "\n".join(parts)


def _table(metrics: Iterable[Metric]) -> Iterator[str]:
    yield "| metric | kind, unit | labels | what it is |"
    yield "|---|---|---|---|"
    for metric in metrics:
        labels = "<br>".join(f"`{name}`: {values}" for name, values in metric.labels.items())
        unit = f", {metric.unit}" if metric.unit else ""
        yield (
            f"| `{metric.name}`<br>`{metric.exported}` | {metric.kind}{unit} | {labels} | {metric.meaning} |"
        )
    yield ""
