"""The number of hashing threads where nobody says one."""

import os
from pathlib import Path

import pytest

from auth import processors
from auth.settings import AuthSettings


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


@pytest.fixture(autouse=True)
def _sixty_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 64),
        ("400000 100000", 4),
        ("150000 100000", 1),
        ("50000 100000", 1),
        ("300000 50000", 6),
    ],
)
def test_a_quota_of_version_two_is_kept(tmp_path: Path, quota: str, expected: int):
    own = tmp_path / "own"
    own.write_text("0::/\n")
    write(tmp_path / "groups", cpu__max=quota)

    assert processors.usable(tmp_path / "groups", own) == expected


def test_the_tightest_group_on_the_way_up_counts(tmp_path: Path):
    own = tmp_path / "own"
    own.write_text("0::/kubepods/pod1/auth\n")
    write(tmp_path / "groups/kubepods", cpu__max="1600000 100000")
    write(tmp_path / "groups/kubepods/pod1", cpu__max="300000 100000")
    write(tmp_path / "groups/kubepods/pod1/auth", cpu__max="max 100000")

    assert processors.usable(tmp_path / "groups", own) == 3


@pytest.mark.parametrize(("quota", "expected"), [("-1", 64), ("250000", 2)])
def test_a_quota_of_version_one_is_kept(tmp_path: Path, quota: str, expected: int):
    own = tmp_path / "own"
    own.write_text("12:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n0::/\n")
    # As in a container: the path is the host's, the mounted root is ours.
    write(tmp_path / "groups/cpu", cpu__cfs_quota_us=quota, cpu__cfs_period_us="100000")

    assert processors.usable(tmp_path / "groups", own) == expected


def test_where_there_are_no_groups_affinity_counts(tmp_path: Path):
    assert processors.usable(tmp_path, tmp_path / "none") == 64


def test_it_is_the_number_of_hashing_threads_and_never_more_than_the_setting_may_be(environ: dict[str, str]):
    settings, faults = AuthSettings.inspect({**environ, "DATABASE_URL": "postgresql://h/n"})
    assert settings is not None, faults
    assert 1 <= settings.hashing_threads <= 64
    assert settings.hashing_threads == min(64, processors.usable())
