"""What wakes somebody (`page`) and what waits for the morning (`ticket`); each has its runbook."""

from collections.abc import Iterator
from typing import Any, Final

from suite.watch.objectives import OBJECTIVES, Objective, Rule, at_most

RUNBOOKS: Final = "docs/runbooks"
"""Where the runbooks are as they are shipped; `--runbooks` and the chart put an address in its place."""

_NAMES: Final = {"sign_in": "SignIn", "verified": "Traffic", "triage": "Triage"}
# The two speeds of the SRE workbook: (long window, short window, times faster than the budget allows).
_FAST: Final = (("1h", "5m", 14.4), ("6h", "30m", 6.0))
_SLOW: Final = (("1d", "2h", 3.0), ("3d", "6h", 1.0))


def burning() -> Iterator[Rule]:
    """Two for each promise: one for a budget that is gone in days, one for weeks."""
    for objective in OBJECTIVES:
        for sli, noun in (("availability", "Error"), ("latency", "Latency")):
            name = f"{_NAMES[objective.name]}{noun}BudgetBurn"
            said = f"{objective.title}: {_what(objective, sli)}"
            if objective.pages:
                yield _alert(name, _burn(objective, sli, _FAST, "1h"), "page", said, after="2m")
            yield _alert(name, _burn(objective, sli, _SLOW, "1d"), "ticket", said, after="15m")


def _what(objective: Objective, sli: str) -> str:
    if sli == "availability":
        return (
            f"{{{{ $value | humanizePercentage }}}} of requests end in 5xx, {1 - objective.answered:.2%} may."
        )
    return (
        f"{{{{ $value | humanizePercentage }}}} of requests take longer than {float(objective.within):g} s, "
        f"{1 - objective.fast:.0%} may."
    )


def _burn(objective: Objective, sli: str, speeds: tuple[tuple[str, str, float], ...], of: str) -> str:
    budget = 1 - objective.target[sli]

    def past(window: str, times: float) -> str:
        series = f'slo:error:ratio_rate{window}{{slo="{objective.name}",sli="{sli}"}}'
        return f"{series} > {times * budget:.4g}"

    pairs = [f"({past(long, times)} and {past(short, times)})" for long, short, times in speeds]
    requests = f'avg_over_time(slo:requests:rate5m{{slo="{objective.name}"}}[{of}]) * 3600'
    return f"({' or '.join(pairs)}) and on (namespace) {requests} > {objective.least}"


def single() -> Iterator[Rule]:
    yield _alert(
        "RevocationsStale",
        "max by (namespace, pod) (gateway_revocations_staleness_seconds) > 10",
        "page",
        "{{ $labels.pod }} knew all revocations {{ $value | humanizeDuration }} ago; later logouts pass.",
        after="1m",
    )
    known = "gateway_revocations_propagation_seconds"
    in_time = f"sum by (namespace) (rate({known}_bucket{{{at_most('1.0')}}}[30m]))"
    yield _alert(
        "RevocationsLate",
        f"1 - {in_time} / sum by (namespace) (rate({known}_count[30m])) > 0.01 "
        f"and sum by (namespace) (increase({known}_count[30m])) > 20",
        "ticket",
        "{{ $value | humanizePercentage }} of revocations took longer than a second to be known.",
        after="10m",
    )
    yield _alert(
        "SigningKeyRotationLate",
        "max by (namespace) (auth_signing_key_age_seconds) "
        "> 1.1 * max by (namespace) (auth_signing_key_lifetime_seconds)",
        "ticket",
        "The active key has signed for {{ $value | humanizeDuration }}, a tenth longer than it should.",
        after="15m",
    )
    yield _alert(
        "LimitStoreFallback",
        "sum by (namespace, policy) (rate(gateway_limits_store_failures_total[5m])) > 0",
        "ticket",
        "Limits are decided without their store, by the policy {{ $labels.policy }}.",
        after="5m",
    )
    yield _alert(
        "UpstreamBreakerOpen",
        "max by (namespace, upstream) (max_over_time(gateway_breaker_state[2m])) == 2",
        "ticket",
        "The upstream {{ $labels.upstream }} has not been asked for ten minutes but for trials.",
        after="10m",
    )
    yield _alert(
        "ModelBreakerOpen",
        "max by (namespace) (max_over_time(triage_breaker_state[2m])) == 2",
        "ticket",
        "The model has not answered for a quarter of an hour; summaries are cached or extractive.",
        after="15m",
    )
    yield from _security()
    yield from _upkeep()


