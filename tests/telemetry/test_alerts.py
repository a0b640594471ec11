"""Each alert is seen to fire, and seen not to, by promtool's own evaluation of the files that are shipped."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from suite.places import ROOT
from suite.watch.__main__ import main
from suite.watch.alerts import alerts

RULES = ROOT / "charts/api-reliability-suite/files/rules"
RUNBOOK_FILES = ROOT / "docs/runbooks"
NAMES = sorted({str(rule["alert"]) for rule in alerts()})
MINUTES_OF_A_DAY = 1440


@dataclass(frozen=True)
class Case:
    alert: str
    told: str
    series: dict[str, str]
    minutes: int
    # How many fire, by severity.
    fires: dict[str, int] = field(default_factory=dict)


def traffic(
    route: str, minutes: int, *, le: str = "1.0", good: float = 60, bad: float = 0, slow: float = 0
) -> dict[str, str]:
    """Requests a minute: answered, ended in 503, and how many of them all took longer than `le`."""
    name, labels = "http_server_request_duration_seconds", f'namespace="shop",http_route="{route}"'
    return {
        f'{name}_count{{{labels},http_response_status_code="200"}}': f"0+{good}x{minutes}",
        f'{name}_count{{{labels},http_response_status_code="503"}}': f"0+{bad}x{minutes}",
        f'{name}_bucket{{{labels},le="{le}"}}': f"0+{good + bad - slow}x{minutes}",
    }


def steady(name: str, value: float, *, minutes: int = 60, labels: str = "") -> dict[str, str]:
    return {f'{name}{{namespace="shop",pod="a"{labels}}}': f"{value}+0x{minutes}"}


def rising(name: str, by: float, *, minutes: int = 60, labels: str = "") -> dict[str, str]:
    return {f'{name}{{namespace="shop",pod="a"{labels}}}': f"0+{by}x{minutes}"}


def budgets() -> Iterator[Case]:
    """Of each promise: gone in days, gone in weeks, kept, and too few requests to tell."""
    page = 90
    day = MINUTES_OF_A_DAY + 60
    both, slowly = {"page": 1, "ticket": 1}, {"ticket": 1}
    for name, route, le in (("SignIn", "login", "1.0"), ("Traffic", "shop", "0.5")):
        error, latency = f"{name}ErrorBudgetBurn", f"{name}LatencyBudgetBurn"
        yield Case(error, "one in fifty ends in 503", traffic(route, page, le=le, bad=1.2), page, both)
        yield Case(
            error, "one in 250 for a day", traffic(route, day, le=le, good=249 / 4, bad=0.25), day, slowly
        )
        yield Case(
            error, "one in 2,000, as promised", traffic(route, day, le=le, good=1999 / 20, bad=0.05), day
        )
        yield Case(error, "two of four in an hour", traffic(route, page, le=le, good=0.05, bad=0.05), page)
        yield Case(latency, "one in five is slow", traffic(route, page, le=le, slow=12), page, both)
        # As Prometheus names it that is pushed to: by a collector, and not by its own scrape.
        pushed = traffic(route, page, le=le.removesuffix(".0"), slow=12)
        yield Case(latency, "one in five is slow, and pushed", pushed, page, both)
        yield Case(latency, "one in 25 is slow for a day", traffic(route, day, le=le, slow=2.4), day, slowly)
        yield Case(latency, "one in 200 is slow, as promised", traffic(route, day, le=le, slow=0.3), day)
    few = {"le": "10.0", "good": 1}
    yield Case(
        "TriageErrorBudgetBurn", "one in ten fails", traffic("triage", day, **few, bad=0.1), day, slowly
    )
    yield Case("TriageErrorBudgetBurn", "one in 200 fails", traffic("triage", day, **few, bad=0.005), day)
    yield Case(
        "TriageLatencyBudgetBurn", "a third is slow", traffic("triage", day, **few, slow=0.3), day, slowly
    )
    yield Case(
        "TriageLatencyBudgetBurn", "one in fifty is slow", traffic("triage", day, **few, slow=0.02), day
    )


def singles() -> Iterator[Case]:
    page, ticket = {"page": 1}, {"ticket": 1}
    name = "gateway_revocations_staleness_seconds"
    yield Case("RevocationsStale", "a replica lost the stream", rising(name, 60, minutes=5), 5, page)
    yield Case("RevocationsStale", "half a second old", steady(name, 0.5), 30)
    yield Case("RevocationsLate", "one in ten is late", known_in_time(36, late=4), 60, ticket)
    yield Case(
        "RevocationsLate", "one in ten is late, and pushed", known_in_time(36, late=4, le="1"), 60, ticket
    )
    yield Case("RevocationsLate", "one in 200 is late", known_in_time(39.8, late=0.2), 60)
    yield Case("RevocationsLate", "two in an hour, one late", known_in_time(1 / 60, late=1 / 60), 60)
    life = steady("auth_signing_key_lifetime_seconds", 1000)
    age = "auth_signing_key_age_seconds"
    yield Case("SigningKeyRotationLate", "a fifth too old", life | steady(age, 1200), 20, ticket)
    yield Case("SigningKeyRotationLate", "in its last hour", life | steady(age, 999), 20)
    yield Case("SigningKeyRotationLate", "a moment late", life | steady(age, 1050), 20)
    failures, local = "gateway_limits_store_failures_total", ',policy="local"'
    yield Case("LimitStoreFallback", "the store is gone", rising(failures, 9, labels=local), 15, ticket)
    yield Case("LimitStoreFallback", "it was gone once", steady(failures, 9, labels=local), 15)
    state, shop = "gateway_breaker_state", ',upstream="shop"'
    yield Case("UpstreamBreakerOpen", "open", steady(state, 2, labels=shop), 15, ticket)
    flapping = {f'{state}{{namespace="shop",pod="a",upstream="shop"}}': "2 1 " * 20}
    yield Case("UpstreamBreakerOpen", "open between trials that fail", flapping, 15, ticket)
    yield Case("UpstreamBreakerOpen", "closed", steady(state, 0, labels=shop), 15)
    yield Case("ModelBreakerOpen", "open", steady("triage_breaker_state", 2), 20, ticket)
    yield Case("ModelBreakerOpen", "open for ten minutes", steady("triage_breaker_state", 2), 10)
    yield from security()
    yield from upkeep()


def known_in_time(in_time: float, *, late: float, le: str = "1.0") -> dict[str, str]:
    """Revocations a minute."""
    name = "gateway_revocations_propagation_seconds"
    every = rising(f"{name}_count", in_time + late)
    return every | rising(f"{name}_bucket", in_time, labels=f',le="{le}"')


def security() -> Iterator[Case]:
    page = {"page": 1}
    replayed, ok = ',outcome="SESSION_REPLAYED"', ',outcome="OK"'
    yield Case(
        "RefreshTokenReuseSpike", "two a minute", rising("auth_refreshes_total", 2, labels=replayed), 30, page
    )
    yield Case(
        "RefreshTokenReuseSpike",
        "one in ten minutes",
        rising("auth_refreshes_total", 0.1, labels=replayed),
        30,
    )
    wrong = ',outcome="INVALID_CREDENTIALS"'
    few, many = rising("auth_sign_ins_total", 1, labels=ok), rising("auth_sign_ins_total", 50, labels=wrong)
    yield Case("BruteForceSpike", "fifty failures to one success", few | many, 30, page)
    yield Case("BruteForceSpike", "failures alone", many, 30, page)
    busy = rising("auth_sign_ins_total", 40, labels=ok)
    yield Case("BruteForceSpike", "a busy morning with slips", busy | many, 30)
    yield Case("AuditTrailBroken", "a fault in the chain", steady("auth_audit_trail_whole", 0), 5, page)
    yield Case("AuditTrailBroken", "whole", steady("auth_audit_trail_whole", 1), 5)


def half_before_midnight(name: str, in_all: float) -> dict[str, str]:
    """Spent within twenty hours, of which ten are of the next day."""
    quiet, busy = MINUTES_OF_A_DAY - 600, 1200
    return {f'{name}{{namespace="shop",pod="a"}}': f"0x{quiet} {in_all / busy}+{in_all / busy}x{busy}"}


def upkeep() -> Iterator[Case]:
    page, ticket = {"page": 1}, {"ticket": 1}
    limits = steady("triage_budget_limit", 100_000, minutes=90, labels=',kind="tokens"')
    limits |= steady("triage_budget_limit", 0, minutes=90, labels=',kind="cost"')
    tokens, cost = "gen_ai_client_token_usage_sum", "triage_model_cost_USD_total"
    yield Case(
        "TriageBudgetNearlySpent", "nine tenths", limits | rising(tokens, 1000, minutes=90), 90, ticket
    )
    yield Case("TriageBudgetNearlySpent", "half", limits | rising(tokens, 500, minutes=90), 90)
    restarted = {'gen_ai_client_token_usage_sum{namespace="shop",pod="a"}': "0+1000x44 0+1000x45"}
    yield Case("TriageBudgetNearlySpent", "nine tenths, over a restart", limits | restarted, 90, ticket)
    # A day is any 24 hours, and not from midnight on.
    days = 2 * MINUTES_OF_A_DAY + 120
    bounds = steady("triage_budget_limit", 100_000, minutes=days, labels=',kind="tokens"')
    yield Case(
        "TriageBudgetNearlySpent",
        "half a day's before midnight, half after",
        bounds | half_before_midnight(tokens, 90_000),
        MINUTES_OF_A_DAY + 600,
        ticket,
    )
    yield Case(
        "TriageBudgetNearlySpent",
        "more than a day's, in two days",
        bounds | rising(tokens, 40, minutes=days),
        days,
    )
    yield Case("TriageBudgetNearlySpent", "no bound on cost", limits | rising(cost, 9000, minutes=90), 90)
    bound = steady("triage_budget_limit", 10, minutes=90, labels=',kind="cost"')
    yield Case(
        "TriageBudgetNearlySpent", "nine dollars of ten", bound | rising(cost, 0.1, minutes=90), 90, ticket
    )
    expiry = "tls_certificate_expiry_seconds"
    yield Case("CertificateNearExpiry", "a day left", steady(expiry, 86_400), 30, ticket)
    yield Case("CertificateNearExpiry", "a month left", steady(expiry, 30 * 86_400), 30)
    yield Case("MigrationPending", "pending", steady("auth_migration_pending", 1), 20, ticket)
    yield Case("MigrationPending", "up to date", steady("auth_migration_pending", 0), 20)
    room = steady("auth_hashing_queue_limit", 64)
    yield Case("HashingQueueFull", "full", room | steady("auth_hashing_waiting", 60), 10, page)
    yield Case("HashingQueueFull", "a few wait", room | steady("auth_hashing_waiting", 6), 10)
    yield Case("RoutesFileRejected", "rejected", steady("gateway_routes_current", 0), 10, ticket)
    yield Case("RoutesFileRejected", "in force", steady("gateway_routes_current", 1), 10)
    keys = ',need="keys"'
    yield Case("ReplicaNotReady", "no keys", steady("service_needs", 0, labels=keys), 10, ticket)
    yield Case("ReplicaNotReady", "has its keys", steady("service_needs", 1, labels=keys), 10)
    yield Case("GatewayMetricsAbsent", "nothing is told", steady("up", 0), 10, page)
    yield Case("GatewayMetricsAbsent", "told", steady("gateway_revocations_known", 0), 10)


CASES = [*budgets(), *singles()]


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    severities = {(rule["alert"], rule["labels"]["severity"]) for rule in alerts()}

    assert {(case.alert, severity) for case in CASES for severity in case.fires} == severities
    assert sorted({case.alert for case in CASES if not case.fires}) == NAMES


@pytest.mark.prometheus
@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_when_it_should_and_only_then(name: str, promtool: Path, tmp_path: Path) -> None:
    tests = [
        {
            "interval": "1m",
            "name": case.told,
            "input_series": [{"series": each, "values": values} for each, values in case.series.items()],
            "promql_expr_test": [
                {
                    "expr": f'count by (severity) (ALERTS{{alertname="{name}",alertstate="firing"}})',
                    "eval_time": f"{case.minutes}m",
                    "exp_samples": [
                        {"labels": f'{{severity="{severity}"}}', "value": count}
                        for severity, count in case.fires.items()
                    ],
                }
            ],
        }
        for case in CASES
        if case.alert == name
    ]
    document = {
        "rule_files": [str(RULES / "recording.yaml"), str(RULES / "alerts.yaml")],
        # A day of minutes takes minutes: what burns slowly is looked at less often.
        "evaluation_interval": "10m" if name.endswith(("Burn", "Spent")) else "1m",
        # Else by chance, and an alert would see nothing where it comes before what it is about.
        "group_eval_order": ["slo-recording", "slo-burn", "suite"],
        "tests": tests,
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")

    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_prometheus_accepts_the_files(promtool: Path) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", *sorted(RULES.glob("*.yaml"))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_leads_to_a_page_that_says_what_to_do(name: str) -> None:
    (url,) = {rule["annotations"]["runbook_url"] for rule in alerts() if rule["alert"] == name}
    # As shipped it is a path of this repository.
    page = (ROOT / url).read_text(encoding="utf-8")

    assert page.startswith(f"# {name}\n")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["## Meaning", "## Impact", "## Check", "## Fix"]


def test_links_lead_to_where_an_operator_keeps_the_pages(tmp_path: Path) -> None:
    assert main(["--rules", str(tmp_path), "--runbooks", "https://wiki.example/runbooks/"]) == 0

    written = yaml.safe_load((tmp_path / "alerts.yaml").read_text("utf-8"))
    links = {rule["annotations"]["runbook_url"] for group in written["groups"] for rule in group["rules"]}
    assert links == {f"https://wiki.example/runbooks/{name}.md" for name in NAMES}
    shipped = yaml.safe_load((RULES / "alerts.yaml").read_text("utf-8"))
    assert [group["name"] for group in written["groups"]] == [group["name"] for group in shipped["groups"]]


def test_no_page_is_about_an_alert_that_is_gone() -> None:
    assert sorted(path.stem for path in RUNBOOK_FILES.glob("*.md") if path.stem != "README") == NAMES
