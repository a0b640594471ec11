"""Made-up logs of which everything is known: their secrets and the groups their lines belong to."""

import random
from collections.abc import Iterator

SYSTEMS = ("shop", "cluster")
_LINES = 2_000
_MESSAGES = {
    "shop": (
        "order {n} of customer {n} declined by issuer",
        "order {n} shipped to {city} in {n} ms",
        "connection to db-{n}.internal:5432 refused after {n} ms",
        "upstream payments answered 503 for order {n}",
        "cache warmed with {n} entries for {city}",
    ),
    "cluster": (
        "Node {ip} joined the cluster in term {n}",
        "Node {ip} left the cluster in term {n}",
        "Replicated block blk_{hex} of size {n} to {ip}:{n}",
        "Deleting block blk_{hex} file /data/{n}/blk_{hex}",
        "Elected leader {ip} with {n} votes",
    ),
}
_CITIES = (
    "Kyoto",
    "Bergen",
    "Porto",
    "Quito",
    "Riga",
    "Lund",
    "Oslo",
    "Kobe",
    "Bari",
    "Cork",
    "Lima",
    "Bonn",
)
_SECRET = (
    ("keyed_password", 1, "ERROR login failed user=u7 password={hex}Q! status=401"),
    ("keyed_token", 1, '{{"level":"error","msg":"refused","token":"{hex}"}}'),
    ("bearer", 1, "> Authorization: Bearer {hex}.{hex}"),
    ("email", 1, "invitation to ada.{hex}@example.com bounced"),
    ("ipv4", 1, "connection from {ip} reset by peer"),
    ("provider_token", 2, "aws key AKIA{upper} was disabled"),
    ("url_credentials", 2, "cannot reach postgres://app:{hex}@db.example.com/shop"),
)
_HARMLESS = (
    "2026-11-02 08:14:33,{n} WARN [worker-7] queue depth {n}",
    "GET /api/v1/orders/{n}?page=3 HTTP/1.1 200 in {n} us",
    "com.acme.orders.Client.send(Client.java:{n}) version 1.2.3",
    "commit {hex}{hex}0a1b2c3d built in {n} s",
    "password policy loaded, token bucket refilled after {n} ms",
)


def labelled() -> Iterator[tuple[str, tuple[tuple[str, int, str], ...], str]]:
    """Lines, what is secret in them, and what they are for."""
    pick = random.Random(3)
    for _ in range(_LINES // (len(_SECRET) + len(_HARMLESS))):
        for kind, tier, template in _SECRET:
            line, values = _filled(template, pick)
            yield line, ((kind, tier, _of(kind, values)),), "positive"
        for template in _HARMLESS:
            yield _filled(template, pick)[0], (), "benign"


def messages(system: str) -> tuple[list[str], list[str]]:
    """Messages, and the template each was made from."""
    pick = random.Random(5)
    templates = [pick.choice(_MESSAGES[system]) for _ in range(_LINES)]
    return [_filled(template, pick)[0] for template in templates], templates


def _of(kind: str, values: dict[str, str]) -> str:
    return {
        "keyed_password": f"{values['hex']}Q!",
        "bearer": f"{values['hex']}.{values['hex']}",
        "email": f"ada.{values['hex']}@example.com",
        "ipv4": values["ip"],
        "provider_token": f"AKIA{values['upper']}",
    }.get(kind, values["hex"])


def _filled(template: str, pick: random.Random) -> tuple[str, dict[str, str]]:
    values = {
        "n": str(pick.randrange(10**5)),
        "hex": f"{pick.getrandbits(64):016x}",
        "upper": "".join(pick.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16)),
        "ip": f"10.{pick.randrange(256)}.{pick.randrange(256)}.{pick.randrange(1, 255)}",
        "city": pick.choice(_CITIES),
    }
    return template.format(**values), values
