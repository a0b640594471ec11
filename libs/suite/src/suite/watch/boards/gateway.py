"""Requests by route, limits and their store, upstreams and their breakers."""

from typing import Final

from suite.watch.panel import POD, Board, Panel, Query, per_second, percentile

_DURATION: Final = "http_server_request_duration_seconds"
_ROUTE: Final = f'{POD},http_route=~"$route"'

_TRAFFIC: Final = (
    Panel(
        "Requests",
        "By route; `unmatched` is what nobody serves.",
        (Query(per_second(f"{_DURATION}_count", "http_route", _ROUTE), "{{http_route}}"),),
        unit="reqps",
    ),
    Panel(
        "Answers",
        "By status. 499 is a client that did not wait.",
        (
            Query(
                per_second(f"{_DURATION}_count", "http_response_status_code", _ROUTE),
                "{{http_response_status_code}}",
            ),
        ),
        unit="reqps",
    ),
    Panel(
        "Faults of ours",
        "5xx by route and status: 503 is something gone, 504 somebody slow, 500 a bug.",
        (
            Query(
                per_second(
                    f"{_DURATION}_count",
                    "http_route, http_response_status_code",
                    f'{_ROUTE},http_response_status_code=~"5.."',
                ),
                "{{http_route}} {{http_response_status_code}}",
            ),
        ),
        unit="reqps",
        fault=True,
    ),
    Panel(
        "Under way",
        "Requests that wait for something, by replica. A slope that never falls is something that hangs.",
        (Query(f"sum by (pod) (http_server_active_requests{{{POD}}})", "{{pod}}"),),
    ),
    Panel(
        "99th percentile by route",
        "With the upstream's own time.",
        (Query(percentile(0.99, _DURATION, "http_route", _ROUTE), "{{http_route}}"),),
        unit="s",
        width=12,
    ),
    Panel(
        "Tokens refused",
        "By reason. Revoked and expired ones are daily business; a burst of invalid ones is not.",
        (Query(per_second("gateway_tokens_refused_total", "reason"), "{{reason}}"),),
        unit="reqps",
        fault=True,
        width=12,
    ),
)
_LIMITS: Final = (
    Panel(
        "Past a limit",
        "By route and by what was counted. Those in shadow passed all the same.",
        (
            Query(
                per_second("gateway_limits_refused_total", "http_route, key, mode, ring", _ROUTE),
                "{{http_route}} by {{key}} ({{mode}}, {{ring}})",
            ),
        ),
        unit="reqps",
        fault=True,
    ),
    Panel(
        "Time of the store of limits",
        "Redis or Valkey as the gateway sees it; past RATE_LIMIT_STORE_TIMEOUT_MS the route's policy holds.",
        tuple(
            Query(percentile(share, "gateway_limits_store_duration_seconds"), name)
            for share, name in ((0.5, "median"), (0.99, "99 %"))
        ),
        unit="s",
    ),
    Panel(
        "Decided without the store",
        "By policy: open lets through, closed refuses, local counts alone.",
        (Query(per_second("gateway_limits_store_failures_total", "policy", _ROUTE), "{{policy}}"),),
        unit="reqps",
        fault=True,
    ),
)
_UPSTREAMS: Final = (
    Panel(
        "Time of upstreams",
        "99 of 100 attempts got the head of an answer sooner; of each upstream, retries apart.",
        (Query(percentile(0.99, "http_client_request_duration_seconds", "upstream"), "{{upstream}}"),),
        unit="s",
        width=12,
    ),
    Panel(
        "Attempts at upstreams",
        "By status; a line without one is a failure before any answer.",
        (
            Query(
                per_second(
                    "http_client_request_duration_seconds_count", "upstream, http_response_status_code"
                ),
                "{{upstream}} {{http_response_status_code}}",
            ),
        ),
        unit="reqps",
        width=12,
    ),
    Panel(
        "Failed attempts at upstreams",
        "By upstream and kind; `status` is an answer of 5xx.",
        (
            Query(
                per_second("gateway_upstream_failures_total", "upstream, error_type"),
                "{{upstream}} {{error_type}}",
            ),
        ),
        unit="ops",
        fault=True,
    ),
    Panel(
        "Retries, ejections, refusals",
        "What the gateway did about it: tried again, left an endpoint alone, did not send.",
        (
            Query(per_second("gateway_upstream_retries_total", "upstream"), "retries {{upstream}}"),
            Query(per_second("gateway_upstream_ejections_total", "upstream"), "ejections {{upstream}}"),
            Query(per_second("gateway_upstream_refusals_total", "upstream"), "refusals {{upstream}}"),
        ),
        unit="ops",
        fault=True,
    ),
    Panel(
        "Answers that stood in",
        "The latest good answer, given while the upstream could not.",
        (Query(per_second("gateway_upstream_fallbacks_total", "route, source"), "{{route}} {{source}}"),),
        unit="ops",
        fault=True,
        width=12,
    ),
    Panel(
        "Age of what stood in",
        "Median and oldest answers that clients got instead; past an hour they are told old news.",
        tuple(
            Query(percentile(share, "gateway_upstream_fallback_age_seconds"), name)
            for share, name in ((0.5, "median"), (1.0, "oldest"))
        ),
        unit="s",
        fault=True,
        width=12,
    ),
    Panel(
        "Breakers",
        "0 closed, 1 half-open, 2 open. Nothing for those that never opened.",
        (Query(f"max by (upstream) (gateway_breaker_state{{{POD}}})", "{{upstream}}"),),
        fault=True,
        top=2,
        width=12,
    ),
    Panel(
        "Routes file",
        "1 while the routes in force are those of the file; rejected readings beside it.",
        (
            Query(f"min(gateway_routes_current{{{POD}}})", "in force"),
            Query(f'sum(increase(gateway_routes_reloads_total{{{POD},outcome="rejected"}}[1h]))', "rejected"),
        ),
        fault=True,
        width=12,
    ),
)
BOARD: Final = Board(
    "gateway",
    "Gateway and limits",
    "What passes, what is refused, and what the gateway does where others fail.",
    (*_TRAFFIC, *_LIMITS, *_UPSTREAMS),
    route=True,
)
