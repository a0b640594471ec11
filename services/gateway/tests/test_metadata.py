"""Metadata is published where the issuer is the https address it is found under, as RFC 8414 has it."""

import pytest

from gateway.testing.whole import GatewayFactory

PATH = "/.well-known/oauth-authorization-server"
HARDENED = {"ENVIRONMENT": "staging", "SERVICE_MESH_MTLS": "true", "TRUSTED_HOSTS": "api.example.com"}
HOST = {"Host": "api.example.com"}


async def test_an_issuer_that_is_an_https_address_has_metadata_there(
    start: GatewayFactory, valkey_url: str
) -> None:
    settings = HARDENED | {"RATE_LIMIT_STORAGE_URI": valkey_url, "TOKEN_ISSUER": "https://id.example.com"}
    gateway = await start(**settings)

    told = (await gateway.ask("GET", PATH, headers=HOST)).json()
    assert told["issuer"] == "https://id.example.com"
    assert told["jwks_uri"] == "https://id.example.com/.well-known/jwks.json"

    gateway = await start(**settings, GATEWAY_PUBLIC_URL="https://api.example.com")
    told = (await gateway.ask("GET", PATH, headers=HOST)).json()
    assert told["issuer"] == "https://id.example.com"
    assert told["token_endpoint"] == "https://api.example.com/oauth/token"


@pytest.mark.parametrize(
    "issuer",
    [
        "api-reliability-suite",
        "http://api.example.com",
        "https://api.example.com/tenant",
        "https://api.example.com?tenant",
    ],
)
async def test_any_other_issuer_has_none(start: GatewayFactory, valkey_url: str, issuer: str) -> None:
    gateway = await start(**HARDENED, RATE_LIMIT_STORAGE_URI=valkey_url, TOKEN_ISSUER=issuer)

    answer = await gateway.ask("GET", PATH, headers=HOST)
    assert (answer.status, answer.json()["type"].rpartition(":")[2]) == (404, "no-metadata")


async def test_development_may_look_at_it_under_any_issuer(start: GatewayFactory) -> None:
    gateway = await start()

    told = (await gateway.ask("GET", PATH)).json()
    assert told["issuer"] == "api-reliability-suite"
