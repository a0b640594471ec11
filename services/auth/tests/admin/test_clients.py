"""Registered clients: what third parties may ask about tokens, and end (RFC 7662, RFC 7009)."""

from typing import Any

import pytest

from chassis.errors import ServiceError, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb


async def test_a_registered_client_learns_what_a_live_token_says(admin: Any, auth: Any) -> None:
    credentials, tokens = await admin.registered(), await auth.login("ada")

    access = await admin.introspected(credentials, tokens.access_token)
    refresh = await admin.introspected(credentials, tokens.refresh_token)

    user = (await admin.named("ada")).id
    for answer, kind in ((access, "access_token"), (refresh, "refresh_token")):
        assert (answer.active, answer.subject, answer.username, answer.session_id, answer.token_type) == (
            True,
            user,
            "ada",
            tokens.session_id,
            kind,
        )
        assert answer.issued_at.seconds < answer.expires_at.seconds
    assert access.token_id


async def test_a_token_that_is_not_live_tells_nothing_at_all(admin: Any, auth: Any) -> None:
    credentials, tokens = await admin.registered(), await auth.login("ada")
    spent = tokens.refresh_token
    fresh = await auth.refresh(spent)
    dead = [spent, "", "rubbish", tokens.access_token[:-4] + "AAAA", "ars_rt_" + "A" * 91, "\0", "x" * 10_000]
    nothing = pb.IntrospectResponse(active=False)

    assert [await admin.introspected(credentials, token) for token in dead] == [nothing] * len(dead)
    assert (await admin.introspected(credentials, fresh.refresh_token)).active
    await auth.logout(fresh)
    assert await admin.introspected(credentials, fresh.refresh_token) == nothing


async def test_revoking_a_refresh_token_ends_its_session_and_its_access_tokens(admin: Any, auth: Any) -> None:
    credentials, tokens, other = await admin.registered(), await auth.login("ada"), await auth.login("ada")

    for _ in range(2):
        await admin.revoke(credentials, tokens.refresh_token)

    assert await admin.refused_soon(tokens)
    with pytest.raises(Unauthenticated):
        await auth.refresh(tokens.refresh_token)
    assert (await auth.refresh(other.refresh_token)).access_token
    assert [event.kind for event in await admin.events()].count("session.ended") == 1


async def test_revoking_an_access_token_ends_that_token_alone(admin: Any, auth: Any) -> None:
    credentials, tokens = await admin.registered(), await auth.login("ada")

    await admin.revoke(credentials, tokens.access_token)

    assert await admin.refused_soon(tokens)
    assert (await auth.refresh(tokens.refresh_token)).access_token


async def test_revoking_what_is_no_token_is_a_success_and_ends_nothing(admin: Any, auth: Any) -> None:
    credentials, tokens = await admin.registered(), await auth.login("ada")
    forged = tokens.refresh_token[:-2] + ("AA" if not tokens.refresh_token.endswith("AA") else "BB")
    before = len(await admin.events())

    for token in (forged, "", "rubbish", "ars_rt_" + "A" * 91):
        await admin.revoke(credentials, token)

    assert (await auth.refresh(tokens.refresh_token)).access_token
    assert len(await admin.events()) == before


async def test_nobody_asks_without_being_registered(admin: Any, auth: Any) -> None:
    credentials, tokens = await admin.registered(), await auth.login("ada")
    wrong = [
        pb.ClientCredentials(),
        pb.ClientCredentials(client_id=credentials.client_id),
        pb.ClientCredentials(client_id=credentials.client_id, client_secret=credentials.client_secret[:-1]),
        pb.ClientCredentials(client_id="arc_unknown", client_secret=credentials.client_secret),
        pb.ClientCredentials(client_id="\0", client_secret=credentials.client_secret),
    ]
    for each in wrong:
        for ask in (admin.introspected, admin.revoke):
            with pytest.raises(Unauthenticated) as refused:
                await ask(each, tokens.refresh_token)
            assert refused.value.reason == "INVALID_CLIENT"
    for _ in range(2):
        await admin.ask(admin.clients.DeleteClient, pb.DeleteClientRequest(client_id=credentials.client_id))
    with pytest.raises(Unauthenticated):
        await admin.introspected(credentials, tokens.refresh_token)
    assert (await auth.refresh(tokens.refresh_token)).access_token


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 129])
async def test_a_client_has_a_name_that_can_be_read(admin: Any, name: str) -> None:
    with pytest.raises(ServiceError) as refused:
        await admin.ask(admin.clients.RegisterClient, pb.RegisterClientRequest(name=name))

    assert refused.value.reason == "INVALID_NAME"
