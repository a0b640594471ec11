"""Sign-ins, refreshes, hashing and keys."""

from typing import Final

from suite.watch.panel import POD, Board, Panel, Query, per_second, percentile

_RPC: Final = "rpc_server_call_duration_seconds"
_METHODS: Final = f'{POD},rpc_method=~"reliability.auth.*"'

BOARD: Final = Board(
    "auth",
    "Auth",
    "Who gets in, who does not and why, and what auth itself is short of.",
    (
        Panel(
            "Sign-ins",
            "By outcome. SIGN_IN_THROTTLED is the throttle at work; HASHING_OVERLOADED is auth at its end.",
            (Query(per_second("auth_sign_ins_total", "outcome"), "{{outcome}}"),),
            unit="ops",
        ),
        Panel(
            "Refreshes",
            "By outcome. INVALID_REFRESH_TOKEN is mostly clients that kept a token too long.",
            (Query(per_second("auth_refreshes_total", "outcome"), "{{outcome}}"),),
            unit="ops",
        ),
        Panel(
            "Spent tokens presented again",
            "Each ended a session: a stolen refresh token, or a client that does not keep the new one.",
            (
                Query(
                    f'sum(increase(auth_refreshes_total{{{POD},outcome="SESSION_REPLAYED"}}[15m]))', "15 min"
                ),
            ),
            fault=True,
        ),
        Panel(
            "Time of a sign-in",
            "Median and 99th percentile of Login as auth saw it; the cost of a hash is its floor.",
            tuple(
                Query(
                    percentile(
                        share, _RPC, labels=f'{POD},rpc_method="reliability.auth.v1.AuthService/Login"'
                    ),
                    name,
                )
                for share, name in ((0.5, "median"), (0.99, "99 %"))
            ),
            unit="s",
        ),
        Panel(
            "Queue for hashing",
            "Sign-ins that wait for a thread, and how many may. At the limit they are answered 503.",
            (
                Query(f"sum by (pod) (auth_hashing_waiting{{{POD}}})", "{{pod}}"),
                Query(f"max(auth_hashing_queue_limit{{{POD}}})", "limit"),
            ),
        ),
        Panel(
            "Calls",
            "Each method of auth that is called.",
            (Query(per_second(f"{_RPC}_count", "rpc_method", _METHODS), "{{rpc_method}}"),),
            unit="ops",
        ),
        Panel(
            "Calls that failed on our side",
            "UNAVAILABLE is the database, INTERNAL a bug, DEADLINE_EXCEEDED a caller that could not wait.",
            (
                Query(
                    per_second(
                        f"{_RPC}_count",
                        "rpc_response_status_code",
                        f'{_METHODS},rpc_response_status_code=~"INTERNAL|UNAVAILABLE|UNKNOWN|DEADLINE_EXCEEDED"',
                    ),
                    "{{rpc_response_status_code}}",
                ),
            ),
            unit="ops",
            fault=True,
        ),
        Panel(
            "Age of the signing key",
            "In parts of its lifetime. It is replaced at 1; past 1.1 there is an alert.",
            (
                Query(
                    f"max(auth_signing_key_age_seconds{{{POD}}}) "
                    f"/ max(auth_signing_key_lifetime_seconds{{{POD}}})",
                    "age",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "Audit trail and schema",
            "The trail must be whole (1), no migration pending (0).",
            (
                Query(f"min(auth_audit_trail_whole{{{POD}}})", "trail whole"),
                Query(f"max(auth_migration_pending{{{POD}}})", "migration pending"),
            ),
            kind="stat",
        ),
    ),
)