def _security() -> Iterator[Rule]:
    yield _alert(
        "RefreshTokenReuseSpike",
        'sum by (namespace) (increase(auth_refreshes_total{outcome="SESSION_REPLAYED"}[15m])) > 10',
        "page",
        "{{ $value | humanize }} spent refresh tokens were presented again within a quarter of an hour.",
        after="0m",
    )
    failed = 'auth_sign_ins_total{outcome=~"INVALID_CREDENTIALS|SIGN_IN_THROTTLED"}'
    yield _alert(
        "BruteForceSpike",
        f"sum by (namespace) (increase({failed}[10m])) > 200 "
        f"and sum by (namespace) (increase({failed}[10m])) "
        '> 5 * (sum by (namespace) (increase(auth_sign_ins_total{outcome="OK"}[10m])) '
        f"or 0 * sum by (namespace) (increase({failed}[10m])))",
        "page",
        "{{ $value | humanize }} sign-ins failed within ten minutes, five times those that did not.",
        after="0m",
    )
    yield _alert(
        "AuditTrailBroken",
        "min by (namespace) (auth_audit_trail_whole) == 0",
        "page",
        "The chain of audit events does not hold: events were changed or are missing.",
        after="0m",
    )


def _upkeep() -> Iterator[Rule]:
    used = (
        ("tokens", "sum by (namespace) (increase(gen_ai_client_token_usage_sum[1d]))"),
        ("cost", "sum by (namespace) (increase(triage_model_cost_USD_total[1d]))"),
    )
    parts = [
        f'label_replace({spent} / (max by (namespace) (triage_budget_limit{{kind="{kind}"}}) > 0), '
        f'"kind", "{kind}", "", "")'
        for kind, spent in used
    ]
    yield _alert(
        "TriageBudgetNearlySpent",
        f"({' or '.join(parts)}) > 0.8",
        "ticket",
        "{{ $value | humanizePercentage }} of a day's {{ $labels.kind }} for the model are used.",
        after="0m",
    )
    yield _alert(
        "CertificateNearExpiry",
        "min by (namespace, pod) (tls_certificate_expiry_seconds) - time() < 7 * 86400",
        "ticket",
        "The certificate for gRPC of {{ $labels.pod }} ends in {{ $value | humanizeDuration }}.",
        after="15m",
    )
    yield _alert(
        "MigrationPending",
        "max by (namespace) (auth_migration_pending) == 1",
        "ticket",
        "The schema of the database is not that of the release of auth that runs.",
        after="15m",
    )
    yield _alert(
        "HashingQueueFull",
        "max by (namespace, pod) (auth_hashing_waiting / auth_hashing_queue_limit) > 0.8",
        "page",
        "The queue for hashing of {{ $labels.pod }} is {{ $value | humanizePercentage }} full.",
        after="5m",
    )
    yield _alert(
        "RoutesFileRejected",
        "min by (namespace) (gateway_routes_current) == 0",
        "ticket",
        "The routes file is faulty; the last good routes hold.",
        after="5m",
    )
    yield _alert(
        "ReplicaNotReady",
        "min by (namespace, pod, need) (service_needs) == 0",
        "ticket",
        "{{ $labels.pod }} wants no traffic: it waits for {{ $labels.need }}.",
        after="5m",
    )
    yield _alert(
        "GatewayMetricsAbsent",
        "absent(gateway_revocations_known)",
        "page",
        "No gateway tells any metric: it is down, or nobody reads them, and no other alert can be relied on.",
        after="5m",
    )


def _alert(name: str, expression: str, severity: str, summary: str, *, after: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": after,
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "runbook_url": f"{RUNBOOKS}/{name}.md"},
    }


def alerts() -> list[Rule]:
    return [*burning(), *single()]
