"""A migrated database per test."""

import pytest

from auth.migrate import migrate
from auth.storage.database import parse_url
from suite.databases import Databases


@pytest.fixture(scope="session")
def postgres_template(databases: Databases) -> str:
    return databases.template("auth_template", lambda url: migrate(parse_url(url)))
