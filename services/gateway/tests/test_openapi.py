"""The description of the API is true, whole and the one that is committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.routes.openapi import described, printed
from gateway.routes.policies import own_policies
from gateway.settings import GatewaySettings

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


@pytest.fixture
async def document() -> dict[str, Any]:
    return await described()


async def test_the_committed_description_is_the_one_of_the_code(document: dict[str, Any]) -> None:
    assert COMMITTED.read_text() == printed(document), "run: python -m gateway openapi > docs/openapi.json"


async def test_every_route_with_a_policy_is_described_and_the_other_way_round(
    document: dict[str, Any],
) -> None:
    described_routes = {
        (path, method.upper()): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    policies = {
        (path, method): policy.name
        for path, methods in own_policies(GatewaySettings()).items()
        for method, policy in methods.items()
    }
    assert described_routes == policies


async def test_every_refusal_is_a_problem_and_every_429_says_when_to_return(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and operation["operationId"] != "ready":
                    assert list(response["content"]) == ["application/problem+json"], operation["operationId"]
                if status == "429":
                    assert "Retry-After" in response["headers"]
