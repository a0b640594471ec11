"""What is promised of every route under every fault: the table that `make chaos` holds the suite to.

`promised(fault, route)` answers with one promise; a fault is named by what it befalls and how.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from suite.chaos.routes import BY_NAME, ROUTES
from suite.chaos.stage import BREAKER_SECONDS, TRIAGE_SECONDS

BACK_SECONDS = 5.0
ADDED_SECONDS = 0.05
PROBE_SECONDS = 0.05
COLLECTOR_SECONDS = 0.001
LOST_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Of one route under one fault.

    Args:
        outcomes: the only ones there are during the fault.
        added: seconds that the p99 may lie above the quiet one.
        median_added: the same of the median.
        within: seconds that the slowest may take.
        lost: a request under way when it happened, or begun in the seconds after it, may fail; one per
            client at most. None: none may.
        back: seconds from the end of the fault to the usual outcomes.
    """

    outcomes: frozenset[str]
    added: float | None = None
    median_added: float | None = None
    within: float | None = None
    lost: float | None = None
    back: float = BACK_SECONDS

    def __str__(self) -> str:
        parts = [" or ".join(sorted(self.outcomes))]
        if self.within is not None:
            parts.append(f"within {_seconds(self.within)}")
        if self.added is not None:
            parts.append(f"p99 + < {_seconds(self.added)}")
        if self.median_added is not None:
            parts.append(f"median + < {_seconds(self.median_added)}")
        if self.lost is not None:
            parts.append("but for one under way" if self.lost <= LOST_SECONDS else
                         f"but for one in the first {_seconds(self.lost)}")  # fmt: skip
        return ", ".join([*parts, f"back in {_seconds(self.back)}"])


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:g} s"


def _only(*outcomes: str, within: float, back: float = BACK_SECONDS) -> Promise:
    return Promise(outcomes=frozenset(outcomes), within=within, back=back)


def _usual(
    name: str, *, within: float | None = None, added: float | None = None, median_added: float | None = None
) -> Promise:
    return Promise(outcomes=BY_NAME[name].usual, within=within, added=added, median_added=median_added)


VERIFIED = ("protected", "authz", "proxied", "jwks")
EXTERNAL = ("external", "fallback")
# What only auth can say; it asks its database for all of them.
ASKED_OF_AUTH = ("login", "refresh", "logout", "sessions", "users", "introspect")
LIMITS = ("limit-open", "limit-closed", "limit-local")
TRIAGE = ("triage-known", "triage-new")
PROBES = ("livez", "readyz", "live")
# The columns of the matrix.
GROUPS: Mapping[str, Sequence[str]] = {
    "verified traffic": VERIFIED,
    "`/external-api`": EXTERNAL,
    "login": ("login",),
    "refresh": ("refresh",),
    "sessions, users, introspection": ("logout", "sessions", "users", "introspect"),
    "limits": LIMITS,
    "triage": TRIAGE,
    "probes of who is left": PROBES,
}

REFUSED = _only("503", within=1.0)


def _either(name: str) -> Promise:
    """It works or says within a second that it does not."""
    return Promise(outcomes=BY_NAME[name].usual | {"503"}, within=1.0)


def _works(name: str, within: float = 1.0) -> Promise:
    return _usual(name, within=within)


# Without a word of its own below, a route does not notice.
UNNOTICED: Mapping[str, Promise] = {
    **{name: _usual(name, added=ADDED_SECONDS) for name in (*VERIFIED, *EXTERNAL)},
    **{name: _works(name) for name in ASKED_OF_AUTH},
    # Many requests each.
    **{name: _works(name, 3.0) for name in LIMITS},
    **{name: _works(name, TRIAGE_SECONDS) for name in TRIAGE},
    **{name: _usual(name, within=PROBE_SECONDS) for name in PROBES},
}

_REDIS_GONE = {
    "fallback": _only("200 fallback", within=0.5),
    "limit-open": _only("open", within=3.0),
    "limit-closed": _only("closed", within=3.0),
    "limit-local": _only("exact", within=3.0),
}
_REDIS_SLOW = {
    "fallback": _only("200 fallback", "200 fallback_cache", within=0.5),
    # What the store counted late was counted here too.
    "limit-open": _only("open", "above", "exact", within=3.0),
    "limit-closed": _only("closed", "exact", within=3.0),
    "limit-local": _only("above", "exact", within=3.0),
}
_REDIS_READS = {**_REDIS_GONE, "fallback": _only("200 fallback_cache", within=0.5)}

_AUTH_REFUSES = dict.fromkeys(ASKED_OF_AUTH, REFUSED)
_AUTH_TRIES = {name: _either(name) for name in ASKED_OF_AUTH}
_ONE_AUTH_KILLED = {"login": replace(_either("login"), outcomes=BY_NAME["login"].usual, lost=LOST_SECONDS)}

