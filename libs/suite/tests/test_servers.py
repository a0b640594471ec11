"""The servers under the tests can be hung, killed and brought back, and never outlive their run."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from suite import processes, servers
from suite.databases import Databases
from suite.postgres import Postgres
from suite.servers import PostgresServer, ValkeyServer
from suite.valkey import Valkey


def _asks(url: str) -> int | None:
    with psycopg.connect(url, connect_timeout=2) as connection:
        row = connection.execute("SELECT 1").fetchone()
        return row and row[0]


def _eventually_gone(*pids: int) -> bool:
    def gone(pid: int) -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    return any(all(map(gone, pids)) for _ in processes.deadline(5))


def test_every_test_has_a_database_of_its_own(databases: Databases) -> None:
    with databases.fresh() as one, databases.fresh() as other:
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE mine (id int)")
        with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM mine")


def test_a_template_is_built_once_and_copied_whole(databases: Databases) -> None:
    built = []

    def build(url: str) -> None:
        built.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE seeded AS SELECT 7 AS n")

    for _ in range(2):
        with databases.fresh(databases.template("once", build)) as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM seeded").fetchone() == (7,)
    assert len(built) == 1


def test_a_database_goes_away_even_while_somebody_is_connected(databases: Databases) -> None:
    with databases.fresh() as url:
        guest = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        guest.execute("SELECT 1")
    guest.close()


def test_a_paused_postgres_hangs_and_then_answers_again(own_postgres: PostgresServer) -> None:
    own_postgres.pause()
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        _asks(own_postgres.url())
    own_postgres.resume()
    assert _asks(own_postgres.url()) == 1


def test_a_killed_postgres_comes_back_at_the_same_address(own_postgres: PostgresServer) -> None:
    before = own_postgres.url()
    own_postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        _asks(before)
    own_postgres.restart()
    assert own_postgres.url() == before
    assert _asks(before) == 1


def test_a_wrong_password_is_refused(own_postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(own_postgres.url(), password="not the one")


def test_a_paused_valkey_hangs_and_a_restarted_one_answers(own_valkey: ValkeyServer) -> None:
    port = own_valkey.port
    own_valkey.pause()
    with pytest.raises(TimeoutError):
        own_valkey.flush()
    own_valkey.restart()
    own_valkey.flush()
    assert own_valkey.port == port


def test_a_kept_folder_still_has_its_data(server_folder: Path) -> None:
    folder = server_folder / "kept"
    first = Postgres(folder, password="the same both times", durable=True)
    with first, psycopg.connect(first.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    second = Postgres(folder, password="the same both times", durable=True)
    with second, psycopg.connect(second.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_no_password_is_an_argument_of_any_process(server_folder: Path) -> None:
    secret = "visible-to-everyone-on-this-machine"
    postgres = Postgres(server_folder / "quiet-postgres", password=secret)
    with postgres, Valkey(server_folder / "quiet-valkey", password=secret) as valkey:
        members = processes.family(postgres.pid) + processes.family(valkey.pid)
        assert len(members) > 2
        assert not [member for member in members if secret in " ".join(member.cmdline())]


PARENT = """
import sys
from pathlib import Path
from suite.postgres import Postgres
from suite.valkey import Valkey
folder = Path(sys.argv[1])
postgres, valkey = Postgres(folder / "pg").start(), Valkey(folder / "vk").start()
print(postgres.pid, valkey.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_outlives_a_run_that_is_killed(server_folder: Path, how: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(server_folder / f"orphans-{how.name}")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert all(psutil.pid_exists(pid) for pid in pids)
        run.send_signal(how)
        run.wait(5)
    assert _eventually_gone(*pids)


def test_scratch_sweeps_what_dead_runs_left(server_folder: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = server_folder.parent / f"{dead.pid}-left"
    left.mkdir()
    with servers.scratch():
        assert not left.exists()
