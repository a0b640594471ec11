"""Rotation: one replica at a time moves the keys on, and each loads what is there."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from auth.domain.audit.events import AuditStore, Event
from auth.domain.signing_keys import Plan, RotationPolicy, SigningKey, due, on_command, start_over
from auth.signing.keyring import Keyring
from auth.signing.material import Algorithm, Material, generate
from auth.signing.sealing import Seal
from auth.storage.signing_keys import SigningKeys, StoredKey
from chassis.clock import Clock
from chassis.errors import Conflict


class Work(Protocol):
    @property
    def signing_keys(self) -> SigningKeys: ...
    @property
    def audit(self) -> AuditStore: ...

    async def commit(self) -> None: ...


class Rotation:
    """Keeps the keys as the policy wants them, and the keyring as they are.

    Args:
        begin: starts a transaction.
        keyring: what signs and verifies here.
        seal: closes private halves.
        policy: when keys change.
        algorithm: of keys to be made; None where no stored key signs (HS256), and all stay as they are.
        clock: what time it is.
    """

    def __init__(
        self,
        *,
        begin: Callable[[], AbstractAsyncContextManager[Work]],
        keyring: Keyring,
        seal: Seal,
        policy: RotationPolicy,
        algorithm: Algorithm | None,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._keyring = keyring
        self._seal = seal
        self._policy = policy
        self._algorithm = algorithm
        self._clock = clock
        self._resealed = False

    async def tick(self) -> None:
        """Does what is due, if anything is, and loads what is there."""
        stored = await self._read()
        if self._algorithm is not None and due(_keys(stored), self._policy, self._clock.now()):
            stored = await self._apply(lambda keys, now: due(keys, self._policy, now), reason="age")
        self._keyring.load(stored)
        if not self._resealed:
            await self._reseal()

    async def rotate(self, *, force: bool, actor: str = "") -> Sequence[SigningKey]:
        """Moves on by command.

        Args:
            force: also where verifiers may not have seen the next key yet.
            actor: the id of the admin who asked; empty for a command on the machine.

        Raises:
            NotPublishedLongEnough: unless forced.
            Conflict: tokens are signed with SECRET_KEY.
        """
        stored = await self._apply(
            lambda keys, now: on_command(keys, self._policy, now, force=force), reason="command", actor=actor
        )
        self._keyring.load(stored)
        return _keys(stored)

    async def discard(self) -> Sequence[SigningKey]:
        """Makes new keys beside the old ones, which only verify from now on."""
        return _keys(await self._apply(lambda keys, _: start_over(keys), reason="discarded"))

    async def keys(self) -> Sequence[SigningKey]:
        return _keys(await self._read())

    async def _reseal(self) -> None:
        """Once a process: while a fleet changes its secret, replicas disagree on which is current."""
        async with self._begin() as work:
            await work.signing_keys.take_turn()
            for each in await work.signing_keys.all():
                if each.key.state != "retired":
                    renewed = self._seal.renewed(each.private_sealed, bound_to=each.key.kid)
                    if renewed is not None:
                        await work.signing_keys.reseal(each.key.kid, renewed)
            await work.commit()
        self._resealed = True

    async def _read(self) -> Sequence[StoredKey]:
        async with self._begin() as work:
            return await work.signing_keys.all()

    async def _apply(
        self,
        plan_for: Callable[[Sequence[SigningKey], datetime], Plan],
        *,
        reason: str,
        actor: str = "",
    ) -> Sequence[StoredKey]:
        if self._algorithm is None:
            raise Conflict("Tokens are signed with SECRET_KEY; change that.", reason="NO_SIGNING_KEYS")
        # Made before the lock is taken, for a key can take longer than a transaction may.
        spare = [await asyncio.to_thread(generate, self._algorithm) for _ in range(2)]
        async with self._begin() as work:
            await work.signing_keys.take_turn()
            now = self._clock.now()
            # Asked again: another replica may have done it meanwhile.
            plan = plan_for(_keys(await work.signing_keys.all()), now)
            await self._carry_out(work.signing_keys, plan, spare, now)
            stored = await work.signing_keys.all()
            active = next((each.key.kid for each in stored if each.key.state == "active"), "")
            if plan.activate or "active" in plan.make:
                event = Event(now, "signing_keys.rotated", actor, active, details={"reason": reason})
                await work.audit.append(event)
            await work.commit()
        return stored

    async def _carry_out(self, keys: SigningKeys, plan: Plan, spare: list[Material], now: datetime) -> None:
        if plan.forget:
            await keys.forget(plan.forget)
        if plan.retire is not None:
            await keys.retire(plan.retire, now=now, expires_at=now + self._policy.keep)
        if plan.activate is not None:
            await keys.activate(plan.activate, now=now)
        for state in plan.make:
            made = spare.pop()
            await keys.add(
                kid=made.kid,
                algorithm=made.algorithm,
                state=state,
                public_jwk=made.public_jwk,
                sealed=self._seal.close(made.private_der, bound_to=made.kid),
                now=now,
            )
        if plan:
            await keys.tell()


def _keys(stored: Sequence[StoredKey]) -> Sequence[SigningKey]:
    return [each.key for each in stored]
