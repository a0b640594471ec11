"""The newest bytes of a log file and its rotated siblings, in order, with every gap told."""

import gzip
import os
from pathlib import Path

import pytest

from triage.sources.failures import SourceUnavailable
from triage.sources.file import FileSource
from triage.sources.source import Mark, Piece


async def read(path: Path, max_bytes: int = 1 << 30, rotated: int = 10) -> list[Piece]:
    return [piece async for piece in FileSource(path, rotated=rotated).read(max_bytes)]


def text(pieces: list[Piece]) -> bytes:
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def written(path: Path, content: bytes, age: int) -> None:
    path.write_bytes(content)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    written(tmp_path / "app.log", b"newest\n", 0)
    written(tmp_path / "app.log.1", b"older\n", 10)
    written(tmp_path / "app.log.2.gz", gzip.compress(b"oldest\n"), 20)
    written(tmp_path / "app.log-20230101.gz", gzip.compress(b"ancient\n"), 30)
    written(tmp_path / "app.log.bak", b"not rotated\n", 5)
    written(tmp_path / "app.logger", b"not a sibling\n", 5)
    written(tmp_path / "other.log.1", b"another's\n", 5)
    return tmp_path / "app.log"


async def test_rotated_and_gzipped_siblings_come_first_the_oldest_before_the_newer(log: Path) -> None:
    assert text(await read(log)) == b"ancient\noldest\nolder\nnewest\n"


async def test_only_as_many_siblings_as_asked_for(log: Path) -> None:
    assert text(await read(log, rotated=1)) == b"older\nnewest\n"
    assert text(await read(log, rotated=0)) == b"newest\n"


async def test_each_file_begins_with_a_boundary(log: Path) -> None:
    assert (await read(log, rotated=1)) == [Mark.BOUNDARY, b"older\n", Mark.BOUNDARY, b"newest\n"]


async def test_of_too_much_the_newest_whole_lines_are_read_and_the_cut_is_told(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"".join(b"line %06d\n" % i for i in range(20_000)))

    pieces = await read(log, max_bytes=100_000)

    assert pieces[:2] == [Mark.BOUNDARY, Mark.CUT]
    assert text(pieces).endswith(b"line 019999\n")
    assert text(pieces).startswith(b"line 0")
    assert len(text(pieces)) in range(100_000 - 12, 100_001)


async def test_blocks_are_of_64_kib_at_most_packed_or_not(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(gzip.compress(content))
    for name in "ab":
        pieces = await read(tmp_path / name)
        assert text(pieces) == content
        assert max(len(piece) for piece in pieces if isinstance(piece, bytes)) <= 65_536


async def test_a_gzip_bomb_is_read_no_further_than_it_says(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    # Two members: the size it ends with is that of the last alone.
    bomb.write_bytes(gzip.compress(b"\n" * 50_000_000) + gzip.compress(b"small\n"))

    pieces = await read(bomb)

    assert len(text(pieces)) < 200_000
    assert pieces[-1] is Mark.CUT


async def test_a_broken_archive_gives_what_it_can_and_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(200_000))
    (tmp_path / "app.gz").write_bytes(whole[: len(whole) // 2])

    pieces = await read(tmp_path / "app.gz")

    assert pieces[-1] is Mark.CUT


async def test_a_file_that_is_not_there_is_unavailable_without_telling_its_path(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        await read(tmp_path / "secret-name.log")
    assert "secret-name" not in caught.value.detail
    with pytest.raises(SourceUnavailable):
        await read(tmp_path)


async def test_an_empty_file_is_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "app.log").touch()
    assert await read(tmp_path / "app.log") == [Mark.BOUNDARY]
