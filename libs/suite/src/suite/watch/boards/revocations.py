"""How fresh the knowledge is of who is signed out."""

from typing import Final

from suite.watch.objectives import at_most
from suite.watch.panel import POD, Board, Panel, Query, per_second, percentile

BOARD: Final = Board(
    "revocations",
    "Revocations",
    "From the database to every gateway: promised is a second.",
    (
        Panel(
            "Age at each gateway",
            "How long ago this replica knew all revocations. A saw below a second; a slope is a lost stream.",
            (Query(f"max by (pod) (gateway_revocations_staleness_seconds{{{POD}}})", "{{pod}}"),),
            unit="s",
            width=12,
        ),
        Panel(
            "Age at each auth",
            "How long ago auth read the database. If this rises too, the database is what is wrong.",
            (Query(f"max by (pod) (auth_revocations_staleness_seconds{{{POD}}})", "{{pod}}"),),
            unit="s",
            width=12,
        ),
        Panel(
            "From a revocation to its being known",
            "Median and 99 of 100, over all gateways: how long a logout takes. Promised: below one second.",
            tuple(
                Query(percentile(share, "gateway_revocations_propagation_seconds"), name)
                for share, name in ((0.5, "median"), (0.99, "99 %"))
            ),
            unit="s",
            width=12,
        ),
        Panel(
            "Known everywhere within a second",
            "The share of revocations that were known to a gateway in time.",
            (
                Query(
                    per_second(
                        "gateway_revocations_propagation_seconds_bucket", labels=f"{POD},{at_most('1.0')}"
                    )
                    + " / "
                    + per_second("gateway_revocations_propagation_seconds_count"),
                    "in time",
                ),
            ),
            unit="percentunit",
            top=1,
            width=12,
        ),
        Panel(
            "Known revocations",
            "In memory at each gateway, until the tokens they concern have expired. All must agree.",
            (Query(f"max by (pod) (gateway_revocations_known{{{POD}}})", "{{pod}}"),),
        ),
        Panel(
            "Refused for a revocation",
            "Tokens presented after their end.",
            (
                Query(
                    per_second("gateway_tokens_refused_total", labels=f'{POD},reason="TOKEN_REVOKED"'),
                    "revoked",
                ),
            ),
            unit="reqps",
            fault=True,
        ),
        Panel(
            "Ways to end a session",
            "Logouts, ended sessions and disabled users, as asked for at the gateway.",
            (
                Query(
                    per_second(
                        "http_server_request_duration_seconds_count",
                        "http_route",
                        f'{POD},http_route=~"logout|end_session|end_all_sessions|update_user|delete_user|revoke"',
                    ),
                    "{{http_route}}",
                ),
            ),
            unit="reqps",
        ),
    ),
)
