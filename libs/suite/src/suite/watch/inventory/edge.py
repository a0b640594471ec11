"""What all services tell, and what the gateway does."""

from typing import Final

from suite.watch.metric import Metric

_ALL: Final = ("gateway", "auth", "triage")
_GATEWAY: Final = ("gateway",)
_UPSTREAM: Final = {"upstream": "upstreams of the routes file, and `external-api`"}

COMMON: Final = (
    Metric(
        "http.server.request.duration",
        "histogram",
        "s",
        _GATEWAY,
        "From the headers of a request to the end of its answer.",
        {
            "http_route": "names of the gateway's routes and of the routes file, `unmatched` for the rest",
            "http_request_method": "seven methods, `_OTHER` for the rest",
            "http_response_status_code": "statuses; 499 where the client left",
            "url_scheme": "`http`, `https`",
            "error_type": "the status, from 500 on; else empty",
        },
    ),
    Metric(
        "http.server.active_requests",
        "gauge",
        "{request}",
        _GATEWAY,
        "Requests under way. What is decided at once, as most of `/authz` is, never is one.",
        {"http_request_method": "as above", "url_scheme": "as above"},
    ),
    Metric(
        "rpc.server.call.duration",
        "histogram",
        "s",
        ("auth", "triage", "gateway"),
        "Calls over gRPC, as the server saw them.",
        {
            "rpc_method": "methods of proto/",
            "rpc_response_status_code": "the seventeen statuses of gRPC",
            "rpc_system_name": "`grpc`",
        },
    ),
    Metric(
        "service.needs",
        "gauge",
        "",
        _ALL,
        "What readiness depends on: 1 met, 0 not. `serving` is 0 while a replica drains.",
        {"need": "`serving`, `keys`, `signing_keys`, `revocations`, `demo_admin`"},
    ),
    Metric("process.uptime", "gauge", "s", _ALL, "For how long the process has run."),
    Metric(
        "tls.certificate.expiry",
        "gauge",
        "s",
        _ALL,
        "When the certificate for gRPC ends, in seconds since the epoch; told where there is one.",
    ),
)
GATEWAY: Final = (
    Metric(
        "gateway.limits.refused",
        "counter",
        "",
        _GATEWAY,
        "Requests past a limit; of those in shadow mode it is only said.",
        {
            "http_route": "as above",
            "key": "`address`, `user`, `route`, `tenant`",
            "mode": "`enforced`, `shadow`",
            "ring": "who counted: all replicas (`cluster`) or one alone (`local`)",
        },
    ),
    Metric(
        "gateway.limits.store_failures",
        "counter",
        "",
        _GATEWAY,
        "Decisions that had to be made without the store of limits.",
        {"http_route": "as above", "policy": "what the route says of it: `open`, `closed`, `local`"},
    ),
    Metric(
        "gateway.limits.store.duration",
        "histogram",
        "s",
        _GATEWAY,
        "How long the store of limits took, where it answered.",
    ),
    Metric(
        "gateway.tokens.refused",
        "counter",
        "",
        _GATEWAY,
        "Requests without a good access token.",
        {"reason": "reasons of 401 problems"},
    ),
    Metric(
        "gateway.revocations.staleness",
        "gauge",
        "s",
        _GATEWAY,
        "How long ago the list of revocations was known to be whole: the age of a logout that may be missed.",
    ),
    Metric(
        "gateway.revocations.propagation",
        "histogram",
        "s",
        _GATEWAY,
        "From a revocation to its being known here; not of what a gateway learns when it starts. "
        "Between the clocks of the database and of the gateway.",
    ),
    Metric("gateway.revocations.known", "gauge", "", _GATEWAY, "Revocations in memory."),
    Metric(
        "http.client.request.duration",
        "histogram",
        "s",
        _GATEWAY,
        "From an attempt at an upstream to the head of its answer.",
        {
            **_UPSTREAM,
            "http_request_method": "seven methods, `_OTHER` for the rest",
            "http_response_status_code": "statuses; empty where none came",
            "error_type": "the status, from 400 on, or the kind of failure as below; else empty",
        },
    ),
    Metric(
        "gateway.upstream.failures",
        "counter",
        "{failure}",
        _GATEWAY,
        "Attempts at an upstream that failed.",
        {
            **_UPSTREAM,
            "error_type": "`connect`, `reset`, `malformed`, `truncated`, `timeout`, and `status` for 5xx",
        },
    ),
    Metric(
        "gateway.upstream.retries",
        "counter",
        "{retry}",
        _GATEWAY,
        "Attempts made again; `out_of_budget` ones were not made.",
        {**_UPSTREAM, "cause": "as `error_type`, and `out_of_budget`"},
    ),
    Metric(
        "gateway.upstream.ejections",
        "counter",
        "{ejection}",
        _GATEWAY,
        "Endpoints left alone for a while after failing in a row.",
        _UPSTREAM,
    ),
    Metric(
        "gateway.upstream.refusals",
        "counter",
        "{request}",
        _GATEWAY,
        "Requests that were not sent to the upstream at all.",
        {**_UPSTREAM, "reason": "why, such as an open breaker or a full bulkhead"},
    ),
    Metric(
        "gateway.upstream.fallbacks",
        "counter",
        "{answer}",
        _GATEWAY,
        "Answers that stood in for the upstream's.",
        {"route": "routes with a fallback", "source": "where the answer came from"},
    ),
    Metric(
        "gateway.upstream.fallback.age",
        "histogram",
        "s",
        _GATEWAY,
        "How old those answers were, where one had been kept.",
        {"route": "routes with a fallback"},
    ),
    Metric(
        "gateway.breaker.state",
        "gauge",
        "{state}",
        _GATEWAY,
        "0 closed, 1 half-open, 2 open; told from its first change on.",
        _UPSTREAM,
    ),
    Metric(
        "gateway.routes.reloads",
        "counter",
        "{reload}",
        _GATEWAY,
        "The routes file was read anew.",
        {"outcome": "`accepted`, `rejected`"},
    ),
    Metric(
        "gateway.routes.current",
        "gauge",
        "{routes}",
        _GATEWAY,
        "1 if the routes in force are those of the file; 0 while a faulty one waits.",
    ),
)
