"""Summaries, what they read and redact, the model and what it costs."""

from typing import Final

from suite.watch.panel import ONE, POD, Board, Panel, Query, per_second, percentile

BOARD: Final = Board(
    "triage",
    "Triage and cost",
    "Whether summaries come, from where, and what the model takes for its part.",
    (
        Panel(
            "Summaries",
            "By source. Extractive ones need no model.",
            (Query(per_second("triage_answers_total", "triage_source"), "{{triage_source}}"),),
            unit="ops",
        ),
        Panel(
            "What the model did",
            "answered, or why its answer was not used; no_model where none is set.",
            (Query(per_second("triage_answers_total", "triage_model_outcome"), "{{triage_model_outcome}}"),),
            unit="ops",
        ),
        Panel(
            "Time to a summary",
            "Median and 95th percentile, with reading the log.",
            tuple(
                Query(percentile(share, "triage_answer_duration_seconds"), name)
                for share, name in ((0.5, "median"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Panel(
            "Time by stage",
            "Seconds of work a second: where a summary's time goes. `read` is waiting for the log itself.",
            (Query(per_second("triage_stage_duration_seconds_sum", "triage_stage"), "{{triage_stage}}"),),
        ),
        Panel(
            "Slowest stages",
            "95th percentile of each stage. `model` is bounded by TRIAGE_MODEL_TIMEOUT_SECONDS.",
            (Query(percentile(0.95, "triage_stage_duration_seconds", "triage_stage"), "{{triage_stage}}"),),
            unit="s",
        ),
        Panel(
            "Age of kept answers",
            "Median of those given; stale ones stood in for a model that could not be asked.",
            (Query(percentile(0.5, "triage_cached_age_seconds", "triage_stale"), "stale: {{triage_stale}}"),),
            unit="s",
            fault=True,
        ),
        Panel(
            "Log text read",
            "By all requests together.",
            (Query(per_second("triage_read_bytes_total"), "read"),),
            unit="Bps",
        ),
        Panel(
            "Redactions",
            "Values that were taken out, by rule. A new rule here is a new kind of secret in the logs.",
            (Query(per_second("triage_redactions_total", "triage_rule"), "{{triage_rule}}"),),
            unit="ops",
        ),
        Panel(
            "Claims dropped",
            "What the model said and the log does not. Much of one kind speaks against the model.",
            (Query(per_second("triage_claims_dropped_total", "triage_reason"), "{{triage_reason}}"),),
            unit="ops",
            fault=True,
        ),
        Panel(
            "Time of the model",
            "Median and 95th percentile of one question, its second try included.",
            tuple(
                Query(percentile(share, "gen_ai_client_operation_duration_seconds"), name)
                for share, name in ((0.5, "median"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Panel(
            "Tokens",
            "Of questions and answers, a second.",
            (
                Query(
                    per_second("gen_ai_client_token_usage_sum", "gen_ai_token_type"), "{{gen_ai_token_type}}"
                ),
            ),
        ),
        Panel(
            "Model's breaker",
            "0 closed, 1 half-open, 2 open.",
            (Query(f"max by (pod) (triage_breaker_state{{{POD}}})", "{{pod}}"),),
            top=2,
        ),
        Panel(
            "Tokens of a day",
            "Of the last 24 hours beside the bound of a day (UTC); 0 is no bound.",
            (
                Query(f"sum(increase(gen_ai_client_token_usage_sum{{{ONE}}}[1d]))", "used"),
                Query(f'max(triage_budget_limit{{{ONE},kind="tokens"}})', "bound"),
            ),
            width=12,
        ),
        Panel(
            "Dollars of a day",
            "The same in money, by the prices that were set.",
            (
                Query(f"sum(increase(triage_model_cost_USD_total{{{ONE}}}[1d]))", "spent"),
                Query(f'max(triage_budget_limit{{{ONE},kind="cost"}})', "bound"),
            ),
            unit="currencyUSD",
            width=12,
        ),
    ),
)
