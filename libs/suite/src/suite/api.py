"""A client of the gateway for tests and measurements: every call is one request, nothing is hidden.

It remembers each secret it sent or was given, so that logs can be searched for them.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from suite.plan import Account

# Longer than any limit's window, so that being told to wait ends in an answer.
PATIENCE_SECONDS = 70


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The last part of a problem's type; empty where the answer is no problem."""
        if not self.headers.get("Content-Type", "").startswith("application/problem+json"):
            return ""
        kind: str = self.json()["type"]
        return kind.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str
    session_id: str

    @classmethod
    def of(cls, answer: Answer) -> "Pair":
        """The pair in an answer that has to be one."""
        if answer.status != HTTPStatus.OK:
            raise AssertionError(f"No token pair but {answer.status}: {answer.body!r}")
        told = answer.json()
        return cls(told["access_token"], told["refresh_token"], told["session_id"])


@dataclass(slots=True)
class Api:
    """One client at one gateway.

    Args:
        patient: wait as long as a 429 says and ask again, for installations whose limits are on.
    """

    base_url: str
    http: aiohttp.ClientSession
    patient: bool = False
    secrets: set[str] = field(default_factory=set)

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        while True:
            asked = self.http.request(method, self.base_url + path, json=body, data=form, headers=sent)
            async with asked as answer:
                got = Answer(answer.status, answer.headers, await answer.read())
            wait = float(got.headers.get("Retry-After", 0))
            if not self.patient or got.status != HTTPStatus.TOO_MANY_REQUESTS or wait > PATIENCE_SECONDS:
                break
            await asyncio.sleep(wait)
        self._remember(got)
        return got

    async def get(self, path: str, token: str | None = None) -> Answer:
        return await self.call("GET", path, token=token)

    async def login(self, username: str, password: str) -> Answer:
        """One attempt."""
        self.secrets.add(password)
        return await self.call("POST", "/login", form={"username": username, "password": password})

    async def sign_in(self, account: Account) -> Pair:
        """A pair for an account that is right."""
        return Pair.of(await self.login(account.username, account.password))

    async def refresh(self, refresh_token: str) -> Answer:
        return await self.call("POST", "/token/refresh", body={"refresh_token": refresh_token})

    async def logout(self, token: str) -> Answer:
        return await self.call("POST", "/logout", token=token)

    async def protected(self, token: str | None) -> Answer:
        return await self.get("/protected", token)

    def _remember(self, answer: Answer) -> None:
        if answer.status == HTTPStatus.OK and b'"access_token"' in answer.body:
            told = answer.json()
            self.secrets |= {told[name] for name in ("access_token", "refresh_token") if told.get(name)}
