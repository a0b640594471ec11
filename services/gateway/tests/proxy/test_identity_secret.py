"""The proof of who asks is checked as docs/routes.md says, also while its secret changes."""

import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from gateway.testing.front import Front
from gateway.testing.origin import Origin

Start = Callable[..., Awaitable[Front]]

DOCUMENT = Path(__file__).parents[4] / "docs" / "routes.md"
OLD, NEW = "the-old-secret-of-the-tests-and-nobody-else", "the-new-secret-of-the-tests-and-nobody-else"


def as_documented(proof: str, secrets: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the example in the document makes of a proof."""
    examples = DOCUMENT.read_text().split("```python\n")[1:]
    (example,) = [text for text in examples if "x-auth-assertion" in text]
    monkeypatch.setenv("IDENTITY_SECRETS", secrets)
    found: dict[str, Any] = {
        "hashlib": hashlib,
        "jwt": jwt,
        "os": os,
        "request": SimpleNamespace(headers={"x-auth-assertion": proof}),
    }
    exec(example.split("```")[0], found)  # noqa: S102  # the document's own words
    claims: dict[str, Any] = found["claims"]
    return claims


async def test_an_upstream_that_holds_both_refuses_nobody_while_gateways_change_over(
    start: Start, origin: Origin, monkeypatch: pytest.MonkeyPatch
):
    routes = f"""
upstreams:
  orders: {{targets: ["{origin.url}"]}}
routes:
  - {{name: o, prefix: /o, upstream: orders}}
"""
    for secret in (OLD, NEW):
        front = await start(routes, identity_secret=secret)
        async with front.session.get(front.url + "/o", headers=front.bearer(sub="u-7")) as answer:
            assert answer.status == 200
    proofs = [seen.one("x-auth-assertion") or "" for seen in origin.seen]

    for proof in proofs:
        claims = as_documented(proof, f"{OLD},{NEW}", monkeypatch)
        assert (claims["sub"], claims["role"]) == ("u-7", "user")

    assert as_documented(proofs[1], NEW, monkeypatch)["sub"] == "u-7"
    with pytest.raises(KeyError):
        as_documented(proofs[0], NEW, monkeypatch)
