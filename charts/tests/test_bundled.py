"""What the bundled databases are configured with, given to real ones."""

import base64
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from auth.migrate import migrate
from auth.storage.database import parse_url
from charting.described import CHART
from charting.rendering import Object, Objects, of_kind
from suite import processes
from suite.postgres import BINARIES
from suite.servers import PostgresServer
from suite.valkey import BINARY

Render = Callable[..., Objects]


def named(objects: Objects, kind: str, suffix: str) -> Object:
    (found,) = (item for item in of_kind(objects, kind) if item["metadata"]["name"].endswith(suffix))
    return found


def decoded(secret: Object) -> dict[str, str]:
    return {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}


@pytest.fixture
def addresses(own_postgres: PostgresServer, render: Render, tmp_path: Path) -> dict[str, str]:
    """The chart's own addresses, at a server on which its roles.sql was run as the image would."""
    given = decoded(named(render({}), "Secret", "-postgres"))
    for name in ("owner-password", "run-password"):
        (tmp_path / name).write_text(given[name])
    script = (CHART / "files/postgres/roles.sql").read_text().replace("/run/suite/postgres", str(tmp_path))
    command = [BINARIES / "psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", own_postgres.url()]
    subprocess.run(command, input=script, text=True, check=True, capture_output=True, timeout=30)
    there = f"127.0.0.1:{own_postgres.port}"
    return {
        name: given[name].replace("suite-api-reliability-suite-postgres.suite.svc:5432", there)
        for name in ("database_url", "migration_database_url")
    }


def test_the_role_that_serves_can_alter_nothing_and_the_other_made_everything(addresses: dict[str, str]):
    migrate(parse_url(addresses["migration_database_url"]), run_role="suite_run")

    with psycopg.connect(addresses["database_url"], autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM audit_events")
        for forbidden in (
            "CREATE TABLE mine (n int)",
            "DROP TABLE audit_events",
            "ALTER TABLE audit_events ADD COLUMN n int",
            "DELETE FROM audit_events",
            "CREATE ROLE mine",
        ):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(forbidden)


def test_nobody_else_may_connect(addresses: dict[str, str], own_postgres: PostgresServer):
    with psycopg.connect(own_postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'made up'")
    address = f"postgresql://stranger:made%20up@127.0.0.1:{own_postgres.port}/suite"
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(address)


@pytest.fixture
def valkey(render: Render, tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A real server with the chart's own configuration: its port and the Secret."""
    objects = render({"redis": {"persistence": {"enabled": True}}})
    given = decoded(named(objects, "Secret", "-redis"))
    port = processes.free_port()
    (tmp_path / "users.acl").write_text(given["users.acl"])
    text = named(objects, "ConfigMap", "-redis")["data"]["valkey.conf"]
    for old, new in (
        ("port 6379", f"port {port}\nbind 127.0.0.1"),
        ("/run/suite/redis", str(tmp_path)),
        ("dir /data", f"dir {tmp_path}"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "valkey.conf").write_text(text)
    with subprocess.Popen([BINARY, tmp_path / "valkey.conf"], stdout=subprocess.DEVNULL) as server:
        try:
            for _ in processes.deadline(10):
                if processes.accepts(port):
                    break
            yield port, given
        finally:
            server.terminate()


def test_valkey_takes_its_configuration_and_admits_only_by_password(valkey: tuple[int, dict[str, str]]):
    port, given = valkey
    address = given["rate_limit_storage_uri"].replace(
        "suite-api-reliability-suite-redis.suite.svc:6379", f"127.0.0.1:{port}"
    )
    with Redis.from_url(address) as client:
        assert client.eval("return redis.call('INCR', KEYS[1])", 1, "n") == 1
        assert client.info("memory")["maxmemory"] == 96 * 1024 * 1024
        # What would switch the server's own rules off.
        for forbidden in (("CONFIG", "SET", "maxmemory", "0"), ("SHUTDOWN",), ("ACL", "LIST")):
            with pytest.raises(NoPermissionError):
                client.execute_command(*forbidden)
    with Redis(port=port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_both_have_certificates_for_the_names_they_are_called_by(render: Render):
    objects = render({"postgres": {"tls": {"enabled": True}}, "redis": {"tls": {"enabled": True}}})
    assert "sslmode=verify-full" in decoded(named(objects, "Secret", "-postgres"))["database_url"]
    redis = decoded(named(objects, "Secret", "-redis"))
    assert redis["rate_limit_storage_uri"].startswith("rediss://")
    for name in ("postgres", "redis"):
        certificate: Any = named(objects, "Secret", f"-{name}-tls")
        assert {"tls.crt", "tls.key", "ca.crt"} <= certificate["data"].keys()
