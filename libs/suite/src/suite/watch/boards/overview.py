"""In ten seconds: can people sign in, does traffic pass, do summaries come, is a logout fresh."""

from typing import Final

from suite.watch.objectives import OBJECTIVES
from suite.watch.panel import ONE, POD, Board, Panel, Query, per_second, percentile

_REQUESTS: Final = "http_server_request_duration_seconds_count"


def _promise(name: str, title: str) -> Panel:
    return Panel(
        f"{title}: budget left",
        "What is left of the errors and slow answers that 30 days may have. Below zero it is broken.",
        tuple(
            Query(f'min(slo:error_budget:remaining{{{ONE},slo="{name}",sli="{sli}"}})', sli)
            for sli in ("availability", "latency")
        ),
        unit="percentunit",
        kind="stat",
    )


BOARD: Final = Board(
    "overview",
    "Overview",
    "The promises, how fast their budgets burn, and the few figures that explain most nights.",
    (
        *(_promise(each.name, each.title) for each in OBJECTIVES),
        Panel(
            "How fast the error budget burns",
            "1 uses it up in exactly 30 days. Past 14.4 over an hour somebody is woken.",
            (
                Query(
                    f'max by (slo) (slo:error:ratio_rate1h{{{ONE},sli="availability"}} '
                    '/ on (slo, sli) group_left () (1 - slo:objective:ratio{sli="availability"}))',
                    "{{slo}}",
                ),
            ),
            width=12,
        ),
        Panel(
            "How fast the latency budget burns",
            "The same for answers that come, but too late.",
            (
                Query(
                    f'max by (slo) (slo:error:ratio_rate1h{{{ONE},sli="latency"}} '
                    '/ on (slo, sli) group_left () (1 - slo:objective:ratio{sli="latency"}))',
                    "{{slo}}",
                ),
            ),
            width=12,
        ),
        Panel(
            "Requests",
            "All that reached the gateway, by the first digit of the status.",
            (
                Query(
                    "sum by (class) (label_replace(rate(http_server_request_duration_seconds_count{"
                    + POD
                    + '}[$__rate_interval]), "class", "${1}xx", "http_response_status_code", "(.).."))',
                    "{{class}}",
                ),
            ),
            unit="reqps",
        ),
        Panel(
            "99th percentile",
            "99 of 100 requests of each promise are answered faster.",
            (Query(f"max by (slo) (slo:latency:p99_5m{{{ONE}}})", "{{slo}}"),),
            unit="s",
        ),
        Panel(
            "Sign-ins",
            "By how they ended. A rise of refusals without one of OK is somebody trying passwords.",
            (Query(per_second("auth_sign_ins_total", "outcome"), "{{outcome}}"),),
            unit="ops",
        ),
        Panel(
            "Refused by limits",
            "Requests answered 429, by route. Empty while nobody is past a limit.",
            (
                Query(
                    per_second(_REQUESTS, "http_route", f'{POD},http_response_status_code="429"'),
                    "{{http_route}}",
                ),
            ),
            unit="reqps",
            fault=True,
        ),
        Panel(
            "Age of revocations",
            "The oldest view any gateway has of who is signed out, and how long 99 of 100 logouts took. "
            "Promised: below one second.",
            (
                Query(f"max(gateway_revocations_staleness_seconds{{{POD}}})", "oldest"),
                Query(percentile(0.99, "gateway_revocations_propagation_seconds"), "a logout takes"),
            ),
            unit="s",
        ),
        Panel(
            "Summaries",
            "By where they came from: the model, the cache or the log alone.",
            (Query(per_second("triage_answers_total", "triage_source"), "{{triage_source}}"),),
            unit="ops",
        ),
    ),
)
