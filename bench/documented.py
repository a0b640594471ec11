"""The tables of docs/performance.md, as a run wrote them between its marks."""

import datetime as dt
import os

from bench.places import HERE

PAGE, PICTURE = HERE / "docs" / "performance.md", HERE / "docs" / "pictures" / "performance.svg"
RUN = ("<!-- run: written by `make bench ARGS=--write-docs` -->", "<!-- /run -->")
PROFILE = ("<!-- profile: written by `make bench BENCH=profile ARGS=--write-docs` -->", "<!-- /profile -->")


def write(tables: str, picture: str, corpus: str) -> None:
    told = f"Of {_today()}, on a machine with {os.cpu_count()} cores; labelled lines {corpus}."
    _put(RUN, f"{told}\n\n{tables}")
    PICTURE.write_text(picture, encoding="utf-8")


def write_profile(tables: str) -> None:
    _put(PROFILE, f"Of {_today()}.\n\n{tables}")


def _put(marks: tuple[str, str], text: str) -> None:
    PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), marks, text), encoding="utf-8")


def between(page: str, marks: tuple[str, str], text: str) -> str:
    """The page with this text in the place of the one before.

    Raises:
        ValueError: the page has lost its marks.
    """
    before, after = page.index(marks[0]) + len(marks[0]), page.index(marks[1])
    return f"{page[:before]}\n\n{text}\n\n{page[after:]}"


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
