"""What auth and triage tell."""

from typing import Final

from suite.watch.metric import Metric

_AUTH, _TRIAGE = ("auth",), ("triage",)
_SOURCE: Final = "`model`, `cached`, `extractive`"
_MODEL: Final = "the one that OPENAI_MODEL names"

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
    Metric(
        "triage.stage.duration",
        "histogram",
        "s",
        _TRIAGE,
        "What each stage of a summary took; `read` is waiting for the log, `select` finding its errors.",
        {"triage_stage": "`read`, `select`, `redact`, `group`, `model`, `verify`"},
    ),
    Metric(
        "triage.cached.age",
        "histogram",
        "s",
        _TRIAGE,
        "How old kept answers were when they were given.",
        {"triage_stale": "`true` where one stood in for a model that could not be asked, else `false`"},
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
