"""Real servers for every test: lazy, one set per pytest worker, a fresh database per test.

A package registers a migrated template by overriding `postgres_template` in its own conftest:

    @pytest.fixture(scope="session")
    def postgres_template(databases: Databases) -> str:
        return databases.template("auth_template", migrate)
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suite import servers
from suite.databases import Databases
from suite.servers import PostgresServer, ValkeyServer


def pytest_configure() -> None:
    try:
        servers.check_backend()
    except servers.BackendRefused as refused:
        raise pytest.UsageError(str(refused)) from None


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    with servers.scratch() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[PostgresServer]:
    """Shared by the whole run: never pause or kill this one, ask for `own_postgres`."""
    server = servers.postgres(server_folder / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Databases:
    return Databases(postgres_server.url())


@pytest.fixture(scope="session")
def postgres_template() -> str:
    """What fresh databases are copied from; an empty one unless a package says otherwise."""
    return "template0"


@pytest.fixture
def postgres_url(databases: Databases, postgres_template: str) -> Iterator[str]:
    """postgresql://... of a database of this test's own."""
    with databases.fresh(postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def valkey_server(server_folder: Path) -> Iterator[ValkeyServer]:
    """Shared by the whole run: never pause or kill this one, ask for `own_valkey`."""
    server = servers.valkey(server_folder / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey_url(valkey_server: ValkeyServer) -> str:
    """redis://... of an empty server."""
    valkey_server.flush()
    return valkey_server.url()


@pytest.fixture
def own_postgres(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A server that only this test has, to pause, kill and restart. Half a second."""
    server = servers.postgres(server_folder / f"postgres-{abs(hash(request.node.nodeid))}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_valkey(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[ValkeyServer]:
    """A server that only this test has, to pause, kill and restart. A tenth of a second."""
    server = servers.valkey(server_folder / f"valkey-{abs(hash(request.node.nodeid))}")
    server.start()
    yield server
    server.stop()
