"""One transaction and the repositories that work in it."""

from typing import Any

from sqlalchemy import CursorResult, Executable

from auth.storage.accounts import Accounts, PasswordResets
from auth.storage.audit import Audit
from auth.storage.lease import Lease, Parameters
from auth.storage.machines import ApiKeys, Clients, Introspection
from auth.storage.revocations import Revocations
from auth.storage.sessions import Sessions
from auth.storage.signing_keys import SigningKeys
from auth.storage.users import Users


class UnitOfWork:
    """What `Database.begin` gives: repositories as attributes, `commit` when all is done.

    A repository takes a `Statements`, which this is.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self.users = Users(self)
        self.sessions = Sessions(self)
        self.signing_keys = SigningKeys(self)
        self.revocations = Revocations(self)
        self.accounts = Accounts(self)
        self.resets = PasswordResets(self)
        self.api_keys = ApiKeys(self)
        self.clients = Clients(self)
        self.introspection = Introspection(self)
        self.audit = Audit(self)

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        return await self._lease.execute(statement, parameters)

    async def commit(self) -> None:
        await self._lease.commit()
        self.audit.tell()
