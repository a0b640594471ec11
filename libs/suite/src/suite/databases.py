"""A fresh database per test, copied from a template that was made once."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


class Databases:
    """Databases on one server, whose superuser's address is given."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._templates: set[str] = set()

    def url(self, database: str) -> str:
        return urlunsplit(urlsplit(self._address)._replace(path=f"/{database}"))

    def template(self, name: str, build: Callable[[str], object]) -> str:
        """Names a template; the first time, makes it: `build` gets the address of an empty database.

        Nothing of `build` may stay connected: a template with a guest cannot be copied.
        """
        if name not in self._templates:
            self._run("CREATE DATABASE {}", name)
            build(self.url(name))
            self._templates.add(name)
        return name

    @contextmanager
    def fresh(self, template: str = "template0") -> Iterator[str]:
        """The address of a copy that is gone afterwards, whoever is still connected."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        # Copying the files beats logging every page when no crash has to be survived.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        try:
            yield self.url(name)
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
