"""Every metric the services tell; docs/telemetry.md is made of it, and a test holds it against the code."""

from typing import Final

from suite.watch.metric import Metric

_ALL: Final = ("gateway", "auth", "triage")
_GATEWAY, _AUTH, _TRIAGE = ("gateway",), ("auth",), ("triage",)
_UPSTREAM: Final = {"upstream": "upstreams of the routes file, and `external-api`"}
_SOURCE: Final = "`model`, `cached`, `extractive`"
_MODEL: Final = "the one that OPENAI_MODEL names"

COMMON: Final = (
    Metric(
        "http.server.request.duration",
        "histogram",
        "s",
        _GATEWAY,
        "From the headers of a request to the end of its answer.",
        {
            "http_route": "names of the gateway's routes and of the routes file, `unmatched` for the rest",
            "http_request_method": "nine methods, `_OTHER` for the rest",
            "http_response_status_code": "statuses; 499 where the client left",
            "url_scheme": "`http`, `https`",
            "error_type": "the status, from 500 on; else empty",
        },
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
    Metric("gateway.revocations.known", "gauge", "", _GATEWAY, "Revocations in memory."),
    Metric(
        "gateway.upstream.failures",
        "counter",
        "{failure}",
        _GATEWAY,
        "Attempts at an upstream that failed.",
        {
            **_UPSTREAM,
            "error_type": "`connect`, `reset`, `malformed`, `truncated`, `timeout`, and 5xx statuses",
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
AUTH: Final = (
    Metric(
        "auth.sign_ins",
        "counter",
        "",
        _AUTH,
        "Sign-ins, however they ended.",
        {"outcome": "`OK`, or the reason of the refusal: `INVALID_CREDENTIALS`, `SIGN_IN_THROTTLED`, ..."},
    ),
    Metric(
        "auth.refreshes",
        "counter",
        "",
        _AUTH,
        "Refreshes, however they ended. `SESSION_REPLAYED` is a spent refresh token presented again.",
        {"outcome": "`OK`, or the reason of the refusal"},
    ),
    Metric(
        "auth.revocations.staleness",
        "gauge",
        "s",
        _AUTH,
        "How long ago the database was last read for revocations.",
    ),
    Metric("auth.hashing.waiting", "gauge", "", _AUTH, "Sign-ins that wait for a thread to hash."),
    Metric("auth.hashing.queue.limit", "gauge", "", _AUTH, "How many may wait; one more is answered 503."),
    Metric("auth.signing_key.age", "gauge", "s", _AUTH, "For how long the active key has signed."),
    Metric("auth.signing_key.lifetime", "gauge", "s", _AUTH, "After how long the next key should sign."),
    Metric(
        "auth.audit.trail_whole",
        "gauge",
        "",
        _AUTH,
        "1 if the chain of audit events held when it was last read, 0 if not; read once a minute or slower.",
    ),
    Metric(
        "auth.migration.pending",
        "gauge",
        "",
        _AUTH,
        "1 while the schema of the database is not this release's.",
    ),
)
TRIAGE: Final = (
    Metric(
        "triage.answers",
        "counter",
        "",
        _TRIAGE,
        "Summaries given.",
        {
            "triage_source": _SOURCE,
            "triage_model_outcome": "`answered`, `no_model`, or why the model's answer was not used",
        },
    ),
    Metric(
        "triage.answer.duration",
        "histogram",
        "s",
        _TRIAGE,
        "From the request to its summary.",
        {"triage_source": _SOURCE},
    ),
    Metric("triage.read", "counter", "By", _TRIAGE, "Log text read."),
    Metric(
        "triage.redactions",
        "counter",
        "",
        _TRIAGE,
        "Values redacted.",
        {"triage_rule": "names of the built-in rules and of the rules file"},
    ),
    Metric(
        "triage.claims.dropped",
        "counter",
        "",
        _TRIAGE,
        "Claims of the model that did not hold against the log.",
        {"triage_reason": "kinds of faults"},
    ),
    Metric(
        "triage.model.cost",
        "counter",
        "USD",
        _TRIAGE,
        "Spent on the model, by the prices that were set.",
        {"gen_ai_request_model": _MODEL},
    ),
    Metric(
        "triage.budget.limit",
        "gauge",
        "",
        _TRIAGE,
        "What the model may use a day; 0 for no bound.",
        {"kind": "`tokens`, `cost`"},
    ),
    Metric(
        "triage.breaker.state",
        "gauge",
        "",
        _TRIAGE,
        "Of the model's breaker: 0 closed, 1 half-open, 2 open; told where a model is set.",
    ),
    Metric(
        "gen_ai.client.operation.duration",
        "histogram",
        "s",
        _TRIAGE,
        "Questions to the model, the second try included.",
        {
            "gen_ai_operation_name": "`chat`",
            "gen_ai_request_model": _MODEL,
            "error_type": "why there was no answer; else empty",
        },
    ),
    Metric(
        "gen_ai.client.token.usage",
        "histogram",
        "{token}",
        _TRIAGE,
        "Tokens of one question.",
        {
            "gen_ai_operation_name": "`chat`",
            "gen_ai_request_model": _MODEL,
            "gen_ai_token_type": "`input`, `output`",
        },
    ),
)
METRICS: Final = (*COMMON, *GATEWAY, *AUTH, *TRIAGE)
PROCESS: Final = frozenset(
    {
        *("process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"),
        *("process_open_fds", "process_max_fds", "python_gc_collections_total", "up"),
    }
)
"""What the Prometheus client and Prometheus itself tell of every process, as far as it is used here."""
