"""The tables of docs/performance.md, as a run wrote them between its marks."""

import datetime as dt
import os
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "pictures" / "performance.svg"
BEGIN, END = "<!-- run: written by `make bench ARGS=--write-docs` -->", "<!-- /run -->"


def write(tables: str, picture: str, corpus: str) -> None:
    PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), tables, corpus), encoding="utf-8")
    PICTURE.write_text(picture, encoding="utf-8")


def between(page: str, tables: str, corpus: str) -> str:
    """The page with these tables in the place of those before.

    Raises:
        ValueError: the page has lost its marks.
    """
    before, after = page.index(BEGIN) + len(BEGIN), page.index(END)
    when = dt.datetime.now(dt.UTC).date()
    told = f"Of {when}, on a machine with {os.cpu_count()} cores; labelled lines {corpus}."
    return f"{page[:before]}\n\n{told}\n\n{tables}\n\n{page[after:]}"