_TRIAGE_REFUSES = dict.fromkeys(TRIAGE, REFUSED)
# Whoever hangs is found out by the time that a triage may take.
_TRIAGE_SILENT = dict.fromkeys(TRIAGE, _only("503", "504", within=5.5))
_ONE_TRIAGE_SILENT = dict.fromkeys(TRIAGE, _only("200 model", "503", "504", within=5.5))
_ONE_TRIAGE_KILLED = {name: replace(_works(name, TRIAGE_SECONDS), lost=LOST_SECONDS) for name in TRIAGE}

# Once the breaker has let a trial through at each replica.
_MODEL_BACK = BACK_SECONDS + BREAKER_SECONDS
_WITHOUT_MODEL = {
    "triage-known": _only("200 cached", within=TRIAGE_SECONDS, back=_MODEL_BACK),
    "triage-new": _only("200 extractive", within=TRIAGE_SECONDS, back=_MODEL_BACK),
}
_NO_MODEL = dict.fromkeys(TRIAGE, _only("200 extractive", within=TRIAGE_SECONDS))

_NO_COLLECTOR = {name: _usual(name, added=ADDED_SECONDS, median_added=COLLECTOR_SECONDS) for name in VERIFIED}

_CLIENTS = tuple(route.name for route in ROUTES if route.name not in PROBES)
_ONE_GATEWAY_KILLED = {name: replace(UNNOTICED[name], lost=LOST_SECONDS) for name in _CLIENTS}
# Until the balancer has found it out.
_ONE_GATEWAY_HUNG = {name: replace(UNNOTICED[name], added=None, within=None, lost=1.0) for name in _CLIENTS}

Table = Mapping[tuple[str, str], Mapping[str, Promise]]

# (what, how) -> what is not as in good times, by route.
PROMISES: Table = {
    ("Redis", "stopped"): _REDIS_GONE,
    ("Redis", "killed"): _REDIS_GONE,
    ("Redis", "hung"): _REDIS_GONE,
    ("Redis", "slow"): _REDIS_SLOW,
    ("Redis", "read-only"): _REDIS_READS,
    ("Redis", "failing over"): _REDIS_GONE,
    ("Postgres", "stopped"): _AUTH_REFUSES,
    ("Postgres", "killed"): _AUTH_REFUSES,
    ("Postgres", "hung"): _AUTH_REFUSES,
    ("Postgres", "slow"): _AUTH_TRIES,
    ("Postgres", "read-only"): {
        **_AUTH_REFUSES,
        **{name: _either(name) for name in ("sessions", "users", "introspect")},
    },
    ("Postgres", "failing over"): _AUTH_REFUSES,
    ("auth", "one stopped"): {},
    ("auth", "one killed"): _ONE_AUTH_KILLED,
    ("auth", "one hung"): _AUTH_TRIES,
    ("auth", "all stopped"): _AUTH_REFUSES,
    ("auth", "all killed"): _AUTH_REFUSES,
    ("auth", "all hung"): _AUTH_REFUSES,
    ("auth", "all slow"): _AUTH_TRIES,
    ("triage", "one stopped"): {},
    ("triage", "one killed"): _ONE_TRIAGE_KILLED,
    ("triage", "one hung"): _ONE_TRIAGE_SILENT,
    ("triage", "all stopped"): _TRIAGE_REFUSES,
    ("triage", "all killed"): _TRIAGE_REFUSES,
    ("triage", "all hung"): _TRIAGE_SILENT,
    ("triage", "all slow"): {},
    ("model", "stopped"): _WITHOUT_MODEL,
    ("model", "killed"): _WITHOUT_MODEL,
    ("model", "hung"): _WITHOUT_MODEL,
    ("model", "slow"): _WITHOUT_MODEL,
    ("model", "failing"): _WITHOUT_MODEL,
    ("model", "not configured"): _NO_MODEL,
    ("collector", "stopped"): _NO_COLLECTOR,
    ("collector", "killed"): _NO_COLLECTOR,
    ("collector", "hung"): _NO_COLLECTOR,
    ("collector", "slow"): _NO_COLLECTOR,
    ("gateway", "one stopped"): {},
    ("gateway", "one killed"): _ONE_GATEWAY_KILLED,
    ("gateway", "one hung"): _ONE_GATEWAY_HUNG,
}

# What the kinds of faults leave open, and why.
INAPPLICABLE: Mapping[tuple[str, str], str] = {
    ("auth, triage, gateway", "read-only, failing over"): "they keep no data; their replicas fail over",
    ("model, collector", "read-only, failing over"): "they are only asked or told",
}


def promised(fault: tuple[str, str], route: str, table: Table = PROMISES) -> Promise:
    return table[fault].get(route) or UNNOTICED[route]


def rows(table: Table = PROMISES) -> Sequence[tuple[tuple[str, str], str, Promise]]:
    """Every cell there has to be."""
    return [
        (fault, route.name, promised(fault, route.name, table)) for fault, route in product(table, ROUTES)
    ]
