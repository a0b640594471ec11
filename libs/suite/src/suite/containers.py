"""The same two servers from their official images, for machines that have Docker: TEST_BACKEND=containers."""

import secrets
import time
from typing import Self

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.valkey import ValkeyContainer

from suite import processes
from suite.servers import BackendRefused

POSTGRES_IMAGE = "postgres:18-alpine"
VALKEY_IMAGE = "valkey/valkey:9-alpine"


def require_docker() -> None:
    # A version of our own choice: asking for it would already need the daemon, and leave a socket behind.
    client = docker.from_env(version="1.44", timeout=5)
    try:
        client.ping()
    except (DockerException, OSError):
        raise BackendRefused(
            "TEST_BACKEND=containers needs a Docker daemon that answers; unset it for the embedded servers."
        ) from None
    finally:
        client.close()


class ContainerPostgres:
    def __init__(self) -> None:
        self.port = processes.free_port()
        self._password = secrets.token_urlsafe(24)
        self._container = PostgresContainer(
            POSTGRES_IMAGE, username="suite", password=self._password, dbname="postgres", driver=None
        ).with_command("postgres -c fsync=off -c synchronous_commit=off -c max_connections=300")
        # A port of our own choice stays the same over a restart; Docker's own do not.
        self._container.with_bind_ports(5432, self.port)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://suite:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        require_docker()
        self._container.start()
        return self

    def stop(self) -> None:
        self._container.stop()

    def pause(self) -> None:
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        self._container.get_wrapped_container().unpause()

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def restart(self) -> None:
        self._container.get_wrapped_container().restart()
        _until_accepting(self.port)


class ContainerValkey:
    def __init__(self) -> None:
        self.port = processes.free_port()
        self._container = ValkeyContainer(VALKEY_IMAGE).with_bind_ports(6379, self.port)

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        require_docker()
        self._container.start()
        return self

    def stop(self) -> None:
        self._container.stop()

    def pause(self) -> None:
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        self._container.get_wrapped_container().unpause()

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def restart(self) -> None:
        self._container.get_wrapped_container().restart()
        _until_accepting(self.port)

    def flush(self) -> None:
        self._container.get_wrapped_container().exec_run(["valkey-cli", "FLUSHALL"])


def _until_accepting(port: int) -> None:
    for _ in processes.deadline(30, step=0.1):
        if processes.accepts(port):
            # Docker's proxy accepts a moment before the server behind it does.
            time.sleep(1)
            return
